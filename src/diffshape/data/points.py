"""Point clouds read from files, made from anything that holds points, and checked.

Rows that are dropped and other changes are reported in ``notes``, a sentence each; what cannot be a shape raises.
"""

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._bounds import check_seed, check_whole
from diffshape.data.area_samples import area_samples
from diffshape.data.arrays import ReadError, host_array, real_rows, usable_rows
from diffshape.data.attributes import checked_attributes
from diffshape.data.coincident import distinct_rows
from diffshape.data.formats.columns import Table
from diffshape.data.formats.meshes.polygons import Polygons
from diffshape.data.formats.point_formats import as_table, read_content
from diffshape.data.meshes import Mesh, as_mesh
from diffshape.data.point_cloud import PointCloud

MESH_SAMPLES = 30_000
"""Number of points drawn from a mesh that is given as a cloud."""


@checked
def read_points(path: str | PathLike[str], *, max_points: int | None = None, seed: int = 0) -> PointCloud:
    """Read a point cloud, in file coordinates, by suffix.

    Text (XYZ, TXT, CSV, PTS, ASC, XYZN, XYZRGB, a row a point), PTX, PCD, NPY, NPZ, LAS and LAZ (the extra ``las``),
    E57 (the extra ``e57``), PLY, OBJ, OFF, STL and GLB. Columns named x, y, z (and nx, ny, nz, red, green, blue) are
    found by name, with units and in any order; else the first three are the point, and three others its normal or
    colour if all rows look so. Normals, colours and all other columns are kept. Nothing is unpickled.

    A file with faces is a mesh: points are drawn from its surface, evenly by area (30,000, or ``max_points``), without
    normals and attributes.

    Args:
        path: The file; its suffix names the format.
        max_points: Draw at most this many points at random.
        seed: Seed of these draws.

    Raises:
        FileNotFoundError: there is no such file.
        ImportError: a LAS, LAZ or E57 file, without the extra.
        ReadError: (a ValueError) the file is empty, damaged, of an unknown format, or not a shape; see
            :func:`clean_points`.
    """
    check_draws("read_points", max_points, seed)
    path = Path(path)
    return cloud_of(read_content(path), path, max_points=max_points, seed=seed)


def cloud_of(content: Table | Polygons, path: Path, *, max_points: int | None, seed: int) -> PointCloud:
    """The cloud that a file holds, as ``read_points`` gives it.

    Args:
        content: Content of the file.
        path: The file, for messages.
        max_points: Most points that are drawn at random.
        seed: Seed of these draws.

    Raises:
        ReadError: The points are not a shape.
    """
    try:
        cloud = clean_points(_points_of(content, max_points or MESH_SAMPLES, seed), name="the cloud")
    except ReadError:
        raise
    except ValueError as error:
        raise ReadError(f"{path}: {error}") from error
    return cloud if max_points is None else cloud.subset(max_points, seed=seed)


@checked
def as_points(thing: Any, *, name: str = "points") -> PointCloud:
    """A :class:`PointCloud` from whatever holds points, its rows as they are: none is checked or dropped.

    Args:
        thing: Path of a file (see :func:`read_points`); a :class:`PointCloud`, which is returned; (N, 3) real numbers,
            as NumPy array, torch tensor or nested list, of which masked rows become NaN; a mesh with ``vertices`` and
            ``faces`` (:class:`Mesh`, ``trimesh.Trimesh``), from whose surface 30,000 points are drawn, evenly by area;
            or a ``trimesh.PointCloud``.
        name: What to call it in errors.

    Raises:
        ValueError: wrong shape or type, or a mesh that :func:`as_mesh` refuses.
        FileNotFoundError, ReadError: of a path.

    >>> as_points([[0, 0, 0], [1, 0, 0]])
    PointCloud(2 points)
    """
    if isinstance(thing, PointCloud):
        return thing
    if isinstance(thing, (str, PathLike)):
        return _points_of(read_content(Path(thing)), MESH_SAMPLES, 0)
    if hasattr(thing, "vertices") and hasattr(thing, "faces"):
        return _drawn(as_mesh(thing), MESH_SAMPLES, 0, "This")
    return PointCloud(real_rows(thing.vertices if hasattr(thing, "vertices") else thing, name=name))


