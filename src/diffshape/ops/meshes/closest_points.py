"""The point of a cloud closest to every triangle of a mesh, differentiable in the points and in the vertices.

The counterpart of `closest_triangles`. The closest point is searched without gradient; its distance to the triangle is
then computed by the formulas of that file, in float64.
"""

from typing import NamedTuple, Sequence  # noqa: UP035 - torch 2.4 makes no operator of another

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.kernels import numba_triangle_points
from diffshape.kernels.numba_kdtree import build_tree
from diffshape.kernels.numba_morton import morton_order
from diffshape.kernels.threads import run_tasks
from diffshape.ops.checks import require_mask, widened
from diffshape.ops.meshes.closest_triangles import offsets_from_triangles, read_points_and_meshes
from diffshape.ops.meshes.packed_meshes import PackedFaces
from diffshape.ops.operators import operator
from diffshape.ops.table_rows import rows_at


class ClosestPoints(NamedTuple):
    """The point closest to each of F triangles."""

    squared_distances: Float[Tensor, "*b f"]
    indices: Int[Tensor, "*b f"]
    """Rows of the cloud."""
    points: Float[Tensor, "*b f 3"]
    """Where each triangle is closest to that point."""

    __repr__ = one_line


@checked
def closest_points(
    points: Float[Tensor, "*b n 3"],
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
    *,
    mask: Bool[Tensor, "*b n"] | None = None,
) -> ClosestPoints:
    """The point closest to each triangle, min over points p of min over places c of the triangle of |p - c|, exactly.

    Args:
        points: Shape (B, N, 3) or (N, 3), N >= 1, in any unit of length u.
        vertices: Shape (B, V, 3) or (V, 3), same unit, dtype and device; those of every face must be finite.
        faces: Shape (F, 3), integers in [0, V), F >= 1, one topology for the batch; degenerate ones are segments and
            points. Or packed ones (`pack_meshes`), every mesh with a face; points are then (B, N, 3), a row a mesh.
        mask: True where a point is real, shape (B, N) or (N,); others may hold anything and are not found.

    Returns:
        ``squared_distances`` in u^2 and int64 ``indices``, shape (B, F) or (F,), and ``points``, shape (B, F, 3) or
        (F, 3); packed, they have one row for each of the triangles, (sum F,) and (sum F, 3). Of equally close points
        the lowest index is taken, up to rounding. Half precision is returned as float32.

    Raises:
        ValueError: Shapes, dtypes or devices disagree, there is no face or no real point, an index is out of range, or
            a coordinate is not finite.

    The distances and places are twice differentiable in ``points`` and ``vertices``; the squared distance has gradient
    0 where a point lies on the triangle. The indices are constants. Time O((N + F) log N) for points near the surface,
    memory O(N + F); the search runs on the CPU, wherever the tensors are, and compiles at first use (a few seconds,
    kept on disk).

    >>> square = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    >>> found = closest_points(torch.tensor([[0.75, 0.25, 2.0], [0.0, 2.0, 0.0]]), square,
    ...     torch.tensor([[0, 1, 2], [0, 2, 3]]))
    >>> found.squared_distances, found.indices, found.points.tolist()
    (tensor([2., 1.]), tensor([1, 1]), [[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    """
    function = "closest_points"
    require_mask(function, "mask", mask, points)
    if mask is not None:
        points = torch.where(mask[..., None], points, 0)
    clouds, meshes, corners = read_points_and_meshes(function, points, vertices, faces)
    real = torch.ones(clouds.shape[:2], dtype=torch.bool) if mask is None else mask.reshape(clouds.shape[:2])
    indices = closest_point_indices(clouds.detach(), real, corners.detach(), meshes.face_counts)
    counts = torch.tensor(meshes.face_counts, device=clouds.device, dtype=torch.int64)
    owners = torch.arange(len(clouds), device=clouds.device).repeat_interleave(counts, output_size=len(corners))
    closest = rows_at(clouds.reshape(-1, 3), owners * clouds.shape[1] + indices)
    offsets = offsets_from_triangles(closest, corners)
    dtype = widened(points).dtype
    shape = indices.shape if isinstance(faces, PackedFaces) else (*vertices.shape[:-2], len(faces))
    return ClosestPoints(
        offsets.square().sum(-1).to(dtype).reshape(shape),
        indices.reshape(shape),
        (closest - offsets).to(dtype).reshape(*shape, 3),
    )


@operator("closest_point_indices")
def closest_point_indices(points: Tensor, real: Tensor, corners: Tensor, face_counts: Sequence[int]) -> Tensor:
    """Indices of the real ones of (B, N, 3) points closest to each triangle (sum F, 3, 3) of B meshes; all finite."""
    if not bool(real.any(-1).all()):
        raise ValueError("closest_points: every sample of points needs a point that is not masked")
    indices = torch.empty(len(corners), dtype=torch.int64)
    meshes, answers = (each.split(face_counts) for each in (corners.cpu().contiguous(), indices))
    for cloud, keep, mesh, answer in zip(points.cpu(), real.cpu(), meshes, answers):
        kept = keep.nonzero()[:, 0]
        answer.copy_(kept[_search(cloud[kept].numpy(), mesh.numpy())])
    return indices.to(points.device)


@torch.library.register_fake(closest_point_indices)
def _(points: Tensor, real: Tensor, corners: Tensor, face_counts: Sequence[int]) -> Tensor:
    return points.new_empty(corners.shape[:1], dtype=torch.int64)


def _search(points: np.ndarray, triangles: np.ndarray) -> Tensor:
    """Indices of the (N, 3) points closest to each of (F, 3, 3) triangles; finite, float64, C-contiguous."""
    tree = build_tree(points[None], threads=1)
    order = morton_order(triangles.mean(axis=1))
    indices = torch.empty(len(triangles), dtype=torch.int64)
    tasks = -(-len(triangles) // numba_triangle_points.CHUNK)
    one = tuple(part[0] for part in tree)
    run_tasks(numba_triangle_points.query_points, tasks, one, triangles, order, indices.numpy())
    return indices
