"""Distance of points to the zero level set of a field, by Newton's method on the closest point.

The closest point x to q minimises |x - q|^2 / 2 under f(x) = 0, so with a multiplier m it solves

    x - q + m g(x) = 0,    f(x) = 0,    from x_0 = q - m_0 g(q), m_0 = f(q) / |g(q)|^2.

A solution counts if the residual is small, if it is a minimum (I + m H is positive definite on the tangent plane, H the
second derivatives of f), and if m has the sign of f(q): x is reached from q's own side. The derivative in the field's
parameters follows from the implicit function theorem, K w = ((x - q) / d, 0) with K = [[I + m H, g], [g^T, 0]]; since
x - q is parallel to g, w = (0, (x - q) . g / (d |g|^2)) needs no solving: it is the factor in ``level_set_motion``.
Source: the "closest-point" option of DiffCD, Haerenstam-Nielsen et al., ECCV 2024.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.losses.implicit.level_set_motion import distance_from_level_set
from diffshape.losses.reduction import Reduction, check_mask, reduce_elements
from diffshape.ops.checks import widened


class ImplicitDistance(NamedTuple):
    """The distance to a level set, from which points it was found, and the points that it was measured to."""

    distance: Float[Tensor, "*out"]
    """Mean or sum of |x - q| (or its square) over the valid points, 0 if there is none; or for "none" that of every
    point, shape (...,), 0 where not valid. Attached to the field and to q."""
    valid: Bool[Tensor, "*b"]
    """Where Newton's method found a locally nearest point on q's side, shape (...,), boolean."""
    closest: Float[Tensor, "*b d"]
    """The nearest points x, shape (..., D), constants; the points q themselves where not valid."""

    __repr__ = one_line


@checked
def implicit_distance(
    field: Callable[[Tensor], Tensor],
    points: Float[Tensor, "*b d"],
    *,
    iterations: int = 4,
    tolerance: float = 1e-3,
    squared: bool = False,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> ImplicitDistance:
    """Distance of ``points`` to the zero level set of ``field``, which need not be a distance itself.

    Args:
        field: Maps (N, D) to (N,), each value depending on its own point only; twice differentiable by autograd in its
            points (softplus and sine networks are; where its gradient does not depend on x, it is taken as linear).
        points: Query points q, shape (..., D).
        iterations: Newton steps after the first guess, each three backward passes; 4 reach rounding near a surface.
        tolerance: Largest residual of a valid solution, in the unit of the points.
        squared: Return |x - q|^2.
        mask: True where a point is real, shape (...,); others come back as not valid. So do points that are not finite.
        reduction: "mean" or "sum" over the valid distances, or "none" for shape (...,).

    Returns:
        ``ImplicitDistance``: ``distance``, >= 0 in the unit of the points (or its square), and for every point
        ``valid`` and ``closest``.

    Raises:
        ValueError: A shape, the mask's dtype, ``iterations``, ``tolerance`` or the reduction is wrong.

    Differentiable once in the field's parameters and in ``points``, where valid.

    >>> points = torch.tensor([[3.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    >>> result = implicit_distance(lambda x: x.square().sum(-1) - 4, points, reduction="none")
    >>> result.distance, result.valid
    (tensor([1., 1.]), tensor([True, True]))
    """
    _check(points, mask, iterations, tolerance)
    points = widened(points)
    real = torch.isfinite(points).all(-1) if mask is None else torch.isfinite(points).all(-1) & mask
    queries = torch.where(real[..., None], points, 0).reshape(-1, points.shape[-1])
    x, multiplier = _closest_points(field, queries.detach(), iterations)
    value, gradient, hessian = _second_order(field, x)
    residual = _residual(x - queries.detach(), multiplier, value, gradient)
    valid = real.reshape(-1) & (residual.norm(dim=-1) < tolerance) & _is_minimum(multiplier, gradient, hessian)
    valid &= _on_own_side(field, queries.detach(), x, multiplier, tolerance)
    distance = distance_from_level_set(field(x), gradient, x, queries, squared=squared)
    closest = torch.where(valid[:, None], x, queries.detach())
    distance, valid = distance.reshape(points.shape[:-1]), valid.reshape(points.shape[:-1])
    return ImplicitDistance(reduce_elements(distance, valid, reduction), valid, closest.reshape(points.shape))


def _closest_points(field: Callable[[Tensor], Tensor], queries: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Solutions (N, D) and multipliers (N,) of the Newton iteration; 0 where it left the finite numbers."""
    value, gradient, _ = _second_order(field, queries)
    multiplier = value / gradient.square().sum(-1)
    x = queries - multiplier[:, None] * gradient
    for _ in range(iterations):
        x, multiplier = _finite(x, multiplier)
        value, gradient, hessian = _second_order(field, x)
        residual = _residual(x - queries, multiplier, value, gradient)
        step, _ = torch.linalg.solve_ex(_bordered(multiplier, gradient, hessian), residual)
        x, multiplier = x - step[:, :-1], multiplier - step[:, -1]
    return _finite(x, multiplier)


def _second_order(field: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Values (N,), gradients (N, D) and second derivatives (N, D, D), all constants."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        value = field(x)
        (gradient,) = torch.autograd.grad(value.sum(), x, create_graph=True)
        hessian = torch.stack([_derivative(component, x) for component in gradient.unbind(-1)], dim=-2)
    return value.detach(), gradient.detach(), hessian


def _derivative(component: Tensor, x: Tensor) -> Tensor:
    if not component.requires_grad:  # the field is linear in x
        return torch.zeros_like(x)
    return torch.autograd.grad(component.sum(), x, retain_graph=True, materialize_grads=True)[0]


def _residual(offset: Tensor, multiplier: Tensor, value: Tensor, gradient: Tensor) -> Tensor:
    return torch.cat([offset + multiplier[:, None] * gradient, value[:, None]], dim=-1)


def _bordered(multiplier: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """The matrix [[I + m H, g], [g^T, 0]], shape (N, D + 1, D + 1)."""
    top = torch.cat([_identity(hessian) + multiplier[:, None, None] * hessian, gradient[:, :, None]], dim=-1)
    bottom = torch.cat([gradient, torch.zeros_like(multiplier)[:, None]], dim=-1)
    return torch.cat([top, bottom[:, None]], dim=-2)


def _identity(like: Tensor) -> Tensor:
    return torch.eye(like.shape[-1], dtype=like.dtype, device=like.device)


def _is_minimum(multiplier: Tensor, gradient: Tensor, hessian: Tensor) -> Tensor:
    """Whether I + m H is positive definite on the tangent plane of each point."""
    normal = torch.nn.functional.normalize(gradient, dim=-1)
    outer = normal[:, :, None] * normal[:, None, :]
    identity = _identity(hessian)
    onto = identity - outer
    within = onto @ (identity + multiplier[:, None, None] * hessian) @ onto + outer
    known = torch.isfinite(within).all(-1).all(-1)
    return known & (torch.linalg.eigvalsh(torch.where(known[:, None, None], within, -identity)) > 0).all(-1)


def _on_own_side(
    field: Callable[[Tensor], Tensor], queries: Tensor, x: Tensor, multiplier: Tensor, tolerance: float
) -> Tensor:
    """Whether m has the sign of f(q); within the tolerance of the surface both signs are rounding."""
    with torch.no_grad():
        return (multiplier * field(queries) >= 0) | ((x - queries).norm(dim=-1) < tolerance)


def _finite(x: Tensor, multiplier: Tensor) -> tuple[Tensor, Tensor]:
    good = torch.isfinite(x).all(-1) & torch.isfinite(multiplier)
    return torch.where(good[:, None], x, 0), torch.where(good, multiplier, 0)


def _check(points: Tensor, mask: Tensor | None, iterations: int, tolerance: float) -> None:
    if points.ndim < 1 or points.shape[-1] < 1:
        raise ValueError(
            f"implicit_distance: points must have shape (..., D), D >= 1, got {tuple(points.shape) or 'a scalar'}"
        )
    check_mask("implicit_distance", mask, points.shape[:-1], "points without its last dimension")
    if iterations < 0 or not tolerance > 0:
        raise ValueError(
            f"implicit_distance: iterations must be at least 0 and tolerance positive, got {iterations} and {tolerance}"
        )
