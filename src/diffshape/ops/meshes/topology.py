"""Edges of a mesh, read from its faces, and the unit normals of faces and of their sides.

Every triangle (i, j, k) has three sides, (i, j), (j, k) and (k, i); an undirected edge is what sides between the same
two vertices share. Everything is kept per side, 3F of them, so that no shape depends on the values of ``faces`` and the
compiler sees one graph. Topology has no gradient; vectors are differentiable in the vertices.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.ops.checks import finite, kept_when_compiled, widened
from diffshape.ops.table_rows import rows_at

THINNEST = 16
"""A triangle whose height is below this many rounding units of its longest side has no direction."""


class FaceSides(NamedTuple):
    """The 3F sides of F triangles: all first sides, then all second, then all third ones."""

    ends: Int[Tensor, "s 2"]
    """The vertices of the side's edge, lower number first, whatever way the face runs."""
    opposite: Int[Tensor, "s"]
    """The third vertex of the side's face."""
    edge: Int[Tensor, "s"]
    """The number of the side's edge, 0 to E - 1; equal for sides that share an edge."""
    first: Bool[Tensor, "s"]
    """True at one side of every edge that joins two different vertices: pick by it to have each edge once."""

    __repr__ = one_line


@checked
def face_sides(faces: Int[Tensor, "f 3"]) -> FaceSides:
    """The sides of every face and the edges they share.

    Args:
        faces: Shape (F, 3), indices of vertices, integers in [0, 2^31).

    Raises:
        ValueError: ``faces`` are not integers of that shape and range.

    >>> sides = face_sides(torch.tensor([[0, 1, 2], [2, 1, 3]]))
    >>> sides.ends[sides.first].tolist()
    [[0, 1], [1, 2], [1, 3], [0, 2], [2, 3]]
    """
    if faces.ndim != 2 or faces.shape[-1] != 3:
        raise ValueError(f"face_sides: faces must have shape (F, 3), got {tuple(faces.shape)}")
    faces = check_face_indices("face_sides", "faces", faces.long(), 2**31)
    start, end, opposite = (faces.roll(-shift, 1).T.reshape(-1) for shift in range(3))
    ends = torch.stack([torch.minimum(start, end), torch.maximum(start, end)], 1)
    keys, order = (ends[:, 0] * (faces.amax() + 1 if faces.numel() else 1) + ends[:, 1]).sort(stable=True)
    starts = torch.cat([keys.new_ones(min(1, len(keys)), dtype=torch.bool), keys[1:] != keys[:-1]])
    edge = torch.empty_like(order).scatter(0, order, starts.cumsum(0) - 1)
    first = torch.empty_like(starts).scatter(0, order, starts) & (start != end)
    return FaceSides(ends, opposite, edge, first)


class EdgeUses(NamedTuple):
    """How the faces use each of E edges; faces that name a vertex twice are left out."""

    faces: Int[Tensor, "e"]
    """How many faces have the edge: 2 on a closed surface."""
    balance: Int[Tensor, "e"]
    """How many more faces run along the edge from its lower vertex to the higher than back: 0 where two agree."""


def edge_uses(faces: Int[Tensor, "f 3"]) -> EdgeUses:
    """How many faces each edge has, and whether they run alike: what makes a mesh closed and oriented.

    >>> edge_uses(torch.tensor([[0, 1, 2], [2, 1, 3]]))
    EdgeUses(faces=tensor([1, 1, 2, 1, 1]), balance=tensor([ 1, -1,  0,  1, -1]))
    """
    faces = faces[(faces != faces.roll(1, 1)).all(1)]
    sides = face_sides(faces)
    runs_up = torch.where(sides.ends[:, 0] == faces.T.reshape(-1), 1, -1)
    counts = torch.zeros((2, int(sides.first.sum())), dtype=torch.int64, device=faces.device)
    return EdgeUses(*counts.index_add_(1, sides.edge, torch.stack([torch.ones_like(runs_up), runs_up])))


class UnitVectors(NamedTuple):
    """Directions, and where there is one."""

    vectors: Float[Tensor, "*b n 3"]
    """Length 1; 0 with a zero gradient where the triangle has no direction."""
    exist: Bool[Tensor, "*b n"]
    """Whether the triangle has a direction: its height is not lost in the rounding of its longest side."""

    __repr__ = one_line


