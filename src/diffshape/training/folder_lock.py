"""One process at a time works in the folder of a run.

The lock is that of the operating system on a file ``.lock`` in the folder, so a process that is killed leaves none: its
file, if it is left, is taken by the next one. Where there are no such locks (Windows, some network drives), folders are
not guarded.
"""

import contextlib
import errno
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from diffshape._arguments import checked
from diffshape._files import nameable

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_NAME = ".lock"
_held: dict[Path, tuple[int, int]] = {}
"""The process and thread that holds a folder, for the locks that this process took."""


class FolderInUseError(ValueError):
    """Another process, or another thread, is at work in a folder."""


@contextmanager
@checked
def only_here(folder: str | os.PathLike[str]) -> Iterator[None]:
    """While entered, no other process and no other thread enters for the same folder.

    A folder that is missing is made, and removed in the end if it is empty then. The same thread may enter again.

    Raises:
        FolderInUseError: Another process or thread has entered.
        OSError: ``folder`` is a file, or it cannot be made.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, only_here(folder), only_here(folder):
    ...     [path.name for path in Path(folder).iterdir()]
    ['.lock']
    """
    path = nameable(folder).resolve()
    me = os.getpid(), threading.get_ident()
    holder = _held.get(path)
    if holder == me:
        yield
        return
    if holder is not None and holder[0] == me[0]:
        raise FolderInUseError(f"{folder} is in use: another thread of this process is at work in it")
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "is a file, not a folder", str(folder))
    made = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    descriptor = _locked(path / _NAME, folder)
    _held[path] = me
    try:
        yield
    finally:
        del _held[path]
        if descriptor is not None:
            (path / _NAME).unlink(missing_ok=True)  # while it is locked: whoever has it open sees that it is gone
            os.close(descriptor)
        with contextlib.suppress(OSError):  # it holds something
            for each in made:
                each.rmdir()


def _locked(lock: Path, folder: str | os.PathLike[str]) -> int | None:
    """The open lock file; None where there are no locks."""
    if fcntl is None:
        return None
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            holder = os.read(descriptor, 200).decode(errors="replace").strip()
            os.close(descriptor)
            raise FolderInUseError(
                f"{folder} is in use: {holder or 'another process'} is at work in it; wait until it has ended, or "
                "choose another folder"
            ) from None
        except OSError:  # a file system without locks
            os.close(descriptor)
            return None
        if _is_still(lock, descriptor):
            with contextlib.suppress(OSError):  # a full disk: the lock holds, only its holder's name is missing
                os.truncate(descriptor, 0)
                os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
            return descriptor
        os.close(descriptor)  # the one who held it has just removed it


def _is_still(lock: Path, descriptor: int) -> bool:
    """Whether the file that is open is still the one in the folder."""
    try:
        return os.path.samestat(lock.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
