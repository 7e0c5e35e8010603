"""Entropic optimal transport between weighted point sets, by Sinkhorn's algorithm in the log domain.

    OT_eps(a, b) = min over P with P 1 = a, P^T 1 = b of  <P, c> + eps KL(P | a b^T)
                 = max over f, g of  <a, f> + <b, g> - eps <a b^T, exp((f + g - c) / eps) - 1>

with c_ij = |x_i - y_j|^p / p. The potentials f and g are found by `sinkhorn_steps`; OT_eps and its derivatives follow
from them here. Memory is O(N + M). Source: Feydy et al., Interpolating between Optimal Transport and MMD using Sinkhorn
Divergences, AISTATS 2019, section 3.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.ops.operators import operator
from diffshape.ops.transforms import is_transformed
from diffshape.ops.transport.sinkhorn_steps import iterate, update
from diffshape.ops.transport.soft_minimum import pull

UNROLLED = 100
"""Updates that second derivatives follow under ``torch.vmap``."""


class Transport(NamedTuple):
    """The dual solution."""

    values: Float[Tensor, "b"]
    """OT_eps, differentiable in the points."""
    x_potentials: Float[Tensor, "b n"]
    """f, a constant."""
    y_potentials: Float[Tensor, "b m"]
    """g, a constant."""


def entropic_transport(
    x: Float[Tensor, "b n d"],
    y: Float[Tensor, "b m d"],
    x_weights: Float[Tensor, "b n"],
    y_weights: Float[Tensor, "b m"],
    *,
    blur: float | Float[Tensor, "b"],
    p: int,
    tolerance: float,
    iterations: int,
) -> Transport:
    """Entropic transport cost with eps = blur^p: the OT_eps of the formula above, with the potentials f and g.

    Args:
        x: Points, shape (B, N, D), float32 or float64, finite.
        y: Points, shape (B, M, D), same dtype and device; pass the same tensor for the transport of a set to itself.
        x_weights: a, shape (B, N), sum 1; points of weight 0 are absent. A constant.
        y_weights: b, shape (B, M), sum 1. A constant.
        blur: Length below which mass may spread, positive: one for all samples, or one each.
        p: 1 or 2.
        tolerance: Stop when the masses that arrive at y differ by at most this share of all mass (L1).
        iterations: Stop after so many updates of both potentials at the last temperature, with a warning.

    Differentiable in ``x`` and ``y`` to first order by the envelope theorem; second derivatives follow the last
    updates, as many as the algorithm needed.
    """
    symmetric = x is y
    blurs = torch.as_tensor(blur, dtype=x.dtype, device=x.device).expand(len(x)).contiguous()
    if is_transformed(x, y):
        return _by_updates(x, y, x_weights, y_weights, blurs, p, tolerance, iterations)
    values, f, g, *_ = solve_transport(x, y, x_weights, y_weights, blurs, p, tolerance, iterations, symmetric)
    return Transport(values, f.detach(), g.detach())


def _by_updates(
    x: Tensor, y: Tensor, a: Tensor, b: Tensor, blur: Tensor, p: int, tolerance: float, iterations: int
) -> Transport:
    """The solution with derivatives of every order, by as many plain updates more as it took: <a, f(g)> + <b, g>.

    The first derivative is right whatever that of g is, as g is where the sum is largest; the second one needs it.
    """
    symmetric = x is y
    values, f, g, updates, _ = solve_transport(x.detach(), y.detach(), a, b, blur, p, tolerance, iterations, symmetric)
    try:
        count = int(updates)
    except RuntimeError:  # torch.vmap has as many numbers as samples, and tells none
        count = UNROLLED
    epsilon = blur**p
    for _ in range(count):
        if symmetric:
            f = g = (g + update(x, x, g, a, epsilon, p, definition=True)) / 2
        else:
            g = update(y, x, f, a, epsilon, p, definition=True)
            f = update(x, y, g, b, epsilon, p, definition=True)
    f = update(x, y, g, b, epsilon, p, definition=True)
    change = (a * f).sum(-1) + (b * g).sum(-1)
    return Transport(values + change - change.detach(), f.detach(), g.detach())


@operator("entropic_transport")
@torch.no_grad()
def solve_transport(
    x: Tensor,
    y: Tensor,
    x_weights: Tensor,
    y_weights: Tensor,
    blur: Tensor,
    p: int,
    tolerance: float,
    iterations: int,
    symmetric: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Values (B,), both potentials, and the number of updates at the last temperature with their relaxation (B,)."""
    f, g, updates, relaxation = iterate(x, y, x_weights, y_weights, blur, p, tolerance, iterations, symmetric)
    if symmetric:  # a best answer to f beside it, as the steps between two sets leave one
        f, g = update(x, x, f, x_weights, blur**p, p), f
    else:
        f = update(x, y, g, y_weights, blur**p, p)
    values = ((x_weights.double() * f).sum(-1) + (y_weights.double() * g).sum(-1)).to(x)
    return values, f, g, torch.tensor(updates), relaxation.clone()


