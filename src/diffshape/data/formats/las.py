"""LAS and LAZ, the formats of airborne laser scans, through laspy (the extra ``las``)."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.formats.columns import Table, with_colors
from diffshape.data.formats.sizes import require_held, require_unpacked

_CHUNK = 1_000_000  # points read at a time
_PLACES = ("X", "Y", "Z", "x", "y", "z")


def read_las(path: Path) -> Table:
    """Points in the file's coordinates, float64; intensity, classification, colours and all else as attributes.

    Raises:
        ReadError: What is damaged or cut short.
        ImportError: laspy, or for LAZ its backend lazrs, is not installed.
    """
    try:
        import laspy
    except ImportError as error:
        raise ImportError(f'{path}: LAS and LAZ files are read with laspy; pip install "diffshape[las]"') from error
    size = path.stat().st_size
    try:
        with laspy.open(path) as reader:
            header = reader.header
            promised = header.point_count * header.point_format.size
            if header.are_points_compressed:
                require_unpacked(header.point_count * max(header.point_format.size, 24), size, "points")
            else:
                require_held(promised, size, f"{header.point_count} points")
            pieces = [_columns(chunk) for chunk in reader.chunk_iterator(_CHUNK)]
            found = sum(len(piece["points"]) for piece in pieces)
            if found < header.point_count or not pieces:
                raise ValueError(f"{header.point_count} points promised, {found} found; it is cut short")
    except ValueError as error:
        raise ReadError(f"{path}: not a readable LAS file: {error}") from error
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the unpacker, written in Rust, is no Exception
        if isinstance(error, ImportError) or "backend" in str(error).lower():
            raise ImportError(f'{path}: LAZ files are unpacked by lazrs; pip install "diffshape[las]"') from error
        raise ReadError(f"{path}: not a readable LAS file; it is damaged, export it again") from error
    columns = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    points = columns.pop("points")
    return Table(points, None, with_colors(columns))


def _columns(chunk: Any) -> dict[str, NDArray[Any]]:
    """The columns of some points; those that are zero everywhere say nothing and are dropped at the end."""
    columns: dict[str, NDArray[Any]] = {"points": np.stack([chunk.x, chunk.y, chunk.z], axis=1).astype(np.float64)}
    for name in chunk.point_format.dimension_names:
        if name not in _PLACES:
            columns[name] = np.asarray(chunk[name])
    return columns
