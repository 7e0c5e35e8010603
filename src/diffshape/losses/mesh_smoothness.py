"""How smooth a mesh is, with no target: by the Laplacian of its vertices, and by the angles between adjacent faces."""

from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape.losses.meshes import Meshes, read_meshes
from diffshape.losses.reduction import Reduction
from diffshape.ops.checks import checked
from diffshape.ops.mesh_topology import FaceSides, face_sides, side_normals


@checked
def laplacian_loss(
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"],
    *,
    weights: Literal["uniform", "cotangent"] = "uniform",
    mask: Bool[Tensor, "*b v"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Mean over the vertices of |L v|^2, L v_i = sum_j w_ij (v_j - v_i) / sum_j w_ij over the neighbours j of i.

    "uniform" has w = 1: L v points to the mean of the neighbours, which evens out the triangles as well as the surface.
    "cotangent" has w = max(cot a + cot b, 0) with the angles a and b opposite to the edge, which leaves a plane alone
    however it is triangulated (where it is Delaunay: elsewhere a weight would be negative, and counts as 0, so that
    |L v| never exceeds the longest edge). Cotangent weights are constants in the gradient, as is usual.

    Args:
        vertices: Shape (B, V, 3) or (V, 3), in any unit of length u.
        faces: Shape (F, 3), integers in [0, V), one topology for the batch.
        weights: "uniform" or "cotangent".
        mask: True where a vertex is real, shape (B, V) or (V,); edges to others do not count.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; >= 0, in u^2, unchanged by a rigid motion. Vertices without an edge of
        positive weight are left out of the mean; a mesh with none left has 0.

    Raises:
        ValueError: A shape, a dtype, an index, ``weights`` or the reduction is wrong.

    Twice differentiable in ``vertices``; minimised by a point, so never alone. Source: Taubin, SIGGRAPH 1995 (uniform);
    Desbrun, Meyer, Schröder, Barr, SIGGRAPH 1999 (cotangent). PyTorch3D takes the mean of |L v|, not squared.

    >>> roof = torch.tensor([[0.0, 0, 1], [1, 0, 0], [-1, 1, 0], [-1, -1, 0]])
    >>> laplacian_loss(roof, torch.tensor([[0, 1, 2], [0, 2, 3], [0, 3, 1]]))
    tensor(2.4444)
    """
    if weights not in ("uniform", "cotangent"):
        raise ValueError(f'laplacian_loss: weights must be "uniform" or "cotangent", got {weights!r}')
    mesh = read_meshes("laplacian_loss", vertices, faces, mask)
    sides = face_sides(mesh.faces)
    real = mesh.real(sides.ends, sides.first.expand(len(mesh.vertices), -1))
    edge_weights = (
        _cotangents(mesh, sides) if weights == "cotangent" else torch.ones_like(real, dtype=mesh.vertices.dtype)
    )
    low, high = sides.ends.unbind(1)
    pull, total = _gather_neighbours(mesh.vertices, low, high, torch.where(real, edge_weights, 0))
    some = total > 0
    laplacian = torch.where(some[..., None], pull / torch.where(some, total, 1)[..., None], 0)
    return mesh.reduce(laplacian.square().sum(-1), some, reduction)


@checked
def adjacent_normal_loss(
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"],
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
        faces: Shape (F, 3), integers in [0, V), one topology for the batch; faces without area have no normal and do
            not count.
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
    sides = face_sides(mesh.faces)
    normals, exist = side_normals(mesh.vertices, sides)
    real = mesh.real(torch.cat([sides.ends, sides.opposite[:, None]], 1), exist)
    normals = torch.where(real[..., None], normals, 0)
    wings = torch.zeros_like(real, dtype=normals.dtype).index_add(1, sides.edge, real.to(normals.dtype))
    sums = torch.zeros_like(normals).index_add(1, sides.edge, normals)
    shared = wings > 1
    folds = torch.where(shared, (wings * (wings - 2) + sums.square().sum(-1)) / 2, 0)
    pairs = torch.where(shared, wings * (wings - 1) / 2, 0).sum(-1, keepdim=True)
    return mesh.reduce((folds.sum(-1, keepdim=True) / pairs.clamp(min=1)), None, reduction)


def _gather_neighbours(
    vertices: Float[Tensor, "b v 3"], low: Int[Tensor, "s"], high: Int[Tensor, "s"], weights: Float[Tensor, "b s"]
) -> tuple[Float[Tensor, "b v 3"], Float[Tensor, "b v"]]:
    """Weighted sums over the edges at each vertex, of the vectors to the neighbours and of the weights."""
    pulls = weights[..., None] * (vertices[:, high] - vertices[:, low])
    pull = torch.zeros_like(vertices).index_add(1, low, pulls).index_add(1, high, -pulls)
    total = torch.zeros_like(vertices[..., 0]).index_add(1, low, weights).index_add(1, high, weights)
    return pull, total


@torch.no_grad()
def _cotangents(mesh: Meshes, sides: FaceSides) -> Float[Tensor, "b s"]:
    """max(cot a + cot b, 0) of every side's edge, from the real faces with area; constants."""
    low, high, opposite = (
        mesh.vertices.detach().double()[:, index] for index in (*sides.ends.unbind(1), sides.opposite)
    )
    first, second = low - opposite, high - opposite
    area = torch.linalg.cross(first, second, dim=-1).norm(dim=-1)
    real = mesh.real(
        torch.cat([sides.ends, sides.opposite[:, None]], 1), side_normals(mesh.vertices.detach(), sides).exist
    )
    cotangent = torch.where(real, (first * second).sum(-1) / torch.where(real, area, 1), 0)
    return torch.zeros_like(cotangent).index_add(1, sides.edge, cotangent)[:, sides.edge].clamp(min=0).to(mesh.vertices)
