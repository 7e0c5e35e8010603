"""Pulling points onto a level set of a field.

Newton: x <- x - (f - level) g / |g|^2, exact in one step where f is linear. Trace: x <- x - (f - level) g / |g|, a
signed distance walked along the gradient, exact where |g| = 1 and the step of the official DiffCD code
(Haerenstam-Nielsen et al., ECCV 2024). g is the gradient of f at x.
"""

import math
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line


class LevelSetPoints(NamedTuple):
    """Pulled points with the field's value and gradient there, all detached.

    ``values`` is f itself (the level is not subtracted), so |values - level| < tolerance says which pulls arrived.
    """

    points: Float[Tensor, "*n 3"]
    values: Float[Tensor, "*n"]
    gradients: Float[Tensor, "*n 3"]

    __repr__ = one_line


@checked
def project_to_level_set(
    field: Any,
    points: Float[Tensor, "*n 3"],
    *,
    steps: int = 4,
    step: Literal["newton", "trace"] = "newton",
    level: float = 0.0,
) -> LevelSetPoints:
    """Move points to the level set {f = level} by a fixed number of pulls.

    Args:
        field: Has ``value_and_gradient(x) -> (values, gradients)``, or is a callable (N, 3) -> (N,) whose values each
            depend on their own point only, differentiated here by autograd.
        points: Shape (..., 3), in the field's coordinates.
        steps: Number of pulls, >= 0.
        step: "newton" divides by |g|^2, "trace" by |g|.
        level: The value of f to reach.

    Returns:
        The final points with f and its gradient there. Nothing carries a gradient to the parameters. A point with
        |g| = 0 stays where it is. ``steps`` + 1 evaluations of the field in all.

    Raises:
        ValueError: ``points`` are not (..., 3) floats, ``steps`` < 0, ``step`` is unknown, or the field answers with
            other shapes or without a gradient.

    Source: Chibane, Mir, Pons-Moll, NeurIPS 2020 (trace); Newton's method on the ray along the gradient.

    >>> sphere = lambda x: x.norm(dim=-1) - 0.5
    >>> project_to_level_set(sphere, torch.tensor([[2.0, 0.0, 0.0]])).points
    tensor([[0.5000, 0.0000, 0.0000]])
    """
    if points.ndim == 0 or points.shape[-1] != 3 or not points.is_floating_point():
        raise ValueError(
            f"project_to_level_set: points must be floats of shape (..., 3), got {tuple(points.shape)} {points.dtype}"
        )
    if not math.isfinite(level):
        raise ValueError(f"project_to_level_set: level must be finite, got {level}")
    if steps < 0:
        raise ValueError(f"project_to_level_set: steps must be 0 or more, got {steps}")
    if step not in ("newton", "trace"):
        raise ValueError(f'project_to_level_set: step must be "newton" or "trace", got {step!r}')
    power = 2 if step == "newton" else 1
    pulled = points.detach().reshape(-1, 3)
    values, gradients = value_and_gradient(field, pulled)
    for _ in range(steps):
        length = gradients.norm(dim=-1, keepdim=True)
        # below machine epsilon the gradient is rounding noise: the bound keeps the move finite, 0 where g = 0
        length = length.clamp_min(torch.finfo(length.dtype).eps)
        pulled = pulled - (values - level)[:, None] * gradients / length**power
        values, gradients = value_and_gradient(field, pulled)
    return LevelSetPoints(
        pulled.reshape(points.shape), values.reshape(points.shape[:-1]), gradients.reshape(points.shape)
    )


def value_and_gradient(field: Any, points: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"]]:
    """Detached f and its gradient at (N, 3) points: the field's own method if it has one, else autograd.

    >>> value_and_gradient(lambda x: 3 * x[:, 1], torch.ones(1, 3))
    (tensor([3.]), tensor([[0., 3., 0.]]))
    """
    if hasattr(field, "value_and_gradient"):
        with torch.no_grad():
            values, gradients = field.value_and_gradient(points)
    else:
        values, gradients = _by_autograd(field, points)
    if values.shape != points.shape[:-1] or gradients.shape != points.shape:
        raise ValueError(
            f"project_to_level_set: for points {tuple(points.shape)} the field must give values "
            f"{tuple(points.shape[:-1])} and gradients {tuple(points.shape)}, "
            f"got {tuple(values.shape)} and {tuple(gradients.shape)}"
        )
    return values.detach(), gradients.detach()


def _by_autograd(field: Any, points: Tensor) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        inputs = points.detach().requires_grad_()
        values = field(inputs)
        if not values.requires_grad:
            raise ValueError(
                "project_to_level_set: the field's values carry no gradient with respect to the points; compute them "
                "with differentiable torch operations or give the field a value_and_gradient method"
            )
        (gradients,) = torch.autograd.grad(values.sum(), inputs, materialize_grads=True)
    return values, gradients
