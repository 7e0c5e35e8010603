"""Errors of readers as ReadErrors that name the file, for all formats."""

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
        what: Kind of file.
        cure: Advice to the user.
        foreign: Errors of libraries, whose messages are replaced by ``otherwise``; only those of a ReadError are kept.
            Without any, the message of every ValueError is kept.
        otherwise: Reason to give where the error has none.

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
