"""NumPy arrays, and points among them: NPY and NPZ, told apart by content. Python objects are never unpickled."""

import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError, real_rows
from diffshape.data.attributes import color_bytes
from diffshape.data.formats.columns import Table, named_table, unnamed_table
from diffshape.data.formats.refusals import refusals
from diffshape.data.formats.sizes import require_held, require_unpacked

_POINTS, _COLORS = ("points", "xyz", "pos"), ("colors", "rgb")
_OF_ZIP = (zipfile.BadZipFile, OSError, LookupError, RuntimeError, NotImplementedError, ValueError)
_WIDE = 8  # bytes of a float64, which numbers become


def read_array(path: Path) -> NDArray[Any]:
    """The array of an NPY file, whose size is compared with the file's before it is read.

    Raises:
        ReadError: The file is not an NPY file, is cut short, or holds Python objects.
    """
    with refusals(path, "NumPy array", cure="save it again with numpy.save"), path.open("rb") as file:
        shape, kind = _header(file)
        require_held(_count(shape) * kind.itemsize, path.stat().st_size - file.tell(), f"numbers of shape {shape}")
        file.seek(0)
        return _body(file)


def mapped_array(path: Path) -> NDArray[Any]:
    """The array of an NPY file as ``read_array`` checks it, of which only what is used is read into memory.

    Raises:
        ReadError: The file is not an NPY file, is cut short, or holds Python objects.
    """
    with refusals(path, "NumPy array", cure="save it again with numpy.save"), path.open("rb") as file:
        shape, kind = _header(file)
        require_held(_count(shape) * kind.itemsize, path.stat().st_size - file.tell(), f"numbers of shape {shape}")
        return np.load(path, mmap_mode="r", allow_pickle=False) if _count(shape) else np.zeros(shape, kind)


def read_archive(path: Path, names: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """Arrays of an NPZ file by name, whose sizes are compared with the file's before they are read.

    Args:
        path: The file.
        names: Names to read, of which the file need not have all; None: whatever it holds.

    Raises:
        ReadError: The file is not an NPZ file, is cut short, or one of these arrays holds Python objects.
    """
    with _archive(path) as archive:
        found = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        headers = {
            name: _member_header(archive, info) for name, info in found.items() if names is None or name in names
        }
        return _members(archive, headers, path.stat().st_size, least_wide=1)


def read_npy(path: Path) -> Table:
    """One array of (N, 3), (N, 6) or (N, D) numbers, or with fields named x, y and z; or an archive of arrays."""
    return read_npz(path) if _is_archive(path) else _table(read_array(path), "the array")


def read_npz(path: Path) -> Table:
    """The array ``points``, ``xyz`` or ``pos``, or the only one; ``normals``, and all others of as many rows."""
    if not _is_archive(path):
        return read_npy(path)
    with _archive(path) as archive:
        headers = {info.filename.removesuffix(".npy"): _member_header(archive, info) for info in archive.infolist()}
        key = next((key for key in _POINTS if key in headers), None)
        if key is None and len(headers) == 1:
            key = next(iter(headers))
        if key is None:
            raise ReadError(f"it holds {', '.join(headers) or 'nothing'}; name the points 'points', 'xyz' or 'pos'")
        rows = headers[key][1][:1]
        wanted = {name: each for name, each in headers.items() if name == key or (each[1][:1] == rows and each[1])}
        arrays = _members(archive, wanted, path.stat().st_size, least_wide=_WIDE)
    return _with_others(_table(arrays.pop(key), f"array {key!r}"), arrays)


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    with (
        refusals(path, "NumPy archive", cure="save it again with numpy.savez", foreign=_OF_ZIP),
        zipfile.ZipFile(path) as archive,
    ):
        yield archive


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _header(file: BinaryIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of the array that follows.

    Raises:
        ReadError: There is no header of NumPy, or the type would have to be unpickled.
    """
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, kind = read(file)
    except Exception as error:  # the header is a Python literal, whose parser raises MemoryError as well
        raise ReadError("its header is damaged") from error
    if kind.hasobject:
        raise ReadError("it holds Python objects, which are never unpickled")
    return shape, kind


def _body(file: Any) -> NDArray[Any]:
    try:
        return npy.read_array(file, allow_pickle=False)
    except Exception as error:  # a dozen kinds, from NumPy and the unpackers
        raise ReadError("it is cut short or damaged") from error


def _count(shape: tuple[int, ...]) -> int:
    number = 1
    for side in shape:
        number *= side
    return number


def _member_header(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo
) -> tuple[zipfile.ZipInfo, tuple[int, ...], np.dtype]:
    try:
        with archive.open(info) as file:
            return info, *_header(file)  # type: ignore[arg-type]
    except ReadError as error:
        raise ReadError(f"{info.filename}: {error}") from error
    except Exception as error:
        raise ReadError(f"{info.filename} is damaged") from error


def _members(
    archive: zipfile.ZipFile, wanted: Mapping[str, Any], held: int, *, least_wide: int
) -> dict[str, NDArray[Any]]:
    """The arrays of these headers by name, if they may come out of a file of ``held`` bytes.

    ``least_wide`` is the number of bytes that each of their numbers takes at least in memory.
    """
    sizes = (_count(shape) * max(kind.itemsize, least_wide) for _, shape, kind in wanted.values())
    require_unpacked(sum(sizes), held, "arrays")
    arrays = {}
    for name, (info, shape, kind) in wanted.items():
        require_held(_count(shape) * kind.itemsize, info.file_size, f"array {name!r} of shape {shape}")
        with archive.open(info) as file:
            arrays[name] = _body(file)
    return arrays


def _table(array: NDArray[Any], name: str) -> Table:
    if array.dtype.names is not None and array.ndim == 1:
        return named_table({field: array[field] for field in array.dtype.names})
    return unnamed_table(real_rows(array, name=name, columns=None))


def _with_others(table: Table, arrays: dict[str, NDArray[Any]]) -> Table:
    """The table with normals, colours and attributes from the other arrays of an archive."""
    attributes, notes = dict(table.attributes), list(table.notes)
    normals = real_rows(arrays.pop("normals"), name="array 'normals'") if "normals" in arrays else table.normals
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            notes.append(f"Array {name!r} holds {array.dtype}, no numbers, and is left out.")
            continue
        colors = color_bytes(array) if name in _COLORS and array.shape[1:] in ((3,), (4,)) else None
        if colors is not None:
            attributes["colors"] = colors
        elif name == "colors":
            notes.append(f"Array {name!r} of shape {array.shape} holds no colours, and is left out.")
        else:
            attributes[name] = array
    return Table(table.points, normals, attributes, tuple(notes))
