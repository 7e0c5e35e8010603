"""Parts of a shape that is known as voxels of the cube from -1/2 to 1/2: the union of the full ones."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad

from diffshape.data.arrays import ReadError
from diffshape.data.shape_sets.cube import volume_points
from diffshape.data.shape_sets.layouts.layout import Wanted

Voxels = Bool[Tensor, "r r r"]


def voxel_parts(voxels: Voxels, wanted: Wanted, generator: torch.Generator) -> dict[str, Tensor]:
    """The parts by name, without near points.

    Surface points are even over the sides between full and empty voxels, with the normals of these. Volume points are
    even in the cube of side 1.1 and then moved to the middles of their voxels, where occupancies are known; beyond the
    voxels it is empty.

    Raises:
        ReadError: All voxels are empty, or ``wanted.resolution`` does not divide theirs.
    """
    if not voxels.any():
        raise ReadError("all its voxels are empty")
    parts = {"voxels": coarser(voxels, wanted.resolution or len(voxels))}
    if wanted.points:
        parts["points"], parts["normals"] = surface_samples(voxels, wanted.points, generator)
    if wanted.volume_points:
        cells = ((volume_points(wanted.volume_points, generator) + 0.5) * len(voxels)).floor().long()
        parts["volume_points"], parts["occupancies"] = middles(cells, len(voxels)), values_at(voxels, cells)
    return parts


def near_parts(voxels: Voxels, count: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Points near the surface: middles of voxels that are not as full as all of the 26 about them."""
    padded = pad(voxels, (2,) * 6)
    mixed = (_any_neighbor(padded) & _any_neighbor(~padded)).nonzero() - 1
    cells = mixed[torch.randint(len(mixed), (count,), generator=generator)]
    return {"near_points": middles(cells, len(voxels)), "near_occupancies": values_at(voxels, cells)}


def _any_neighbor(voxels: Bool[Tensor, "p p p"]) -> Bool[Tensor, "q q q"]:
    """Whether any of the 3^3 voxels about each is full; those at the sides, which have fewer, are left out."""
    for axis in range(3):
        inner = voxels.shape[axis] - 2
        before, own, after = (voxels.narrow(axis, start, inner) for start in range(3))
        voxels = before | own | after
    return voxels


def surface_samples(voxels: Voxels, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Points even over the sides between full and empty voxels, and their outward normals."""
    padded = pad(voxels, (1,) * 6)
    cells, normals = [], []
    for axis in range(3):
        for sign in (1, -1):
            beside = padded.roll(-sign, axis)[1:-1, 1:-1, 1:-1]
            exposed = (voxels & ~beside).nonzero()
            cells.append(exposed)
            normals.append((sign * torch.eye(3)[axis]).expand(len(exposed), 3))
    which = torch.randint(sum(map(len, cells)), (count,), generator=generator)
    cell, normal = torch.cat(cells)[which], torch.cat(normals)[which]
    inside = torch.rand(count, 3, generator=generator) - 0.5
    return middles(cell + torch.where(normal == 0, inside, normal / 2), len(voxels)), normal


def coarser(voxels: Voxels, resolution: int) -> Voxels:
    """Voxels of another resolution that divides theirs: full where at least half of those in it are.

    Raises:
        ReadError: It does not divide theirs.
    """
    times, rest = divmod(len(voxels), resolution)
    if rest:
        raise ReadError(f"its {len(voxels)}^3 voxels do not make {resolution}^3; ask for a divisor of {len(voxels)}")
    blocks = voxels.reshape(resolution, times, resolution, times, resolution, times)
    return 2 * blocks.sum((1, 3, 5)) >= times**3


def middles(cells: Tensor, resolution: int) -> Float[Tensor, "n 3"]:
    """Places of indices of voxels, which may be beyond them or between."""
    return (cells + 0.5) / resolution - 0.5


def values_at(voxels: Voxels, cells: Int[Tensor, "n 3"]) -> Bool[Tensor, "n"]:
    """Voxels at indices, which are empty beyond the cube."""
    within = ((cells >= 0) & (cells < len(voxels))).all(-1)
    x, y, z = cells.clamp(0, len(voxels) - 1).unbind(-1)
    return voxels[x, y, z] & within
