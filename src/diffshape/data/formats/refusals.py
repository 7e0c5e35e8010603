"""What a reader raises becomes a ReadError that names the file, one way for all formats."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from diffshape.data.arrays import ReadError


@contextmanager
def refusals(
    path: Path,
    what: str,
    *,
    cure: str = "export it again",
    foreign: type[BaseException] | tuple[type[BaseException], ...] = (),
    otherwise: str = "it is damaged",
) -> Iterator[None]:
    """Raise ``PATH: not a readable WHAT (why); CURE`` for what is raised within.

    Args:
        path: The file that is read.
        what: Its kind.
        cure: What to do about it.
        foreign: What libraries raise, whose words help nobody: ``otherwise`` is said in place of them, and only the
            words of a ReadError are kept. Without any, those of every ValueError are.
        otherwise: Why, where the error does not say it.

    >>> with refusals(Path("a.pcd"), "PCD file"):
    ...     raise ValueError("it ends after its header")
    Traceback (most recent call last):
    diffshape.data.arrays.ReadError: a.pcd: not a readable PCD file (it ends after its header); export it again
    """
    try:
        yield
    except (ImportError, MemoryError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if not isinstance(error, (ReadError, foreign or ValueError)):
            raise
        why = otherwise if foreign and not isinstance(error, ReadError) else error
        raise ReadError(f"{path}: not a readable {what} ({why}); {cure}") from error
