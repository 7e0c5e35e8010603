"""Checks of the path of a mesh or point file before it is opened."""

from collections.abc import Collection
from pathlib import Path

from diffshape.data.arrays import ReadError

_APPLE_DOUBLE = b"\x00\x05\x16\x07"


def known_suffix(path: Path, suffixes: Collection[str], *, what: str, of_folder: str) -> str:
    """The suffix of a file, in small letters.

    Args:
        path: The file.
        suffixes: Suffixes that are read.
        what: Kind of files with these suffixes, for a message, such as "mesh".
        of_folder: Advice for a folder, for a message.

    Raises:
        FileNotFoundError: There is no such file.
        ReadError: The path is a folder, an empty file, a file of another suffix, or one that macOS keeps beside others.
    """
    suffix = path.suffix.lower()
    if path.is_dir():
        raise ReadError(f"{path}: is a folder; give {of_folder}")
    if suffix not in suffixes:
        raise ReadError(f"{path}: unknown {what} format; diffshape reads {', '.join(suffixes)}")
    if not path.exists():
        raise FileNotFoundError(2, "no such file", str(path))
    if path.stat().st_size == 0:
        raise ReadError(f"{path}: the file is empty")
    if is_apple_double(path):
        raise ReadError(f"{path}: a hidden file that a Mac keeps beside {path.name.removeprefix('._')}; give that one")
    return suffix


def is_apple_double(path: Path) -> bool:
    """Whether a file is one that macOS writes beside others on foreign disks, ``._NAME``, which holds no shape.

    A file with another beginning of its name is not opened.
    """
    if not path.name.startswith("._"):
        return False
    with path.open("rb") as file:
        return file.read(len(_APPLE_DOUBLE)) == _APPLE_DOUBLE
