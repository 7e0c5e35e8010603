"""Sinkhorn's iterations in the log domain: the potentials f and g of `entropic_transport`.

Each potential is the best answer to the other, a soft minimum,

    f_i = -eps log sum_j b_j exp((g_j - c_ij) / eps),    c_ij = |x_i - y_j|^p / p,

so they are updated in turn, from eps = diameter^p downwards: at every temperature until little mass is in the wrong
place (one that is left too early leaves potentials so wrong that a small eps never mends them), at the last until the
plan has the right marginals. There each update goes beyond its aim by a factor w that follows from how fast the error
falls (Young's relation for over-relaxation), which takes a fifth of the steps or less. Between a set and itself f = g,
and the mean of f and its update converges in a few steps.
Sources: Cuturi, Sinkhorn Distances, NeurIPS 2013; Thibault, Chizat, Dossal, Papadakis, Overrelaxed Sinkhorn-Knopp
Algorithm for Regularized Optimal Transport, Algorithms 2021.
"""

import warnings
from functools import reduce
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.ops.transport.soft_minimum import soft_minimum, soft_minimum_by_definition

COOLING = 0.5
"""Factor of the blur from one temperature to the next."""

SETTLED = 0.02
"""Share of the mass that may be in the wrong place when a temperature above the last is left."""

MOST_STEPS = 20
"""Updates at a temperature above the last."""

PERIOD = 5
"""Updates between two looks at how fast the error falls."""

FASTEST = 1.95
"""The largest relaxation; at 2 nothing converges."""

DIVERGED = 10.0
"""Growth of the error over its least value at which relaxation is given up."""


class Potentials(NamedTuple):
    """Dual potentials of x and y, and how the iterations ended."""

    f: Float[Tensor, "b n"]
    g: Float[Tensor, "b m"]
    updates: int
    """Updates of both potentials at the last temperature."""
    relaxation: Float[Tensor, "b"]
    """Factor w of the last update."""


def iterate(
    x: Float[Tensor, "b n d"],
    y: Float[Tensor, "b m d"],
    x_weights: Float[Tensor, "b n"],
    y_weights: Float[Tensor, "b m"],
    blur: Float[Tensor, "b"],
    p: int,
    tolerance: float,
    iterations: int,
    symmetric: bool,
) -> Potentials:
    """Potentials whose plan has the right marginals but for a share ``tolerance`` of the mass, or a warning."""
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
    return Potentials(f, g, updates, relaxation)


def update(
    x: Tensor, y: Tensor, y_potentials: Tensor, y_weights: Tensor, epsilon: Tensor, p: int, *, definition: bool = False
) -> Float[Tensor, "b n"]:
    """The potentials of x that are best for those of y. ``definition`` lets gradients reach the latter too."""
    log_weights = y_weights.log() + y_potentials / epsilon[:, None]
    function = soft_minimum_by_definition if definition else soft_minimum
    return function(x, y, log_weights, p * epsilon, squared=p == 2) / p


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
    return reduce(torch.hypot, (high - low).unbind(-1))  # squares of small sides would be lost
