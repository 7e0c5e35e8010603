"""How far a mesh is from a target of the same topology: by its vertices, its face normals and its edge lengths.

For one batch of vertices V against V' under the same faces, each mesh counts equally:

    vertex  mean over vertices of |v - v'|^2
    normal  mean over faces of 1 - n . n'
    edge    mean over edges of (|e| - |e'|)^2, every edge once

The three are the mesh loss of the usual guides, w_v vertex + w_n normal + w_e edge, with means where some of them write
sums, so that no weight depends on the resolution of the mesh.
"""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.meshes.arguments import Meshes, read_mesh_pair, read_meshes
from diffshape.losses.reduction import Reduction
from diffshape.losses.terms import LossTerms
from diffshape.ops.meshes.packed_meshes import PackedFaces
from diffshape.ops.meshes.topology import triangle_normals
from diffshape.ops.neighbors.squared_distances import distance_from_squared
from diffshape.ops.table_rows import rows_at


@checked
def vertex_loss(
    pred: Float[Tensor, "*b v 3"],
    target: Float[Tensor, "*b v 3"],
    *,
    mask: Bool[Tensor, "*b v"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Mean over the vertices of |v - v'|^2, the squared Euclidean distance (not divided by 3).

    Args:
        pred: Vertices, shape (B, V, 3) or (V, 3), in any unit of length u.
        target: Vertices that correspond one to one, same shape, dtype and device.
        mask: True where a vertex is real, shape (B, V) or (V,).
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; >= 0, in u^2, unchanged by a rigid motion of both; 0 for a mesh without a real
        vertex.

    Raises:
        ValueError: A shape, a dtype or the reduction is wrong.

    Twice differentiable in ``pred`` and ``target``.

    >>> corners = torch.zeros(3, 3)
    >>> vertex_loss(corners + torch.tensor([3.0, 4.0, 0.0]), corners)
    tensor(25.)
    """
    no_faces = torch.zeros((0, 3), dtype=torch.int64, device=pred.device)
    mesh, goal = read_mesh_pair("vertex_loss", pred, target, no_faces, mask)
    return _vertex(mesh, goal, reduction)


@checked
def face_normal_loss(
    pred: Float[Tensor, "*b v 3"],
    target: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
    *,
    mask: Bool[Tensor, "*b v"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Mean over the faces of 1 - n . n', the cosine of the angle between corresponding unit normals.

    A face that is degenerate on either side (no area, or thinner than rounding) has no normal and is left out of the
    mean, with a zero gradient: another term must open it again. Computed as |n - n'|^2 / 2, which keeps its digits
    near 0.

    Args:
        pred: Vertices, shape (B, V, 3) or (V, 3).
        target: Vertices that correspond one to one, same shape, dtype and device.
        faces: Shape (F, 3), integers in [0, V), one topology for the batch, or packed ones (`ops.pack_meshes`).
        mask: True where a vertex is real, shape (B, V) or (V,); a face is real if its vertices are.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; 0 for equal normals, 2 for opposite ones, unchanged by a rigid motion of both
        and by the unit of length; 0 for a mesh without a face that counts.

    Raises:
        ValueError: A shape, a dtype, an index or the reduction is wrong.

    Twice differentiable in ``pred`` and ``target``.

    >>> flat = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    >>> upright = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 0, 1]])
    >>> face_normal_loss(upright, flat, torch.tensor([[0, 1, 2]]))
    tensor(1.)
    """
    return _normal(*read_mesh_pair("face_normal_loss", pred, target, faces, mask), reduction)


@checked
def edge_length_loss(
    pred: Float[Tensor, "*b v 3"],
    target: Float[Tensor, "*b v 3"] | float,
    faces: Int[Tensor, "f 3"] | PackedFaces,
    *,
    mask: Bool[Tensor, "*b v"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Mean over the edges of (|e| - |e'|)^2; an edge counts once, however many faces share it.

    |e'| is the length of the edge in a target of the same faces, or one length for all: 0 pulls every edge together,
    the mean length that is wanted keeps the triangles even, as a regulariser of a mesh that has no target.

    Args:
        pred: Vertices, shape (B, V, 3) or (V, 3), in any unit of length u.
        target: Vertices that correspond one to one, same shape, dtype and device; or a length in u, 0 or more.
        faces: Shape (F, 3), integers in [0, V), one topology for the batch, or packed ones (`ops.pack_meshes`).
        mask: True where a vertex is real, shape (B, V) or (V,); an edge is real if its vertices are.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; >= 0, in u^2, unchanged by rigid motions of either side; 0 for a mesh without
        an edge.

    Raises:
        TypeError: ``target`` is no tensor and no number.
        ValueError: A shape, a dtype, an index, a length or the reduction is wrong.

    Twice differentiable in ``pred`` and ``target``; the length of an edge that is exactly 0 has the subgradient 0. With
    a length it is the ``mesh_edge_loss`` of PyTorch3D, whose ``target_length`` is 0 by default.

    >>> corners = torch.tensor([[0.0, 0, 0], [3, 0, 0], [0, 4, 0]])
    >>> edge_length_loss(2 * corners, corners, torch.tensor([[0, 1, 2]]))  # (3^2 + 4^2 + 5^2) / 3
    tensor(16.6667)
    >>> edge_length_loss(corners, 4.0, torch.tensor([[0, 1, 2]]))  # (1^2 + 0^2 + 1^2) / 3
    tensor(0.6667)
    """
    if isinstance(target, Tensor):
        return _edge(*read_mesh_pair("edge_length_loss", pred, target, faces, mask), reduction)
    if not 0 <= target < math.inf:
        raise ValueError(f"edge_length_loss: target must be vertices or a length, 0 or more and finite, got {target!r}")
    return _edge(read_meshes("edge_length_loss", pred, faces, mask, argument="pred"), target, reduction)


@checked
def mesh_loss(
    pred: Float[Tensor, "*b v 3"],
    target: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
    *,
    vertex_weight: float = 1.0,
    normal_weight: float = 1.0,
    edge_weight: float = 1.0,
    mask: Bool[Tensor, "*b v"] | None = None,
    reduction: Reduction = "mean",
) -> LossTerms:
    """``vertex_weight`` * vertex + ``normal_weight`` * normal + ``edge_weight`` * edge, with the parts to look at.

    Two terms are squared lengths and one is a cosine, so the weights mean something only once the shapes have a size:
    they are meant for shapes whose longest side is about 1. Where to start:

    | vertex | normal | edge | for |
    |---|---|---|---|
    | 0.5 | 1.0 | 0.1 | smooth CAD parts: orientation first, triangles may slide along the surface |
    | 0.5 | 0.1 | 1.0 | sharp furniture: proportions first, few faces whose normals jump |

    Args:
        pred: Vertices, shape (B, V, 3) or (V, 3).
        target: Vertices that correspond one to one, same shape, dtype and device.
        faces: Shape (F, 3), integers in [0, V), one topology for the batch, or packed ones (`ops.pack_meshes`).
        vertex_weight: Factor of `vertex_loss`.
        normal_weight: Factor of `face_normal_loss`.
        edge_weight: Factor of `edge_length_loss`.
        mask: True where a vertex is real, shape (B, V) or (V,); faces and edges are real if their vertices are.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        ``LossTerms``: the total, and the unweighted parts "vertex", "normal" and "edge".

    Raises:
        ValueError: A shape, a dtype, an index or the reduction is wrong, or a weight is negative.

    Twice differentiable in ``pred`` and ``target``.

    >>> corners = torch.tensor([[0.0, 0, 0], [3, 0, 0], [0, 4, 0]])
    >>> print(mesh_loss(2 * corners, corners, torch.tensor([[0, 1, 2]]), edge_weight=0.3))
    13.33 (vertex 8.333, normal 0, edge 16.67)
    """
    weights = {"vertex": vertex_weight, "normal": normal_weight, "edge": edge_weight}
    for name, weight in weights.items():
        if not weight >= 0:
            raise ValueError(f"mesh_loss: {name}_weight must be 0 or more, got {weight}")
    pair = read_mesh_pair("mesh_loss", pred, target, faces, mask)
    parts = {"vertex": _vertex(*pair, reduction), "normal": _normal(*pair, reduction), "edge": _edge(*pair, reduction)}
    return LossTerms(torch.stack([weights[name] * part for name, part in parts.items()]).sum(0), parts)


def _vertex(pred: Meshes, target: Meshes, reduction: Reduction) -> Tensor:
    return pred.reduce((pred.vertices - target.vertices).square().sum(-1), pred.mask, reduction)


def _normal(pred: Meshes, target: Meshes, reduction: Reduction) -> Tensor:
    normals, exist = triangle_normals(pred.vertices, pred.faces)
    goals, goals_exist = triangle_normals(target.vertices, target.faces)
    real = pred.real(pred.faces, exist & goals_exist)
    return pred.reduce((normals - goals).square().sum(-1) / 2, real, reduction, at=pred.faces[:, 0])


def _edge(pred: Meshes, target: Meshes | float, reduction: Reduction) -> Tensor:
    sides = pred.sides
    goals = _lengths(target.vertices, sides.ends) if isinstance(target, Meshes) else target
    difference = _lengths(pred.vertices, sides.ends) - goals
    real = pred.real(sides.ends, sides.first.expand(difference.shape))
    return pred.reduce(difference.square(), real, reduction, at=sides.ends[:, 0])


def _lengths(vertices: Float[Tensor, "b v 3"], ends: Int[Tensor, "s 2"]) -> Float[Tensor, "b s"]:
    """Euclidean lengths whose first and second derivatives are 0 where they are 0."""
    return distance_from_squared((rows_at(vertices, ends[:, 1]) - rows_at(vertices, ends[:, 0])).square().sum(-1))
