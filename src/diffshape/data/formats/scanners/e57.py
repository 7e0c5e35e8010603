"""E57 files of laser scanners, through pye57 (the extra ``e57``): all scans of a file, in their common frame."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.formats.columns import Table, named_table
from diffshape.data.formats.refusals import refusals
from diffshape.data.formats.sizes import require_unpacked

_WIDE = 8 * 8  # bytes of a point: eight numbers at most are read


def read_e57(path: Path) -> Table:
    """The valid points of all scans, moved by the poses of the scans; intensity and colours as attributes.

    Raises:
        ReadError: The file is damaged, or has no points.
        ImportError: pye57 is not installed.
    """
    try:
        import pye57  # type: ignore[import-not-found]
    except ImportError as error:
        raise ImportError(f"{path}: E57 files are read with pye57; pip install pye57") from error
    with refusals(path, "E57 file", foreign=Exception):  # the C++ library raises one kind of error for all damage
        file = pye57.E57(str(path))
        try:
            scans = _scans(file, path.stat().st_size)
        finally:
            file.close()
    shared = [name for name in scans[0] if all(name in scan for scan in scans)]
    columns = {name: np.concatenate([scan[name] for scan in scans]) for name in shared}
    notes = (f"The file holds {len(scans)} scans; all are read, in their common frame.",) if len(scans) > 1 else ()
    return named_table(columns, notes)


def _scans(file: Any, size: int) -> list[dict[str, NDArray[Any]]]:
    names = {"cartesianX": "x", "cartesianY": "y", "cartesianZ": "z", "intensity": "intensity"}
    names |= {"colorRed": "red", "colorGreen": "green", "colorBlue": "blue"}
    counts = [file.get_header(scan).point_count for scan in range(file.scan_count)]
    if not sum(counts):
        raise ReadError("it holds no points")
    require_unpacked(sum(counts) * _WIDE, size, f"{sum(counts)} points")
    scans = []
    for scan in (place for place, count in enumerate(counts) if count):
        content = file.read_scan(scan, intensity=True, colors=True, ignore_missing_fields=True)
        scans.append({names[name]: np.asarray(column) for name, column in content.items() if name in names})
    return scans
