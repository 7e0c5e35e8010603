"""Sharp edges of a mesh: where the points of a scan lie on planes that meet, its vertices move onto these.

A smooth field rounds an edge, and marching cubes cuts it into teeth. The cleaned points know better: each lies on one
side of the edge and has the normal of that side. So each triangle at an edge gets the plane of the points around it
that agree with it most, and each vertex the place nearest to the planes of its triangles (the quadric of Garland and
Heckbert, SIGGRAPH 1997), which is on the edge where two planes meet and in a corner where three do. An edge counts as
sharp only where such planes explain the positions of the points far better than the smooth field does: a bevel, a
fillet or noise is none. Faces stay as they are, so that a closed mesh stays closed.
"""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape.ops.distance_grid.levels import OrientedSurface
from diffshape.ops.meshes.topology import face_normals
from diffshape.ops.neighbors.index import NeighborIndex

_NEAREST = 12
"""Number of points by which a triangle is judged and from which it gets its plane."""
_APART = 60.0
"""Least angle between the normals of the sides of a sharp edge, in degrees."""
_ALIKE = 20.0
"""Largest angle between normals of points on one side, in degrees."""
_SIDES = 3
"""Largest number of sides that meet in a corner."""
_BETTER = 0.5
"""Largest mean square distance of points to the planes at a sharp edge, as a share of that to the field's surface."""
_EXACT = 0.03
"""Distance to the field's surface, in spacings, that does not count."""
_DOUBT = 0.3
"""Share of the expected square errors of the points that is added to their square distances to the planes."""
_POOLED = 6
"""Number of rings of triangles over which the distances are averaged."""
_WIDENED = 2
"""Number of rings of triangles around an edge that the smooth field rounds."""
_WIDTH = 0.5
"""Distance from a triangle, in spacings, within which points count for its plane."""
_OFFSET = 0.15
"""Distance between a triangle and the planes, in spacings, within which points count for its first guess."""
_STAY = 0.02
"""Weight of a vertex's own place beside the planes, which settles where along an edge it stays."""
_SPREAD = 0.35
"""Distance between normals up to which points count for one plane."""
_ROUNDS = 5
"""Number of times that the points of a plane are weighed anew."""
_FRONT = -0.2
"""Least cosine between the normals of a triangle and of points around it, which keeps out the far side of a sheet."""
_TURNED = 0.4
"""Least cosine between the normals of a triangle before and after its vertices have moved."""
_HALVED = 8
"""Number of times that the moves of a triangle that turns farther are halved."""
_FARTHEST = 1.0
"""Largest move of a vertex, in spacings."""


def with_creases(
    vertices: Float[Tensor, "v 3"], faces: Int[Tensor, "f 3"], surface: OrientedSurface, residuals: Float[Tensor, "n"]
) -> Float[Tensor, "v 3"]:
    """The vertices of a mesh, moved onto sharp edges.

    Args:
        vertices: Shape (V, 3), float64.
        faces: Shape (F, 3), int64, normals outside.
        surface: Points with normals, in the coordinates of the mesh.
        residuals: Values of the field at the points, (N,): their distances to the surface of which this is the mesh.

    Returns:
        Shape (V, 3). Vertices away from sharp edges stay exactly where they are, the others move at most one spacing.
    """
    if len(faces) == 0:
        return vertices
    sides = _Sides(vertices, faces, surface)
    sharp = sides.sharp_edges(residuals)
    moving = _widened(faces, sharp, len(vertices))
    beside = moving[faces].any(1).nonzero()[:, 0]
    normals, offsets = sides.planes(beside)
    moved = _nearest_to_planes(vertices, faces[beside], normals, offsets)
    steps = moved - vertices
    steps = steps * (_FARTHEST * surface.spacing / steps.norm(dim=1, keepdim=True).clamp_min(1e-300)).clamp_max(1)
    steps[~moving] = 0
    return vertices + _without_folds(vertices, faces[beside], sides.normals[beside], steps)


