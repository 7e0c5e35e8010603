"""The closest point of a triangle mesh to every query, differentiable in the queries and in the vertices.

The closest triangle, and the corner, side or inside of it that holds the closest point, are searched without gradient.
There the point has a formula, with q0 the first corner concerned, e1 and e2 the edges from it and r = p - q0:

    corner:  c = q0
    side:    c = q0 + u e1,           u = r . e1 / |e1|^2
    inside:  c = q0 + u e1 + v e2,    u = (r x e2) . n / |n|^2,  v = (e1 x r) . n / |n|^2,  n = e1 x e2

and |p - c|^2 has the derivatives of the exact distance, of every order, wherever the closest point is unique. A
triangle without area is the sides it is made of, a side without length the corner. All is computed in float64: the
cross products of a thin triangle lose more digits than float32 has.

Source: Ericson, Real-Time Collision Detection, 2005, section 5.1.5.
"""

from typing import NamedTuple, Sequence  # noqa: UP035 - torch 2.4 makes no operator of another

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.kernels import numba_bvh
from diffshape.kernels.numba_morton import morton_order
from diffshape.kernels.threads import run_tasks
from diffshape.ops.checks import coordinate_limit, finite, widened
from diffshape.ops.meshes.packed_meshes import FlatMeshes, PackedFaces, flatten_meshes, read_topology
from diffshape.ops.operators import operator
from diffshape.ops.table_rows import rows_at


class ClosestTriangles(NamedTuple):
    """Where a mesh is closest to each of N points."""

    squared_distances: Float[Tensor, "*b n"]
    indices: Int[Tensor, "*b n"]
    """Rows of ``faces``."""
    points: Float[Tensor, "*b n 3"]
    """The closest points themselves, on the triangles."""

    __repr__ = one_line


@checked
def closest_triangles(
    points: Float[Tensor, "*b n 3"],
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
) -> ClosestTriangles:
    """The triangle closest to each point, its exact distance, and the closest point.

    Args:
        points: Queries, shape (B, N, 3) or (N, 3), in any unit of length u; N may be 0.
        vertices: Shape (B, V, 3) or (V, 3), same unit, dtype and device; those of some face must be finite.
        faces: Shape (F, 3), integers in [0, V), F >= 1, one topology for the batch; degenerate ones are segments and
            points. Or packed ones (`pack_meshes`), every mesh with a face; points are then (B, N, 3), a row a mesh.

    Returns:
        ``squared_distances`` in u^2 and int64 ``indices``, shape (B, N) or (N,), and ``points``, shape (B, N, 3) or
        (N, 3). Of equally close triangles the lowest index is taken, up to rounding. Half precision is returned as
        float32. Indices are rows of ``faces``, of packed ones of their ``triangles``.

    Raises:
        ValueError: Shapes, dtypes or devices disagree, there is no face, an index is out of range, or a coordinate is
            not finite.

    The distances and closest points are twice differentiable in ``points`` and ``vertices``; the squared distance has
    gradient 0 on the surface. The indices are constants. Time O((N + F) log F) for points near the surface, memory
    O(N + F); the search runs on the CPU, wherever the tensors are, and compiles at first use (a few seconds, kept on
    disk).

    >>> square = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    >>> found = closest_triangles(torch.tensor([[0.75, 0.25, 2.0], [3.0, 1.0, 0.0]]), square,
    ...     torch.tensor([[0, 1, 2], [0, 2, 3]]))
    >>> found.squared_distances, found.indices, found.points.tolist()
    (tensor([4., 4.]), tensor([0, 0]), [[0.75, 0.25, 0.0], [1.0, 1.0, 0.0]])
    """
    queries, meshes, corners = read_points_and_meshes("closest_triangles", points, vertices, faces)
    rows = closest_triangle_indices(queries.detach(), corners.detach(), meshes.face_counts)
    offsets = offsets_from_triangles(queries, rows_at(meshes.vertices, meshes.triangles[rows]))
    indices = rows if isinstance(faces, PackedFaces) else rows % len(faces)
    dtype, shape = widened(points).dtype, points.shape[:-1]
    return ClosestTriangles(
        offsets.square().sum(-1).to(dtype).reshape(shape),
        indices.reshape(shape),
        (queries - offsets).to(dtype).reshape(*shape, 3),
    )


def offsets_from_triangles(points: Float[Tensor, "*b 3"], corners: Float[Tensor, "*b 3 3"]) -> Float[Tensor, "*b 3"]:
    """p - c for the point c of a triangle (rows are corners) closest to p, twice differentiable in both; float64."""
    first, on_side, inside = _closest_feature(points.detach(), corners.detach())
    order = (first[..., None] + torch.arange(3, device=first.device)) % 3  # corners from the first one concerned
    q0, q1, q2 = corners.gather(-2, order[..., None].expand(corners.shape)).unbind(-2)
    r, e1, e2 = points - q0, q1 - q0, q2 - q0
    along = _ratio((r * e1).sum(-1), e1.square().sum(-1), on_side)
    u, v = _plane_weights(r, e1, e2, inside)
    return r - (along + u)[..., None] * e1 - v[..., None] * e2


