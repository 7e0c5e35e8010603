"""Folders of closed meshes, nested or not, each placed by its own box: the middle at 0, the longest side 1.

So a shape is the same whatever else is in the folder, as in the data of Occupancy Networks; sizes of shapes relative to
one another are lost. Occupancies and distances are exact. Surface points are even in area over what can be seen from
outside: where closed bodies overlap, those of one in another are left out.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.data.arrays import ReadError
from diffshape.data.formats.mesh_formats import MESH_SUFFIXES
from diffshape.data.meshes import read_mesh
from diffshape.data.shape_sets.cube import NEAR_SPREAD, volume_points, voxel_middles
from diffshape.data.shape_sets.layouts.clouds import first_has_faces
from diffshape.data.shape_sets.layouts.layout import Found, Layout, OneShape, Wanted, name_in
from diffshape.data.signed_distance import SignedDistance
from diffshape.ops.meshes.sample_surface import sample_surface

_OUTWARD = 1e-4
"""Distance from the surface at which it is asked whether a point is inside another body, in sides of 2."""
_DRAWS = 20
"""Draws after which a surface counts as hidden."""


def _select(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if path.suffix.lower() in MESH_SUFFIXES]


def _recognises(paths: list[Path]) -> bool:
    return any(path.suffix.lower() != ".ply" for path in paths) or first_has_faces(paths) is not False


def _find(base: Path, paths: list[Path]) -> Found:
    names = [path.stem if path == base else name_in(base, path) for path in paths]
    times = Counter(names)
    full = [f"{name}{path.suffix}" if times[name] > 1 else name for name, path in zip(names, paths)]
    return Found({name: partial(_read, path) for name, path in zip(full, paths)})


def _read(path: Path, wanted: Wanted, generator: torch.Generator) -> OneShape:
    mesh = read_mesh(path)
    try:
        exact = SignedDistance(mesh)
        return OneShape(_parts(exact, wanted, generator), exact.notes)
    except ValueError as error:
        raise ReadError(f"{path}: {error}") from error


def _parts(exact: SignedDistance, wanted: Wanted, generator: torch.Generator) -> dict[str, Tensor]:
    """Parts by name; the frame of the distance is twice as large as that of the set."""
    parts = {}
    if wanted.points:
        points, normals = _seen_surface(exact, wanted.points, generator)
        parts |= {"points": (points / 2).float(), "normals": normals.float()}
    if wanted.volume_points:
        points = volume_points(wanted.volume_points, generator)
        parts |= {"volume_points": points, "occupancies": exact(2 * points) < 0}
    if wanted.near_points:
        surface, _ = _seen_surface(exact, wanted.near_points, generator)
        moves = torch.randn(surface.shape, generator=generator, dtype=surface.dtype)
        points = (surface / 2 + NEAR_SPREAD * moves).float()
        distances = exact(2 * points) / 2
        parts |= {"near_points": points, "near_occupancies": distances < 0, "near_distances": distances}
    if wanted.resolution:
        parts["voxels"] = exact(2 * voxel_middles(wanted.resolution)) < 0
    return parts


def _seen_surface(
    exact: SignedDistance, count: int, generator: torch.Generator
) -> tuple[Float[Tensor, "n 3"], Float[Tensor, "n 3"]]:
    """Points and outward normals even over the surface, in the frame of the distance, without those in other bodies.

    Raises:
        ReadError: Hardly any of the surface is seen.
    """
    kept: list[tuple[Tensor, Tensor]] = []
    for _ in range(_DRAWS):
        points, normals = sample_surface(exact.vertices, exact.faces, count, generator=generator)
        if exact.watertight:  # around holes the winding number is no whole number on either side
            seen = exact.index.winding_number(points + _OUTWARD * normals) < 0.5
            points, normals = points[seen], normals[seen]
        kept.append((points, normals))
        if sum(len(points) for points, _ in kept) >= count:
            points, normals = (torch.cat(part)[:count] for part in zip(*kept))
            return points, normals
    raise ReadError("hardly any of its surface bounds the inside; turn its faces outward or repair it")


MESHES = Layout("meshes", f"mesh files ({', '.join(MESH_SUFFIXES)})", _select, _recognises, _find)
"""Folders of closed meshes."""