@checked
def clean_points(
    thing: Any, *, name: str = "points", normals: Any = None, attributes: Mapping[str, Any] | None = None
) -> PointCloud:
    """Check points, and drop the rows that are masked, NaN, infinite, or beyond 1e30 in any unit.

    Args:
        thing: (N, 3) real numbers, a path, or whatever else :func:`as_points` takes. Exact duplicates are kept.
        name: What to call them in errors and notes.
        normals: (N, 3) directions of any length, or None for those of ``thing``, if it has any.
        attributes: Arrays of N rows by name, or None for those of ``thing``.

    Raises:
        ValueError: wrong shape or type; fewer than four distinct points.
        FileNotFoundError, ReadError: of a path.

    >>> clean_points([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, float("nan")]]).notes
    ('1 of 5 points was dropped: NaN, infinite or beyond 1e30.',)
    """
    given = as_points(thing, name=name)
    points = real_rows(given.points, name=name)
    directions = given.normals if normals is None else real_rows(normals, name=f"the normals of {name}")
    if directions is not None and len(directions) != len(points):
        raise ValueError(f"the normals of {name} must be {len(points)} like the points, got {len(directions)}")
    columns = _columns(given.attributes if attributes is None else attributes, len(points), name)
    cloud, notes = PointCloud(points, directions, (), columns), list(given.notes)
    finite = usable_rows(points)
    dropped = int((~finite).sum())
    if dropped:
        verb = "was" if dropped == 1 else "were"
        masked = "masked, " if np.ma.is_masked(thing) else ""
        notes.append(f"{dropped:,} of {len(points):,} points {verb} dropped: {masked}NaN, infinite or beyond 1e30.")
        cloud = cloud.rows(finite)
    _require_shape(cloud.points, name, " after rows that are not finite were dropped" if dropped else "")
    notes += _flatness(cloud.points)
    if cloud.normals is not None:
        unit, missing = _unit(cloud.normals)
        notes += [f"{missing:,} of {len(cloud):,} normals are zero or not finite."] if missing else []
        cloud = replace(cloud, normals=unit)
    return replace(cloud, notes=tuple(dict.fromkeys(notes)))


def check_draws(function: str, max_points: int | None, seed: int) -> None:
    """Refuse a number of points or a seed with which no points can be drawn.

    Raises:
        ValueError: Fewer than four points are wanted, or the seed is out of its range.
    """
    if max_points is not None:
        check_whole(f"{function}: max_points", max_points, 4)
    check_seed(f"{function}: seed", seed)


def _points_of(content: Table | Polygons, number: int, seed: int) -> PointCloud:
    """The rows of a file as they are; of a mesh, ``number`` points of its surface."""
    if isinstance(content, Polygons) and content.has_faces:
        mesh = as_mesh(Mesh(content.vertices, content.triangles(), notes=content.notes))
        return _drawn(mesh, number, seed, "The file")
    table = as_table(content)
    return PointCloud(table.points, table.normals, table.notes, table.attributes)


def _drawn(mesh: Mesh, number: int, seed: int, subject: str) -> PointCloud:
    samples = area_samples(*mesh, number, generator=np.random.default_rng(seed))
    note = f"{subject} is a mesh of {len(mesh.faces):,} faces; {number:,} points were drawn from it, evenly by area."
    return PointCloud(samples, notes=(note, *mesh.notes))


def _columns(attributes: Mapping[str, Any], number: int, name: str) -> dict[str, NDArray[Any]]:
    columns = {key: host_array(column, name=f"attribute {key!r} of {name}") for key, column in attributes.items()}
    for key, column in columns.items():
        if column.shape[:1] != (number,):
            raise ValueError(f"attribute {key!r} of {name} must have {number} rows like the points, got {column.shape}")
    colors = {key: column for key, column in columns.items() if key == "colors"}
    return columns | checked_attributes(colors, number, function=name)


def _require_shape(points: NDArray[np.float64], name: str, when: str) -> None:
    """Refuse fewer than four distinct points; the first thousand are looked at before all are sorted."""
    distinct = min(4, len(distinct_rows(points[:1000]).first))
    if distinct < 4 <= len(points):
        distinct = min(4, len(distinct_rows(points).first))
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
    """Number of dimensions that points span, to a millionth of their extent: 1 on a line, 2 in a plane, else 3."""
    centered = points - points.mean(axis=0)
    extent = np.sqrt(np.linalg.eigvalsh(centered.T @ centered / len(points)).clip(min=0))  # ascending
    return int((extent >= 1e-6 * extent[2]).sum())


def _unit(directions: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Directions scaled to length 1, zero where there is none, and the number of those without."""
    usable = np.isfinite(directions).all(axis=1) & (directions != 0).any(axis=1)
    unit = np.where(usable[:, None], directions, 1.0)
    unit /= np.abs(unit).max(axis=1, keepdims=True)  # first, so that no square is infinite or zero
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    return np.where(usable[:, None], unit, 0.0), int((~usable).sum())
