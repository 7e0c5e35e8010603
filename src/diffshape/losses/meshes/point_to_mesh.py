"""The distance of points to the triangles of a mesh, differentiable in both."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, check_mask, mean_of_each, reduce_elements
from diffshape.ops.meshes.closest_triangles import closest_triangles
from diffshape.ops.meshes.packed_meshes import PackedFaces
from diffshape.ops.neighbors.squared_distances import distance_from_squared


@checked
def point_to_mesh_distance(
    points: Float[Tensor, "*b n 3"],
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
    *,
    squared: bool = True,
    mask: Bool[Tensor, "*b n"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Mean over the points p of min_c |p - c|^2 over all points c of the triangles, or of the distance itself.

    One direction only: it does not ask that every triangle has a point nearby, as `mesh_to_points_distance` does.

    Args:
        points: Shape (B, N, 3) or (N, 3), in any unit of length u.
        vertices: Shape (B, V, 3) or (V, 3), same unit, dtype and device.
        faces: Shape (F, 3), integers in [0, V), F >= 1, one topology for the batch, or packed ones (`ops.pack_meshes`);
            degenerate ones are segments and points, exactly.
        squared: Use squared distances.
        mask: True where a point is real, shape (B, N) or (N,).
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; >= 0, in u^2 (``squared``) or u; 0 for a sample without a real point.

    Raises:
        ValueError: Shapes, dtypes or devices disagree, there is no face, an index is out of range, or a coordinate in
            use is not finite.

    Twice differentiable in ``points`` and ``vertices``, with gradient 0 where a point lies on the mesh; which triangle
    is closest is a constant. One distance a point, the triangle and the point of the mesh that it is measured to come
    from `diffshape.ops.closest_triangles`, with its costs.

    >>> corners, faces = torch.tensor([[0.0, 0, 0], [4, 0, 0], [0, 4, 0]]), torch.tensor([[0, 1, 2]])
    >>> point_to_mesh_distance(torch.tensor([[1.0, 1.0, 3.0], [5.0, 0.0, 0.0]]), corners, faces)
    tensor(5.)
    >>> point_to_mesh_distance(torch.tensor([[1.0, 1.0, 3.0], [5.0, 0.0, 0.0]]), corners, faces, squared=False)
    tensor(2.)
    """
    check_mask("point_to_mesh_distance", mask, points.shape[:-1], "points without its last dimension")
    if mask is not None:
        points = torch.where(mask[..., None], points, 0)
    distances = closest_triangles(points, vertices, faces).squared_distances
    if not squared:
        distances = distance_from_squared(distances)
    return reduce_elements(mean_of_each(distances, mask), None, reduction)