@operator("entropic_transport_backward")
def transport_gradient(
    x: Tensor,
    y: Tensor,
    x_weights: Tensor,
    y_weights: Tensor,
    f: Tensor,
    g: Tensor,
    updates: Tensor,
    relaxation: Tensor,
    blur: Tensor,
    p: int,
    symmetric: bool,
    grad: Tensor,
) -> tuple[Tensor, Tensor]:
    """Gradients of the values in x and in y: sum_j P_ij dc_ij / dx_i, and likewise in y."""
    sides = (x, y, x_weights, y_weights, g), (y, x, y_weights, x_weights, f)
    x_bar, y_bar = (_gradient(*side, blur**p, p, grad) for side in sides)
    return x_bar, y_bar


def _gradient(
    x: Tensor,
    y: Tensor,
    x_weights: Tensor,
    y_weights: Tensor,
    y_potentials: Tensor,
    epsilon: Tensor,
    p: int,
    grad: Tensor,
) -> Float[Tensor, "b n d"]:
    """The gradient in x where every x_i sends its weight to the y_j that are cheapest after their potentials."""
    scores = y_weights.log() + y_potentials / epsilon[:, None]
    row_scores = update(x, y, y_potentials, y_weights, epsilon, p) / epsilon[:, None]
    pulls = pull(x, y, row_scores, scores, torch.ones_like(scores), p * epsilon, p == 2) / p
    return (grad[:, None] * x_weights)[..., None] * pulls


@torch.library.register_fake(solve_transport)
def _(
    x: Tensor,
    y: Tensor,
    x_weights: Tensor,
    y_weights: Tensor,
    blur: Tensor,
    p: int,
    tolerance: float,
    iterations: int,
    symmetric: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    each, count = x.new_empty(len(x)), torch.empty((), dtype=torch.int64)
    return each, torch.empty_like(x_weights), torch.empty_like(y_weights), count, torch.empty_like(each)


@torch.library.register_fake(transport_gradient)
def _(
    x: Tensor,
    y: Tensor,
    x_weights: Tensor,
    y_weights: Tensor,
    f: Tensor,
    g: Tensor,
    updates: Tensor,
    relaxation: Tensor,
    blur: Tensor,
    p: int,
    symmetric: bool,
    grad: Tensor,
) -> tuple[Tensor, Tensor]:
    return torch.empty_like(x), torch.empty_like(y)


def _remember(ctx: Any, inputs: tuple, output: tuple[Tensor, ...]) -> None:
    x, y, x_weights, y_weights, blur, ctx.p, _, _, ctx.symmetric = inputs
    ctx.save_for_backward(x, y, x_weights, y_weights, *output[1:], blur)


def _backward(ctx: Any, grad: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
    constants = (each.detach() for each in ctx.saved_tensors[2:])
    arguments = *ctx.saved_tensors[:2], *constants, ctx.p, ctx.symmetric, grad
    return *transport_gradient(*arguments), *(None,) * 7


def _remember_backward(ctx: Any, inputs: tuple, output: tuple[Tensor, Tensor]) -> None:
    *tensors, ctx.p, ctx.symmetric, grad = inputs
    ctx.save_for_backward(*tensors, grad)


def _double_backward(ctx: Any, x_bar: Tensor, y_bar: Tensor) -> tuple[Tensor | None, ...]:
    """Differentiate the gradient, potentials included: they are differentiable as the last of a row of updates."""
    x, y, x_weights, y_weights, f, g, updates, relaxation, blur, grad = ctx.saved_tensors
    epsilon = blur**ctx.p
    with torch.enable_grad():
        x, y, grad = (each.detach().requires_grad_() for each in (x, y, grad))
        for _ in range(int(updates)):
            updated = update(y, x, f, x_weights, epsilon, ctx.p, definition=True)
            if ctx.symmetric:
                f = g = (g + updated) / 2
            else:
                g = torch.lerp(g, updated, relaxation[:, None])
                answer = update(x, y, g, y_weights, epsilon, ctx.p, definition=True)
                f = torch.lerp(f, answer, relaxation[:, None])
        x_here, y_here = x.view_as(x), y.view_as(y)  # the gradient is partial: the potentials do not move in it
        from_x = (grad[:, None] * x_weights * update(x_here, y, g, y_weights, epsilon, ctx.p, definition=True)).sum()
        from_y = (grad[:, None] * y_weights * update(y_here, x, f, x_weights, epsilon, ctx.p, definition=True)).sum()
        x_first = torch.autograd.grad(from_x, x_here, create_graph=True)[0]
        y_first = torch.autograd.grad(from_y, y_here, create_graph=True)[0]
        x_second, y_second, grad_bar = torch.autograd.grad((x_first, y_first), (x, y, grad), (x_bar, y_bar))
    return x_second, y_second, *(None,) * 9, grad_bar


torch.library.register_autograd(solve_transport, _backward, setup_context=_remember)
torch.library.register_autograd(transport_gradient, _double_backward, setup_context=_remember_backward)
