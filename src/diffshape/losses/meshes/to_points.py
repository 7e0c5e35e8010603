"""The distance of the triangles of a mesh to the points of a cloud, differentiable in both."""

from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, mean_of_each, reduce_elements
from diffshape.ops.meshes.closest_points import closest_points
from diffshape.ops.meshes.packed_meshes import PackedFaces
from diffshape.ops.neighbors.squared_distances import distance_from_squared
from diffshape.ops.table_rows import sum_at


@checked
def mesh_to_points_distance(
    points: Float[Tensor, "*b n 3"],
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
    *,
    squared: bool = True,
    mask: Bool[Tensor, "*b n"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Mean over the triangles t of min_p min_{c in t} |p - c|^2 over the points p, or of the distance itself.

    The other half of `point_to_mesh_distance`: every triangle has a distance, so no part of the mesh may stay away
    from the cloud. Each triangle counts once, whatever its area, and a large one has distance 0 as soon as a point
    lies anywhere on it; where that is not wanted, compare `ops.sample_surface` with the cloud by `chamfer_distance`.

    Args:
        points: Shape (B, N, 3) or (N, 3), N >= 1, in any unit of length u.
        vertices: Shape (B, V, 3) or (V, 3), same unit, dtype and device.
        faces: Shape (F, 3), integers in [0, V), F >= 1, one topology for the batch, or packed ones (`ops.pack_meshes`);
            degenerate ones are segments and points, exactly.
        squared: Use squared distances.
        mask: True where a point is real, shape (B, N) or (N,); others are not found.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; >= 0, in u^2 (``squared``) or u.

    Raises:
        ValueError: Shapes, dtypes or devices disagree, there is no face or no real point, an index is out of range, or
            a coordinate in use is not finite.

    Twice differentiable in ``points`` and ``vertices``, with gradient 0 where a point lies on the triangle; which point
    is closest is a constant. With `point_to_mesh_distance` added, both squared, it is the
    ``point_mesh_face_distance`` of PyTorch3D. One distance a triangle and the point that it is measured to come from
    `diffshape.ops.closest_points`, with its costs.

    >>> import torch
    >>> corners = torch.tensor([[0.0, 0, 0], [4, 0, 0], [0, 4, 0], [9, 4, 0]])
    >>> faces = torch.tensor([[0, 1, 2], [1, 2, 3]])
    >>> mesh_to_points_distance(torch.tensor([[1.0, 1.0, 3.0], [9.0, 4.0, 1.0]]), corners, faces)  # (9 + 1) / 2
    tensor(5.)
    >>> mesh_to_points_distance(torch.tensor([[1.0, 1.0, 3.0], [9.0, 4.0, 1.0]]), corners, faces, squared=False)
    tensor(2.)
    """
    distances = closest_points(points, vertices, faces, mask=mask).squared_distances
    if not squared:
        distances = distance_from_squared(distances)
    if isinstance(faces, PackedFaces):  # each of which has a face
        sums = sum_at(distances[None].double(), faces.face_mesh, len(faces))[0]
        means = (sums / sums.new_tensor(faces.face_counts)).to(distances.dtype)
    else:
        means = mean_of_each(distances, None)
    return reduce_elements(means, None, reduction)