@checked
def face_normals(vertices: Float[Tensor, "*b v 3"], faces: Int[Tensor, "f 3"]) -> UnitVectors:
    """Unit normals (b - a) x (c - a) of every face, outward where faces run counter-clockwise seen from outside.

    Differentiable (twice) in ``vertices``, and independent of the unit of length: edges are divided by their largest
    coordinate before they are multiplied, so that nothing overflows or vanishes.

    >>> normals, exist = face_normals(torch.tensor([[0.0, 0, 0], [3, 0, 0], [0, 2, 0]]), torch.tensor([[0, 1, 2]]))
    >>> normals.tolist(), exist.tolist()
    ([[0.0, 0.0, 1.0]], [True])
    """
    faces = read_faces("face_normals", vertices, faces)
    return triangle_normals(finite("face_normals", "vertices", widened(vertices)), faces)


def triangle_normals(vertices: Float[Tensor, "*b v 3"], faces: Int[Tensor, "f 3"]) -> UnitVectors:
    """The `face_normals` of vertices and faces that are read already."""
    a, b, c = (rows_at(vertices, faces[:, corner]) for corner in range(3))
    return _unit_cross(b - a, c - a)


def side_normals(vertices: Float[Tensor, "*b v 3"], sides: FaceSides) -> UnitVectors:
    """Unit normal e x w of every side: e along its edge from the lower vertex, w from there to the opposite vertex.

    The two faces of an edge have opposite ones where they lie in one plane, whichever way each of them runs.
    """
    low, high, opposite = (rows_at(vertices, index) for index in (*sides.ends.unbind(1), sides.opposite))
    return _unit_cross(high - low, opposite - low)


def _unit_cross(first: Float[Tensor, "*b n 3"], second: Float[Tensor, "*b n 3"]) -> UnitVectors:
    """The direction of first x second, where the triangle they span has one."""
    largest = torch.stack([first, second, second - first], -2).detach().abs().amax((-2, -1))[..., None]
    largest = torch.where(largest > 0, largest, 1)
    cross = torch.linalg.cross(first / largest, second / largest, dim=-1)
    squared = cross.square().sum(-1, keepdim=True)
    exist = squared.detach() > (THINNEST * torch.finfo(cross.dtype).eps) ** 2
    length = torch.where(exist, squared, 1).sqrt()
    return UnitVectors(torch.where(exist, cross / length, 0), exist[..., 0])


def read_faces(
    function: str, vertices: Tensor, faces: Tensor, *, argument: str = "vertices", named: str = "faces"
) -> Int[Tensor, "f 3"]:
    """The faces as int64 beside the vertices, or a ValueError that names the argument if the two are not a mesh."""
    fits = vertices.ndim in (2, 3) and vertices.shape[-1] == 3
    require_vertices(function, argument, vertices, "(V, 3) or (B, V, 3)", fits)
    if faces.ndim != 2 or faces.shape[-1] != 3 or not _are_integers(faces):
        raise ValueError(
            f"{function}: {named} must be integers of shape (F, 3), got {tuple(faces.shape)} {faces.dtype}"
        )
    own = faces.to(vertices.device, torch.int64, copy=True)  # a copy, as the caller may change the original
    return check_face_indices(function, named, own, vertices.shape[-2])


def require_vertices(function: str, argument: str, vertices: Tensor, shape: str, fits: bool) -> None:
    """Refuse vertices that are not floats or whose shape does not fit."""
    if not (fits and vertices.is_floating_point()):
        raise ValueError(
            f"{function}: {argument} must be floats of shape {shape}, got {tuple(vertices.shape)} {vertices.dtype}"
        )


def _are_integers(tensor: Tensor) -> bool:
    return not (tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool)


@kept_when_compiled
def check_face_indices(function: str, named: str, faces: Tensor, vertices: int) -> None:
    """Refuse faces with an index that names no vertex."""
    if faces.numel() and not (int(faces.min()) >= 0 and int(faces.max()) < vertices):
        raise ValueError(
            f"{function}: {named} must index vertices 0 to {vertices - 1}, got {int(faces.min())} to {int(faces.max())}"
        )
