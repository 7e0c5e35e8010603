"""How smooth a mesh is, with no target: by the Laplacian of its vertices, and by the angles between adjacent faces."""

from typing import Literal, get_args

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.meshes.arguments import Meshes, read_meshes
from diffshape.losses.reduction import Reduction
from diffshape.ops.meshes.packed_meshes import PackedFaces
from diffshape.ops.meshes.topology import FaceSides, side_normals
from diffshape.ops.neighbors.squared_distances import distance_from_squared
from diffshape.ops.table_rows import rows_at, sum_at

LaplacianWeighting = Literal["uniform", "cotangent", "curvature"]


@checked
def laplacian_loss(
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
    *,
    weighting: LaplacianWeighting = "uniform",
    squared: bool = True,
    mask: Bool[Tensor, "*b v"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Mean over the vertices of |L v|^2, L v_i = sum_j w_ij (v_j - v_i) / W_i over the neighbours j of i, or of |L v|.

    "uniform" has w = 1 and W_i = sum_j w_ij: L v points to the mean of the neighbours, which evens out the triangles as
    well as the surface.
    "cotangent" has w = max(cot a + cot b, 0) with the angles a and b opposite to the edge, and the same W: it leaves a
    plane alone however it is triangulated (where it is Delaunay: elsewhere a weight would be negative, and counts as 0,
    so that |L v| never exceeds the longest edge).
    "curvature" has w = cot a + cot b and W_i = 4 A_i, A_i the area of all triangles at i: L v is the curvature normal
    of Desbrun et al., along the normal of the surface and not in the size of the triangles. On a fine mesh without
    border it is a third of the mean curvature (k1 + k2) / 2, 1 / (3 r) on a sphere of radius r, because A_i counts
    every triangle at each of its corners.
    Weights and areas are constants in the gradient, as is usual: a descent of "curvature" shrinks a closed mesh, whose
    curvature then grows, so another loss must hold its size.

    Args:
        vertices: Shape (B, V, 3) or (V, 3), in any unit of length u.
        faces: Shape (F, 3), integers in [0, V), one topology for the batch, or packed ones (`ops.pack_meshes`).
        weighting: "uniform", "cotangent" or "curvature"; in PyTorch3D "uniform", "cot" and "cotcurv".
        squared: Squared lengths of L v, or plain ones, as in PyTorch3D.
        mask: True where a vertex is real, shape (B, V) or (V,); edges to others do not count.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; >= 0, in u^2 or u (``squared`` or not), for "curvature" in 1 / u^2 or 1 / u;
        unchanged by a rigid motion. Vertices whose W is 0 are left out of the mean; a mesh with none left has 0.

    Raises:
        ValueError: A shape, a dtype, an index, ``weighting`` or the reduction is wrong.

    Twice differentiable in ``vertices``, where L v = 0 with gradient 0; minimised by a point ("curvature": by a plane),
    so it needs another loss beside it. Source: Taubin, SIGGRAPH 1995 (uniform); Desbrun, Meyer, Schröder, Barr,
    "Implicit fairing of irregular meshes using diffusion and curvature flow", SIGGRAPH 1999 (cotangent; curvature:
    equation 14).

    >>> roof = torch.tensor([[0.0, 0, 1], [1, 0, 0], [-1, 1, 0], [-1, -1, 0]])
    >>> laplacian_loss(roof, torch.tensor([[0, 1, 2], [0, 2, 3], [0, 3, 1]]))
    tensor(2.4444)
    """
    if weighting not in get_args(LaplacianWeighting):
        raise ValueError(f'laplacian_loss: weighting must be "uniform", "cotangent" or "curvature", got {weighting!r}')
    mesh = read_meshes("laplacian_loss", vertices, faces, mask)
    sides = mesh.sides
    real = mesh.real(sides.ends, sides.first.expand(len(mesh.vertices), -1))
    edge_weights, areas = torch.ones_like(real, dtype=mesh.vertices.dtype), None
    if weighting != "uniform":
        edge_weights, areas = _cotangents(mesh, sides)
    if weighting == "cotangent":
        edge_weights, areas = edge_weights.clamp(min=0), None
    low, high = sides.ends.unbind(1)
    pull, total = _gather_neighbors(mesh.vertices, low, high, torch.where(real, edge_weights, 0))
    total = total if areas is None else 4 * areas
    some = total > 0
    laplacian = torch.where(some[..., None], pull / torch.where(some, total, 1)[..., None], 0)
    lengths = laplacian.square().sum(-1)
    return mesh.reduce(lengths if squared else distance_from_squared(lengths), some, reduction)


@checked
def adjacent_normal_loss(
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
    *,
    mask: Bool[Tensor, "*b v"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Mean over the pairs of faces that share an edge of 1 - cos of the angle between their normals.

    Elsewhere called normal consistency of a mesh. The two normals of a pair are oriented alike across their common
    edge, so the winding of the faces does not matter. An edge with k faces gives k (k - 1) / 2 pairs. With m_1 to m_k
    the unit normals of the wings of an edge, opposite where they lie in one plane, the pairs of the edge sum to

        sum_{i < j} (1 + m_i . m_j) = (k (k - 2) + |m_1 + ... + m_k|^2) / 2,

    which is linear in k and keeps its digits where a surface is flat.

    Args:
        vertices: Shape (B, V, 3) or (V, 3).
        faces: Shape (F, 3), integers in [0, V), one topology for the batch, or packed ones (`ops.pack_meshes`); faces
            without area have no normal and do not count.
        mask: True where a vertex is real, shape (B, V) or (V,); a face is real if its vertices are.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; 0 where all is flat, up to 2 where faces fold back onto one another, unchanged
        by a rigid motion and by the unit of length; 0 for a mesh without a pair.

    Raises:
        ValueError: A shape, a dtype, an index or the reduction is wrong.

    Twice differentiable in ``vertices``.

    >>> hinge = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> adjacent_normal_loss(hinge, torch.tensor([[0, 1, 2], [1, 0, 3]]))  # a right angle
    tensor(1.)
    """
    mesh = read_meshes("adjacent_normal_loss", vertices, faces, mask)
    sides = mesh.sides
    normals, exist = side_normals(mesh.vertices, sides)
    real = mesh.real(torch.cat([sides.ends, sides.opposite[:, None]], 1), exist)
    normals = torch.where(real[..., None], normals, 0)
    wings = sum_at(real.to(normals.dtype), sides.edge, len(sides.edge))[:, sides.edge]
    sums = rows_at(sum_at(normals, sides.edge, len(sides.edge)), sides.edge)
    shared = (wings > 1) & sides.first
    folds = torch.where(shared, (wings * (wings - 2) + sums.square().sum(-1)) / 2, 0)
    pairs = torch.where(shared, wings * (wings - 1) / 2, 0)
    return mesh.reduce(folds, pairs, reduction, at=sides.ends[:, 0])


def _gather_neighbors(
    vertices: Float[Tensor, "b v 3"], low: Int[Tensor, "s"], high: Int[Tensor, "s"], weights: Float[Tensor, "b s"]
) -> tuple[Float[Tensor, "b v 3"], Float[Tensor, "b v"]]:
    """Weighted sums over the edges at each vertex, of the vectors to the neighbours and of the weights."""
    pulls = weights[..., None] * (rows_at(vertices, high) - rows_at(vertices, low))
    count = vertices.shape[1]
    pull = sum_at(pulls, low, count) - sum_at(pulls, high, count)
    return pull, sum_at(weights, low, count) + sum_at(weights, high, count)


@torch.no_grad()
def _cotangents(mesh: Meshes, sides: FaceSides) -> tuple[Float[Tensor, "b s"], Float[Tensor, "b v"]]:
    """cot a + cot b of every side's edge, and the area around every vertex; from real faces with area, constants."""
    vertices = mesh.vertices.detach()
    low, high, opposite = (vertices.double()[:, index] for index in (*sides.ends.unbind(1), sides.opposite))
    first, second = low - opposite, high - opposite
    area = torch.linalg.cross(first, second, dim=-1).norm(dim=-1)
    real = mesh.real(
        torch.cat([sides.ends, sides.opposite[:, None]], 1), side_normals(mesh.vertices.detach(), sides).exist
    )
    cotangent = torch.where(real, (first * second).sum(-1) / torch.where(real, area, 1), 0)
    around = sum_at(torch.where(real, area / 2, 0), sides.opposite, mesh.vertices.shape[1])
    both = sum_at(cotangent, sides.edge, len(sides.edge))[:, sides.edge]
    return both.to(mesh.vertices), around.to(mesh.vertices)