class _Sides:
    """Triangles of a mesh, and the points around each of them that face the same way."""

    def __init__(self, vertices: Float[Tensor, "v 3"], faces: Int[Tensor, "f 3"], surface: OrientedSurface) -> None:
        self.faces, self.count, self.spacing = faces, len(vertices), surface.spacing
        self.centers, self.normals = vertices[faces].mean(1), face_normals(vertices, faces).vectors
        self.points, self.point_normals, self.errors = (each.double() for each in surface[:3])
        found = NeighborIndex(self.points).query(self.centers, min(_NEAREST, len(self.points)))
        self.nearest, self.squared = (each.reshape(len(faces), -1) for each in (found.indices, found.squared_distances))

    def sharp_edges(self, residuals: Float[Tensor, "n"]) -> Bool[Tensor, "f"]:
        """Which triangles lie at an edge that planes explain better than the field does."""
        normals = self.point_normals[self.nearest[:, 0]]
        turned = (self.point_normals[self.nearest] * normals[:, None]).sum(2) < _cosine(_APART)
        maybe = turned.any(1).nonzero()[:, 0]
        two_sided, to_planes = self._explained(maybe)
        at_edge = maybe[two_sided]
        nearest, weights = self.nearest[at_edge], self._weights(at_edge, 1.0)
        to_field = residuals.double()[nearest].square() + (_EXACT * self.spacing) ** 2
        planes, field = torch.zeros(2, len(self.faces), dtype=torch.float64)
        to_planes = to_planes[two_sided].square() + _DOUBT * self.errors[nearest].square()
        planes[at_edge] = (weights * to_planes).sum(1)
        field[at_edge] = (weights * to_field).sum(1)
        for _ in range(_POOLED):
            planes, field = (self._averaged(each) for each in (planes, field))
        sharp = torch.zeros(len(self.faces), dtype=torch.bool)
        sharp[at_edge] = (planes < _BETTER * field)[at_edge]
        return sharp

    def planes(self, which: Int[Tensor, "t"]) -> tuple[Float[Tensor, "t 3"], Float[Tensor, "t"]]:
        """Unit normal n and offset n . p of the plane of the points that agree best around each of some triangles."""
        places, normals = self.points[self.nearest[which]], self.point_normals[self.nearest[which]]
        near = self._weights(which, _WIDTH)
        offsets = ((self.centers[which][:, None] - places) * normals).sum(2)
        weights = near * torch.exp(-offsets.square() / (2 * (_OFFSET * self.spacing) ** 2))
        for _ in range(_ROUNDS):
            plane = torch.nn.functional.normalize((weights[..., None] * normals).sum(1), dim=1)
            apart = (normals - plane[:, None]).square().sum(2)
            weights = near * torch.exp(-apart / (2 * _SPREAD**2))
        offsets = (weights * (places * plane[:, None]).sum(2)).sum(1) / weights.sum(1)
        return plane, offsets

    def _explained(self, which: Int[Tensor, "t"]) -> tuple[Bool[Tensor, "t"], Float[Tensor, "t k"]]:
        """Whether the points around triangles have two sides, and the distance of each point to the nearest of their
        planes, 0 where it faces the other way than the triangle.

        A side is the largest set of points whose normals are alike and far from those of the sides before.
        """
        places, normals = self.points[self.nearest[which]], self.point_normals[self.nearest[which]]
        front = (normals * self.normals[which][:, None]).sum(2) > _FRONT
        cosines = normals @ normals.transpose(1, 2)
        left, allowed, rows = front.clone(), front.clone(), torch.arange(len(which))
        distances = torch.full(front.shape, math.inf, dtype=torch.float64)
        for side in range(_SIDES):
            alike = (cosines > _cosine(_ALIKE)) & left[:, None]
            chosen = torch.where(allowed, alike.sum(2), 0).argmax(1)
            members = alike[rows, chosen] & allowed.any(1)[:, None]
            count = members.sum(1)
            if side == 1:
                two_sided = count > 0.1 * front.sum(1)
            plane = torch.nn.functional.normalize((members[..., None] * normals).sum(1), dim=1)
            heights = (places * plane[:, None]).sum(2)
            middle = (members * heights).sum(1) / count.clamp_min(1)
            distances = torch.where(
                (count > 0)[:, None], distances.minimum((heights - middle[:, None]).abs()), distances
            )
            left, allowed = left & ~members, allowed & (cosines[rows, chosen] < _cosine(_APART))
        return two_sided, torch.where(front, distances, 0)

    def _weights(self, which: Int[Tensor, "t"], width: float) -> Float[Tensor, "t k"]:
        return torch.exp(-self.squared[which] / (2 * (width * self.spacing) ** 2)) + 1e-12

    def _averaged(self, values: Float[Tensor, "f"]) -> Float[Tensor, "f"]:
        """Means over vertices of their triangles, then over triangles of their vertices."""
        return _sums_at(self.faces, values, self.count).div(_uses(self.faces, self.count))[self.faces].mean(1)


def _nearest_to_planes(
    vertices: Float[Tensor, "v 3"],
    faces: Int[Tensor, "t 3"],
    normals: Float[Tensor, "t 3"],
    offsets: Float[Tensor, "t"],
) -> Float[Tensor, "v 3"]:
    """The places of least mean square distance to the planes of a vertex's triangles, and to itself a little."""
    used, corners = faces.unique(return_inverse=True)
    corners, count = corners.reshape(faces.shape), len(used)
    outer = _sums_at(corners, normals[:, :, None] * normals[:, None], count)
    along = _sums_at(corners, normals * offsets[:, None], count)
    share = 1 / _uses(corners, count)
    own = _STAY * torch.eye(3, dtype=torch.float64)
    wanted = along * share[:, None] + _STAY * vertices[used]
    moved = vertices.clone()
    moved[used] = torch.linalg.solve(outer * share[:, None, None] + own, wanted)
    return moved


def _without_folds(
    vertices: Float[Tensor, "v 3"],
    faces: Int[Tensor, "t 3"],
    normals: Float[Tensor, "t 3"],
    steps: Float[Tensor, "v 3"],
) -> Float[Tensor, "v 3"]:
    """The moves of vertices, shorter where a triangle with such a normal would turn over."""
    steps = steps.clone()
    for _ in range(_HALVED):
        turned = (face_normals(vertices + steps, faces).vectors * normals).sum(1) < _TURNED
        steps[faces[turned].unique()] /= 2
    return steps


def _sums_at(faces: Int[Tensor, "f 3"], values: Float[Tensor, "f *c"], count: int) -> Float[Tensor, "v *c"]:
    """Sums over each of ``count`` vertices of its triangles' values."""
    sums = values.new_zeros(count, *values.shape[1:])
    for corner in faces.unbind(1):
        sums.index_add_(0, corner, values)
    return sums


def _uses(faces: Int[Tensor, "f 3"], count: int) -> Float[Tensor, "v"]:
    """Number of triangles of each vertex, not below 1."""
    return faces.flatten().bincount(minlength=count).clamp_min(1).double()


def _widened(faces: Int[Tensor, "f 3"], sharp: Bool[Tensor, "f"], count: int) -> Bool[Tensor, "v"]:
    """Vertices of some triangles and of the rings of triangles around them."""
    chosen = torch.zeros(count, dtype=torch.bool)
    for _ in range(_WIDENED + 1):
        chosen[faces[sharp]] = True
        sharp = chosen[faces].any(1)
    return chosen


def _cosine(degrees: float) -> float:
    return math.cos(math.radians(degrees))
