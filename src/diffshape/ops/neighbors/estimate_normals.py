"""Normals of a cloud, from the plane through the neighbours of each point."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.ops.checks import coordinate_limit, finite, require_mask, widened
from diffshape.ops.neighbors.gather_points import gather_points
from diffshape.ops.neighbors.nearest import nearest_neighbors


@checked
def estimate_normals(
    points: Float[Tensor, "*b n d"], *, k: int = 16, mask: Bool[Tensor, "*b n"] | None = None
) -> Float[Tensor, "*b n d"]:
    """Unit normals: the direction in which the k nearest neighbours of a point spread least.

    With the k points p_j nearest to p_i, itself among them, and their mean m, the normal is the eigenvector of the
    smallest eigenvalue of sum_j (p_j - m) (p_j - m)^T: that of the plane through them with the least squares.

    Args:
        points: Shape (B, N, D) or (N, D), in any unit, D >= 2. In the plane these are normals of a curve.
        k: Neighbours in a fit, the point included, >= D: as few as noise allows, as a plane cuts corners. Where a cloud
            has fewer real points, all of them.
        mask: Which points are real, shape (B, N) or (N,); masked ones may hold anything and get the normal 0.

    Returns:
        Unit normals, shape of ``points``; float32 for half precision. They are not oriented: each has the sign that
        makes its component of largest magnitude (of equals, the first) positive, so the same points give the same
        normals. 0 where no direction is least, because the neighbours lie on a line (in space) or in one place, or are
        fewer than D.

    Raises:
        ValueError: A shape, dtype or ``k`` does not fit, or a coordinate of a real point is not finite.

    Twice differentiable in ``points``, with the choice of neighbours held fixed; gradients are large where the two
    smallest eigenvalues nearly meet, and 0 where they do and there is no normal. `ops.local_quadrics`
    refines normals on curved surfaces. Source: Hoppe et al., Surface Reconstruction from Unorganized Points, SIGGRAPH
    1992.

    >>> xy = torch.cartesian_prod(torch.arange(4.0), torch.arange(4.0))
    >>> tilted = torch.cat([xy, 0.75 * xy[:, :1]], dim=1)  # z = 0.75 x
    >>> estimate_normals(tilted, k=6)[0]
    tensor([-0.6000,  0.0000,  0.8000])
    """
    name = "estimate_normals"
    if points.ndim not in (2, 3) or not points.is_floating_point() or points.shape[-1] < 2:
        raise ValueError(
            f"{name}: points must be floating point, shape (B, N, D) or (N, D) with D >= 2, "
            f"got {points.dtype}, {tuple(points.shape)}"
        )
    dimension = points.shape[-1]
    if not isinstance(k, int) or k < dimension:
        raise ValueError(f"{name}: k must be an integer of at least {dimension}, the dimension, got {k!r}")
    require_mask(name, "mask", mask, points)
    points = widened(points)
    if mask is not None:
        points = torch.where(mask[..., None], points, 0)
    points = finite(name, "points", points, coordinate_limit(points.dtype, dimension))
    indices = nearest_neighbors(points.detach(), points.detach(), k=k, missing="pad", x_mask=mask, y_mask=mask).indices
    known = indices >= 0
    if mask is not None:
        known &= mask[..., None]
    near = gather_points(points, indices) - points[..., None, :]  # in differences, which keep their digits
    near = torch.where(known[..., None], near, 0)
    mean = near.sum(-2, keepdim=True) / known.sum(-1).clamp(min=1)[..., None, None]
    near = torch.where(known[..., None], near - mean, 0)
    scale = near.detach().abs().amax((-2, -1), keepdim=True)
    near = near / torch.where(scale > 0, scale, 1)
    return _LeastDirection.apply(near.mT @ near)


class _LeastDirection(torch.autograd.Function):
    """The signed unit eigenvector v of the smallest eigenvalue l, 0 where it is not unique.

    Its derivative dv solves (C - l) dv + v m = -dC v, v . dv = 0, whatever the other eigenvalues are; that of
    `torch.linalg.eigh` is not a number where two of those are equal, as on every regular grid.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(covariance: Tensor) -> Tensor:
        values, vectors = torch.linalg.eigh(covariance)  # ascending
        noise = 8 * covariance.shape[-1] * torch.finfo(values.dtype).eps * values[..., -1:]
        normals = vectors[..., 0]
        leading = normals.gather(-1, normals.abs().argmax(-1, keepdim=True))
        return torch.where(values[..., 1:2] - values[..., :1] > noise, normals * leading.sign(), 0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs, output)
        ctx.save_for_forward(*inputs, output)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        covariance, normals = ctx.saved_tensors
        outer = _response(covariance, normals, grad)[..., :, None] * normals[..., None, :]
        return -(outer + outer.mT) / 2

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        covariance, normals = ctx.saved_tensors
        return -_response(covariance, normals, (tangent @ normals[..., None])[..., 0])


def _response(covariance: Tensor, normals: Tensor, push: Tensor) -> Tensor:
    """d in (C - l) d + v m = push, v . d = 0; 0 where v is."""
    dimension = covariance.shape[-1]
    least = (normals * (covariance @ normals[..., None])[..., 0]).sum(-1)[..., None, None]
    identity = torch.eye(dimension + 1).to(covariance)
    above = torch.cat([covariance - least * identity[1:, 1:], normals[..., None]], dim=-1)
    below = torch.nn.functional.pad(normals, (0, 1))[..., None, :]
    known = (normals != 0).any(-1)[..., None]
    system = torch.where(known[..., None], torch.cat([above, below], dim=-2), identity)
    found = torch.linalg.solve(system, torch.nn.functional.pad(push, (0, 1))[..., None])[..., :dimension, 0]
    return torch.where(known, found, 0)
