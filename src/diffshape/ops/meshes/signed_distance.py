"""How far points are from closed meshes and on which side, in batches, differentiable in points and vertices.

The distance is that of `closest_triangles`; the side is read from the generalised winding number (`TriangleIndex`),
which has no gradient: it changes only on the surface, where the distance is 0.
"""

from typing import Sequence  # noqa: UP035 - torch 2.4 makes no operator of another

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape.ops.checks import widened
from diffshape.ops.meshes.closest_triangles import offsets_from_triangles, read_points_and_meshes
from diffshape.ops.meshes.face_orientation import faces_against_the_rest
from diffshape.ops.meshes.packed_meshes import PackedFaces
from diffshape.ops.meshes.triangle_index import TriangleIndex
from diffshape.ops.neighbors.squared_distances import distance_from_squared
from diffshape.ops.operators import operator
from diffshape.ops.table_rows import rows_at


@checked
def signed_distance(
    points: Float[Tensor, "*b n 3"],
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
) -> Float[Tensor, "*b n"]:
    """min over the triangles t of |p - t| for each point p, negative inside the mesh.

    Inside is where the generalised winding number exceeds 1/2 in size, after the faces of each connected surface that
    run against the rest of it were turned: whichever way faces run, a body has an inside. A cavity must face the other
    way than the body around it. Near a hole of a mesh that is not closed the side is the likelier one.

    Args:
        points: Shape (B, N, 3) or (N, 3), in any unit of length u; N may be 0.
        vertices: Shape (B, V, 3) or (V, 3), same unit, dtype and device; those of every face must be finite.
        faces: Shape (F, 3), integers in [0, V), F >= 1, one topology for the batch. Or packed ones (`pack_meshes`),
            every mesh with a face; points are then (B, N, 3), a row a mesh.

    Returns:
        Shape (B, N) or (N,), in u; 0 on the surface. Half precision is returned as float32.

    Raises:
        ValueError: Shapes, dtypes or devices disagree, there is no face, an index is out of range, or a coordinate is
            not finite.

    Twice differentiable in ``points`` and ``vertices``: the gradient in a point is the unit vector away from the
    closest place on the mesh (towards it, inside), and 0 exactly on the surface; the closest triangle and the side are
    constants. Computed in float64 on the CPU, wherever the tensors are, in time O((N + F) log F); compiled at first use
    (a few seconds, kept on disk). For many queries of one mesh that does not move, `TriangleIndex` and
    `diffshape.data.SignedDistance` are prepared once. Source of the side: Jacobson, Kavan, Sorkine-Hornung, "Robust
    inside-outside segmentation using generalized winding numbers", SIGGRAPH 2013.

    >>> corners = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> faces = torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    >>> points = torch.tensor([[0.125, 0.25, 0.25], [3.0, 0.0, 4.0]], requires_grad=True)
    >>> distances = signed_distance(points, corners, faces)
    >>> distances.detach(), torch.autograd.grad(distances.sum(), points)[0][0].tolist()
    (tensor([-0.1250,  4.2426]), [-1.0, 0.0, 0.0])
    """
    queries, meshes, _ = read_points_and_meshes("signed_distance", points, vertices, faces)
    rows, inside = locate_points(queries.detach(), meshes.vertices.detach(), meshes.triangles, meshes.face_counts)
    offsets = offsets_from_triangles(queries, rows_at(meshes.vertices, meshes.triangles[rows]))
    distances = distance_from_squared(offsets.square().sum(-1))
    signed = torch.where(inside, -distances, distances)
    return signed.to(widened(points).dtype).reshape(points.shape[:-1])


@checked
def inside_mesh(
    points: Float[Tensor, "*b n 3"],
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
) -> Bool[Tensor, "*b n"]:
    """Whether each point is inside the mesh: where the generalised winding number exceeds 1/2 in size.

    Faces of a connected surface that run against the rest of it are turned first, as in `signed_distance`, which is
    negative at the same points: whichever way faces run, a body has an inside.

    Args:
        points: Shape (B, N, 3) or (N, 3), in the unit of the vertices; N may be 0.
        vertices: Shape (B, V, 3) or (V, 3), same dtype and device; those of every face must be finite.
        faces: Shape (F, 3), integers in [0, V), F >= 1, one topology for the batch. Or packed ones (`pack_meshes`),
            every mesh with a face; points are then (B, N, 3), a row a mesh.

    Returns:
        Booleans of shape (B, N) or (N,), a constant to autograd; on the surface it may be either.

    Raises:
        ValueError: Shapes, dtypes or devices disagree, there is no face, an index is out of range, or a coordinate is
            not finite.

    Source: Jacobson, Kavan, Sorkine-Hornung, "Robust inside-outside segmentation using generalized winding numbers",
    SIGGRAPH 2013. Time and memory are those of `signed_distance`.

    >>> corners = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> faces = torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    >>> inside_mesh(torch.tensor([[0.125, 0.25, 0.25], [3.0, 0.0, 4.0]]), corners, faces)
    tensor([ True, False])
    """
    queries, meshes, _ = read_points_and_meshes("inside_mesh", points, vertices, faces)
    _, inside = locate_points(queries.detach(), meshes.vertices.detach(), meshes.triangles, meshes.face_counts)
    return inside.reshape(points.shape[:-1])


@operator("locate_points")
def locate_points(
    points: Tensor, vertices: Tensor, triangles: Tensor, face_counts: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Closest rows of ``triangles`` and whether inside, (B, N) each, of (B, N, 3) points and B meshes; float64."""
    rows, inside = (torch.empty(points.shape[:2], dtype=dtype) for dtype in (torch.int64, torch.bool))
    queries, table, first = points.cpu().contiguous(), vertices.cpu(), 0
    for mesh, (own, faces) in enumerate(zip(queries, triangles.cpu().split(face_counts))):
        _, closest, winding = _index(table, faces).locate(own)
        rows[mesh], inside[mesh] = closest + first, winding.abs() > 0.5
        first += len(faces)
    return rows.to(points.device), inside.to(points.device)


def _index(vertices: Tensor, faces: Tensor) -> TriangleIndex:
    """A `TriangleIndex` of the mesh, the faces of each surface turned to run alike where that is possible."""
    index = TriangleIndex(vertices, faces)
    if index.closed or not (against := faces_against_the_rest(faces)).any():
        return index
    return TriangleIndex(vertices, torch.where(against[:, None], faces.flip(1), faces))


@torch.library.register_fake(locate_points)
def _(points: Tensor, vertices: Tensor, triangles: Tensor, face_counts: Sequence[int]) -> tuple[Tensor, Tensor]:
    shape = points.shape[:2]
    return points.new_empty(shape, dtype=torch.int64), points.new_empty(shape, dtype=torch.bool)