def _closest_feature(points: Tensor, corners: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The first corner concerned (0, 1, 2), and whether the closest point is on the side from it, or inside."""
    r, side = points[..., None, :] - corners, corners.roll(-1, -2) - corners
    length = side.square().sum(-1)
    share = _ratio((r * side).sum(-1), length, length > 0).clamp(0, 1)
    side_distance, nearest = (r - share[..., None] * side).square().sum(-1).min(-1)
    share = share.gather(-1, nearest[..., None])[..., 0]
    e1, e2, r = side[..., 0, :], -side[..., 2, :], r[..., 0, :]
    flat = torch.linalg.cross(e1, e2, dim=-1).square().sum(-1) > 0
    u, v = _plane_weights(r, e1, e2, flat)
    distance = (r - u[..., None] * e1 - v[..., None] * e2).square().sum(-1)
    inside = flat & (u > 0) & (v > 0) & (u + v < 1) & (distance < side_distance)
    first = torch.where(inside, 0, torch.where(share == 1, (nearest + 1) % 3, nearest))
    return first, ~inside & (share > 0) & (share < 1), inside


def _plane_weights(r: Tensor, e1: Tensor, e2: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
    """u and v of the foot of the perpendicular on the plane, 0 elsewhere."""
    normal = torch.linalg.cross(e1, e2, dim=-1)
    squared = normal.square().sum(-1)
    u = (torch.linalg.cross(r, e2, dim=-1) * normal).sum(-1)
    v = (torch.linalg.cross(e1, r, dim=-1) * normal).sum(-1)
    return _ratio(u, squared, where), _ratio(v, squared, where)


def _ratio(numerator: Tensor, denominator: Tensor, where: Tensor) -> Tensor:
    """The quotient where it is wanted and its denominator is not 0; else 0, in the gradient too."""
    return torch.where(where, numerator / torch.where(where, denominator, 1), 0)


def search_triangles(bvh: numba_bvh.Bvh, queries: np.ndarray, order: np.ndarray) -> tuple[Tensor, Tensor]:
    """Squared distances (N,) and triangles (N,) nearest to (N, 3) finite float64 queries, in Morton order."""
    distances, indices = torch.empty(len(queries), dtype=torch.float64), torch.empty(len(queries), dtype=torch.int64)
    tasks = -(-len(queries) // numba_bvh.CHUNK)
    run_tasks(numba_bvh.query_bvh, tasks, bvh, queries, order, distances.numpy(), indices.numpy())
    return distances, indices


@operator("closest_triangle_indices")
def closest_triangle_indices(points: Tensor, corners: Tensor, face_counts: Sequence[int]) -> Tensor:
    """Rows (B, N) of the triangles (sum F, 3, 3) of B meshes closest to (B, N, 3) points; float64, finite."""
    indices, first = torch.empty(points.shape[:2], dtype=torch.int64), 0
    meshes = corners.cpu().split(face_counts)
    for queries, mesh, answers in zip(points.cpu().contiguous().numpy(), meshes, indices):
        answers.copy_(search_triangles(numba_bvh.build_bvh(mesh.numpy()), queries, morton_order(queries))[1] + first)
        first += len(mesh)
    return indices.to(points.device)


@torch.library.register_fake(closest_triangle_indices)
def _(points: Tensor, corners: Tensor, face_counts: Sequence[int]) -> Tensor:
    return points.new_empty(points.shape[:2], dtype=torch.int64)


def read_points_and_meshes(
    function: str, points: Tensor, vertices: Tensor, faces: Tensor | PackedFaces
) -> tuple[Float[Tensor, "b n 3"], FlatMeshes, Float[Tensor, "f 3 3"]]:
    """Points (B, N, 3), B meshes and their corners (sum F, 3, 3), float64 and finite, or a ValueError."""
    points, vertices = widened(points), widened(vertices)
    read = read_topology(function, vertices, faces)
    packed = isinstance(faces, PackedFaces)
    if len(read) == 0:
        raise ValueError(f"{function}: faces must hold at least one triangle, got shape (0, 3)")
    batch = (len(faces),) if packed else tuple(vertices.shape[:-2])
    if points.ndim != len(batch) + 2 or tuple(points.shape[:-2]) != batch or points.shape[-1] != 3:
        wanted = ", ".join(map(str, (*batch, "N", 3)))
        like = f"for {len(faces)} packed meshes" if packed else "like vertices"
        raise ValueError(f"{function}: points must have shape ({wanted}) {like}, got {tuple(points.shape)}")
    if points.dtype != vertices.dtype or points.device != vertices.device:
        raise ValueError(
            f"{function}: points and vertices must share dtype and device, got {points.dtype} on {points.device} "
            f"and {vertices.dtype} on {vertices.device}"
        )
    meshes = flatten_meshes(vertices, faces if packed else read)
    if 0 in meshes.face_counts:
        raise ValueError(f"{function}: every mesh needs a face, but mesh {meshes.face_counts.index(0)} has none")
    limit = coordinate_limit(points.dtype, 3)
    queries = finite(function, "points", points if points.ndim == 3 else points[None], limit)
    corners = finite(function, "vertices", rows_at(meshes.vertices, meshes.triangles), limit)
    return queries.double(), meshes._replace(vertices=meshes.vertices.double()), corners.double()
