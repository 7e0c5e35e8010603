"""Point clouds: what one is here, how it is checked, and how it is read from a file.

Whatever is dropped or changed on the way in is told in ``notes``, one sentence each; what cannot be a shape raises.
"""

from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape._bounds import check_seed, check_whole
from diffshape.data.area_samples import area_samples
from diffshape.data.arrays import ReadError, real_rows, usable_rows
from diffshape.data.meshes import MESH_SUFFIXES, as_mesh, read_polygons
from diffshape.data.point_formats import read_npy, read_npz, read_text

_TABLES = {**dict.fromkeys((".xyz", ".txt", ".csv", ".pts", ".asc"), read_text), ".npy": read_npy, ".npz": read_npz}
POINT_SUFFIXES = (*MESH_SUFFIXES, *_TABLES)
MESH_SAMPLES = 30_000
"""How many points are drawn from a mesh that is given as a cloud."""


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Finite points (N, 3) float64, their unit normals (N, 3) or None, and notes on what was dropped or changed.

    A normal of zero length means that the file gives none for that point.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.points)

    def subset(self, number: int, *, seed: int = 0) -> "PointCloud":
        """At most ``number`` of the points, drawn without replacement, in their order; a note tells of the others."""
        if number < 4:
            raise ValueError(f"PointCloud.subset: number must be at least 4, got {number}")
        check_seed("PointCloud.subset: seed", seed)
        if len(self) <= number:
            return self
        keep = np.sort(np.random.default_rng(seed).choice(len(self), number, replace=False))
        note = f"{number:,} of {len(self):,} points were drawn at random."
        normals = None if self.normals is None else self.normals[keep]
        return PointCloud(self.points[keep], normals, (*self.notes, note))


def read_points(path: str | PathLike[str], *, max_points: int | None = None, seed: int = 0) -> PointCloud:
    """Read a point cloud from PLY, OBJ, OFF, STL, GLB, text (XYZ, TXT, CSV, PTS, ASC), NPY or NPZ, in file coordinates.

    A file with faces is a mesh: points are drawn from its surface, evenly by area (30,000, or ``max_points``),
    without normals. Tables may have a header; columns named x, y, z (nx,
    ny, nz) are found by name, else the first three are the point and the last three of six its normal. Nothing is
    unpickled.

    Args:
        path: The file; its suffix names the format.
        max_points: Draw at most this many points at random.
        seed: Of these draws.

    Raises:
        FileNotFoundError: there is no such file.
        ReadError: (a ValueError) the file is empty, damaged, of an unknown format, or not a shape; see
            :func:`clean_points`.
    """
    if max_points is not None:
        check_whole("read_points: max_points", max_points, 4)
    check_seed("read_points: seed", seed)
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in POINT_SUFFIXES:
        raise ReadError(f"{path}: unknown point format; diffshape reads {', '.join(POINT_SUFFIXES)}")
    if path.stat().st_size == 0:
        raise ReadError(f"{path}: the file is empty")
    try:
        cloud = _read_table(path) if suffix in _TABLES else _read_mesh_points(path, max_points or MESH_SAMPLES, seed)
    except ReadError:
        raise
    except ValueError as error:
        raise ReadError(f"{path}: {error}") from error
    return cloud if max_points is None else cloud.subset(max_points, seed=seed)


def clean_points(array: Any, *, name: str = "points", normals: Any = None) -> PointCloud:
    """Check an array of points, and drop the rows that are no places: NaN, infinite, or beyond 1e30 in any unit.

    Args:
        array: (N, 3) real numbers: NumPy array, torch tensor or nested list. Exact duplicates are kept.
        name: What to call them in errors and notes.
        normals: (N, 3) directions of any length, or None.

    Raises:
        ValueError: wrong shape or type; fewer than four distinct points.

    >>> clean_points([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, float("nan")]]).notes
    ('1 of 5 points was dropped: NaN, infinite or beyond 1e30.',)
    """
    points = real_rows(array, name=name)
    directions = None if normals is None else real_rows(normals, name=f"the normals of {name}")
    if directions is not None and len(directions) != len(points):
        raise ValueError(f"the normals of {name} must be {len(points)} like the points, got {len(directions)}")
    finite = usable_rows(points)
    notes = []
    if not finite.all():
        dropped = int((~finite).sum())
        verb = "was" if dropped == 1 else "were"
        notes.append(f"{dropped:,} of {len(points):,} points {verb} dropped: NaN, infinite or beyond 1e30.")
        points = points[finite]
        directions = None if directions is None else directions[finite]
    _require_shape(points, name, " after rows that are not finite were dropped" if notes else "")
    notes += _flatness(points)
    if directions is not None:
        directions, missing = _unit(directions)
        notes += [f"{missing:,} of {len(points):,} normals are zero or not finite."] if missing else []
    return PointCloud(points, directions, tuple(notes))


def _read_table(path: Path) -> PointCloud:
    table = _TABLES[path.suffix.lower()](path)
    cloud = clean_points(table.points, name="the cloud", normals=table.normals)
    return replace(cloud, notes=(*table.notes, *cloud.notes))


def _read_mesh_points(path: Path, number: int, seed: int) -> PointCloud:
    polygons = read_polygons(path)
    if len(polygons.counts) == 0:
        return clean_points(polygons.vertices, name="the cloud", normals=polygons.normals)
    mesh = as_mesh((polygons.vertices, polygons.triangles()))
    samples = area_samples(*mesh, number, generator=np.random.default_rng(seed))
    note = f"The file is a mesh of {len(mesh.faces):,} faces; {number:,} points were drawn from it, evenly by area."
    cloud = clean_points(samples, name="the cloud")
    return replace(cloud, notes=(note, *cloud.notes))


def _require_shape(points: NDArray[np.float64], name: str, when: str) -> None:
    """Four distinct points, looked for among the first thousand before all are sorted."""
    distinct = min(4, len(np.unique(points[:1000], axis=0)))
    if distinct < 4 <= len(points):
        distinct = min(4, len(np.unique(points, axis=0)))
    if distinct == 1 < len(points):
        raise ValueError(
            f"all {len(points):,} points of {name} are the same point{when}; a shape needs at least 4 distinct ones"
        )
    if distinct < 4:
        raise ValueError(f"{name} has {distinct} distinct points{when}; a shape needs at least 4")


def _flatness(points: NDArray[np.float64]) -> list[str]:
    """A note if all points lie on a plane or a line."""
    if (count := dimensions(points)) < 2:
        return ["All points lie on one line; a surface cannot be fitted to them."]
    return ["All points lie in one plane; a fitted surface will be a thin or open sheet."] if count == 2 else []


def dimensions(points: NDArray[np.float64]) -> int:
    """How many dimensions points span, to a millionth of their extent: 1 on a line, 2 in a plane, else 3."""
    centred = points - points.mean(axis=0)
    extent = np.sqrt(np.linalg.eigvalsh(centred.T @ centred / len(points)).clip(min=0))  # ascending
    return int((extent >= 1e-6 * extent[2]).sum())


def _unit(directions: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Directions of length 1, those without a direction zero, and the number of these."""
    usable = np.isfinite(directions).all(axis=1) & (directions != 0).any(axis=1)
    unit = np.where(usable[:, None], directions, 1.0)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    return np.where(usable[:, None], unit, 0.0), int((~usable).sum())
