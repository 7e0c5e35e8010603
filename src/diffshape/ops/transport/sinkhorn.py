"""Entropic optimal transport between weighted point sets, by Sinkhorn's algorithm in the log domain.

    OT_eps(a, b) = min over P with P 1 = a, P^T 1 = b of  <P, c> + eps KL(P | a b^T)
                 = max over f, g of  <a, f> + <b, g> - eps <a b^T, exp((f + g - c) / eps) - 1>

with c_ij = |x_i - y_j|^p / p. Either potential maximises the dual for the other as a soft minimum,

    f_i = -eps log sum_j b_j exp((g_j - c_ij) / eps),

so they are updated in turn, from eps = diameter^p downwards: at every temperature until little mass is in the wrong
place (one that is left too early leaves potentials so wrong that a small eps never mends them), at the last until the
plan has the right marginals. There each update goes beyond its aim by a factor w that follows from how fast the error
falls (Young's relation for over-relaxation), which takes a fifth of the steps or less. Between a set and itself f = g,
and the mean of f and its update converges in a few.
Memory is O(N + M). Sources: Cuturi, Sinkhorn Distances, NeurIPS 2013; Feydy et al., Interpolating between Optimal
Transport and MMD using Sinkhorn Divergences, AISTATS 2019, section 3; Thibault, Chizat, Dossal, Papadakis, Overrelaxed
Sinkhorn-Knopp Algorithm for Regularized Optimal Transport, Algorithms 2021.
"""

import warnings
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.ops.transforms import is_transformed
from diffshape.ops.transport.soft_minimum import pull, soft_minimum, soft_minimum_by_definition

COOLING = 0.5
"""Factor of the blur from one temperature to the next."""

SETTLED = 0.02
"""Share of the mass that may be in the wrong place when a temperature above the last is left."""

MOST_STEPS = 20
"""Updates at a temperature above the last."""

UNROLLED = 100
"""Updates that second derivatives follow under ``torch.vmap``."""

PERIOD = 5
"""Updates between two looks at how fast the error falls."""

FASTEST = 1.95
"""The largest relaxation; at 2 nothing converges."""

DIVERGED = 10.0
"""Growth of the error over its least value at which relaxation is given up."""


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


def update(
    x: Tensor, y: Tensor, y_potentials: Tensor, y_weights: Tensor, epsilon: Tensor, p: int, *, definition: bool = False
) -> Float[Tensor, "b n"]:
    """The potentials of x that are best for those of y. ``definition`` lets gradients reach the latter too."""
    log_weights = y_weights.log() + y_potentials / epsilon[:, None]
    function = soft_minimum_by_definition if definition else soft_minimum
    return function(x, y, log_weights, p * epsilon, squared=p == 2) / p


@torch.library.custom_op("diffshape::entropic_transport", mutates_args=())
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
    step = _step_alone if symmetric else _step
    f, g = torch.zeros_like(x_weights), torch.zeros_like(y_weights)
    plain = torch.ones_like(x[:, 0, 0])
    last, updates = blur.clone(), 0
    blurs = torch.maximum(diameters(x, y, x_weights, y_weights), last)
    while bool((blurs > last).any()):
        for _ in range(MOST_STEPS):
            f, g, error = step(x, y, x_weights, y_weights, f, g, blurs**p, p, plain)
            if bool((error <= SETTLED).all()):
                break
        blurs = torch.maximum(blurs * COOLING, last)
    error = least = torch.full_like(blurs, torch.inf)
    relaxation, fastest = plain, torch.full_like(blurs, FASTEST)
    while updates < iterations and bool((error > tolerance).any()):
        before = error
        f, g, error = step(x, y, x_weights, y_weights, f, g, last**p, p, relaxation)
        updates += 1
        least = torch.minimum(least, error)
        fastest = torch.where(error > DIVERGED * least, plain, fastest)
        if updates % PERIOD == PERIOD - 1 and not symmetric:
            relaxation = torch.minimum(_faster(relaxation, error / before), fastest)
    if bool((error > tolerance).any()):
        wrong = float(error.clamp(max=1).max())
        warnings.warn(
            f"entropic transport: after {iterations} iterations {wrong:.2g} of the mass is not yet where it belongs "
            f"(tolerance {tolerance:g}); use a larger blur, more iterations or float64",
            stacklevel=2,
        )
    if symmetric:  # a best answer to f beside it, as the steps between two sets leave one
        f, g = update(x, x, f, x_weights, last**p, p), f
    else:
        f = update(x, y, g, y_weights, last**p, p)
    values = ((x_weights.double() * f).sum(-1) + (y_weights.double() * g).sum(-1)).to(x)
    return values, f, g, torch.tensor(updates), relaxation.clone()


def _step(
    x: Tensor, y: Tensor, a: Tensor, b: Tensor, f: Tensor, g: Tensor, epsilon: Tensor, p: int, relaxation: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Update g, then f, and say how wrong the masses at y were before."""
    updated = update(y, x, f, a, epsilon, p)
    error = (b * (((g - updated) / epsilon[:, None]).exp() - 1).abs()).sum(-1)
    g = torch.lerp(g, updated, relaxation[:, None])
    return torch.lerp(f, update(x, y, g, b, epsilon, p), relaxation[:, None]), g, error


def _faster(relaxation: Float[Tensor, "b"], rate: Float[Tensor, "b"]) -> Float[Tensor, "b"]:
    """The best relaxation w if the error falls by ``rate`` a step with the present one, which is never lowered.

    Young's relation (rate + w - 1)^2 = rate w^2 r gives the rate r without relaxation, and w = 2 / (1 + sqrt(1 - r)).
    It holds while rate > w - 1; beyond the best relaxation the rate tells nothing.
    """
    telling = (rate > relaxation - 1) & (rate < 1)
    rate = torch.where(telling, rate, 0.5)
    plain_rate = ((rate + relaxation - 1).square() / (rate * relaxation.square())).clamp(max=1)
    return torch.where(telling, torch.maximum(relaxation, 2 / (1 + (1 - plain_rate).sqrt())), relaxation)


def _step_alone(
    x: Tensor, _y: Tensor, weights: Tensor, _b: Tensor, f: Tensor, g: Tensor, epsilon: Tensor, p: int, _w: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Half a step towards the update of f = g."""
    updated = update(x, x, f, weights, epsilon, p)
    error = (weights * (((f - updated) / epsilon[:, None]).exp() - 1).abs()).sum(-1)
    return (f + updated) / 2, g, error


def diameters(x: Tensor, y: Tensor, x_weights: Tensor, y_weights: Tensor) -> Float[Tensor, "b"]:
    """Diagonal of the box of all points of a sample that weigh anything."""
    points, present = torch.cat([x, y], 1), (torch.cat([x_weights, y_weights], 1) > 0)[..., None]
    high = torch.where(present, points, -torch.inf).amax(1)
    low = torch.where(present, points, torch.inf).amin(1)
    return (high - low).norm(dim=-1)


@torch.library.custom_op("diffshape::entropic_transport_backward", mutates_args=())
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
    """Gradients of the values in x and in y: sum_j P_ij dc_ij / dx_i, and the same for the other side."""
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


@solve_transport.register_fake
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


@transport_gradient.register_fake
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


solve_transport.register_autograd(_backward, setup_context=_remember)
transport_gradient.register_autograd(_double_backward, setup_context=_remember_backward)
