"""The Sinkhorn divergence: optimal transport smoothed by an entropy, made a distance again by what the sets cost alone.

    S(x, y) = OT_eps(x, y) - OT_eps(x, x) / 2 - OT_eps(y, y) / 2,      cost |x - y|^p / p,   eps = blur^p

It is 0 for equal sets, positive otherwise, convex in the weights, and tends to W_p^p / p as blur -> 0 and to a kernel
distance as blur -> infinity. Source: Feydy et al., Interpolating between Optimal Transport and MMD using Sinkhorn
Divergences, AISTATS 2019, equation 3 (their GeomLoss has the same costs).
"""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.points.arguments import PointSet, read_point_sets
from diffshape.losses.reduction import Reduction, reduce_elements
from diffshape.ops.transport.sinkhorn import entropic_transport
from diffshape.ops.transport.sinkhorn_steps import diameters

SHARE = 0.01
"""The default blur as a share of the diagonal of the box of both clouds."""

WIDEST = 100.0
"""Diagonals of the box beyond which a larger blur changes the value by less than its rounding."""


@checked
def sinkhorn_divergence(
    x: Float[Tensor, "*b n d"],
    y: Float[Tensor, "*b m d"],
    *,
    blur: float | None = None,
    p: Literal[1, 2] = 2,
    debias: bool = True,
    tolerance: float = 1e-3,
    iterations: int = 1000,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
    x_weights: Float[Tensor, "*b n"] | None = None,
    y_weights: Float[Tensor, "*b m"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """S(x, y) = OT_eps(x, y) - OT_eps(x, x) / 2 - OT_eps(y, y) / 2 with the cost |x - y|^p / p and eps = blur^p.

    OT_eps is the least of sum_ij P_ij c_ij + eps KL(P | a b^T) over plans P that carry the masses a of x to the masses
    b of y. S is 0 for equal sets, positive otherwise, and tends to W_p^p / p as the blur vanishes.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u.
        y: Points, shape (B, M, D) or (M, D), same unit, dtype and device; M may differ from N.
        blur: Length in u below which details are smoothed away; the time grows as it shrinks. ``None``: a hundredth of
            the diagonal of the box of both clouds, sample by sample and constant in the gradient, so that a change of
            unit changes nothing but the unit of the value. Beyond 100 diagonals it counts as so many, below a rounding
            of the diagonal as one.
        p: Order of the cost |x - y|^p / p: 1 in u, 2 in u^2.
        debias: Subtract what the sets cost alone. Without it the least value is not at x = y, and points shrink
            towards one another.
        tolerance: Share of the mass that the transport plan may leave in the wrong place.
        iterations: Largest number of updates of the potentials at the final blur; a warning tells where they did not
            reach the tolerance.
        x_mask: Which points of ``x`` are real; masked ones may hold anything.
        y_mask: Which points of ``y`` are real.
        x_weights: Mass of each point of ``x``, shape (B, N) or (N,): not negative and not all 0; divided by its sum.
            A constant.
        y_weights: Mass of each point of ``y``, shape (B, M) or (M,).
        reduction: Over the samples of the batch: "mean", "sum" or "none".

    Returns:
        A number, or (B,) for "none"; not below 0 by more than what ``tolerance`` and rounding leave.

    Raises:
        ValueError: ``blur``, ``tolerance``, ``iterations`` or ``p`` is out of range, a shape, dtype or device does not
            fit, a sample has no real point, or a coordinate is not finite.

    Differentiable twice in the points. Time O(N M) an update, memory O(N + M).

    >>> import torch
    >>> x = torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    >>> sinkhorn_divergence(x, x + torch.tensor([0.5, 0.0]), blur=0.01)  # half of 0.5^2
    tensor(0.1250)
    """
    name = "sinkhorn_divergence"
    if not ((blur is None or blur > 0) and tolerance > 0 and iterations >= 1 and p in (1, 2)):
        raise ValueError(
            f"{name}: blur and tolerance must be positive, iterations at least 1, and p 1 or 2, "
            f"got {blur}, {tolerance}, {iterations} and {p}"
        )
    x_set, y_set = read_point_sets(name, x, y, x_mask=x_mask, y_mask=y_mask, x_weights=x_weights, y_weights=y_weights)
    masses = [(side.masses / side.masses.sum(-1, keepdim=True)).detach() for side in (x_set, y_set)]
    unit, blurs = _scales(x_set, y_set, masses, blur)
    sides = [(side.points / unit[:, None, None], mass) for side, mass in zip((x_set, y_set), masses)]

    def transport(first: int, second: int) -> Float[Tensor, "b"]:
        (points, weights), (others, other_weights) = sides[first], sides[second]
        settings = {"blur": blurs, "p": p, "tolerance": tolerance, "iterations": iterations}
        return entropic_transport(points, others, weights, other_weights, **settings).values * unit**p

    values = transport(0, 1)
    if debias:
        values = values - transport(0, 0) / 2 - transport(1, 1) / 2
    return reduce_elements(values.reshape(x.shape[:-2]), None, reduction)


def _scales(
    x: PointSet, y: PointSet, masses: Sequence[Float[Tensor, "b n"]], blur: float | None
) -> tuple[Float[Tensor, "b"], Float[Tensor, "b"]]:
    """The unit in which each sample is about 1 long, a power of 2 that rounds nothing, and the blur in it."""
    diagonals = diameters(x.points.detach(), y.points.detach(), *masses)
    diagonals = torch.where(diagonals > 0, diagonals, 1)
    unit = torch.ldexp(torch.ones_like(diagonals), torch.frexp(diagonals).exponent)
    wanted = SHARE * diagonals if blur is None else torch.full_like(diagonals, min(blur, torch.finfo(unit.dtype).max))
    blurs = torch.minimum(wanted, WIDEST * diagonals) / unit
    return unit, blurs.clamp(min=torch.finfo(unit.dtype).eps)  # whose square is a number, unlike that of any blur
