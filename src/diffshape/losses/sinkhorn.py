"""The Sinkhorn divergence: optimal transport smoothed by an entropy, made a distance again by what the sets cost alone.

    S(x, y) = OT_eps(x, y) - OT_eps(x, x) / 2 - OT_eps(y, y) / 2,      cost |x - y|^p / p,   eps = blur^p

It is 0 for equal sets, positive otherwise, convex in the weights, and tends to W_p^p / p as blur -> 0 and to a kernel
distance as blur -> infinity. Source: Feydy et al., Interpolating between Optimal Transport and MMD using Sinkhorn
Divergences, AISTATS 2019, equation 3 (their GeomLoss has the same costs).
"""

from typing import Literal

from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.losses.point_sets import read_point_sets
from diffshape.losses.reduction import Reduction, reduce_elements
from diffshape.ops.checks import checked
from diffshape.ops.entropic_transport import entropic_transport


@checked
def sinkhorn_divergence(
    x: Float[Tensor, "*b n d"],
    y: Float[Tensor, "*b m d"],
    *,
    blur: float = 0.05,
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
    """Sinkhorn divergence; see the formula at the top of this file.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u.
        y: Points, shape (B, M, D) or (M, D), same unit, dtype and device; M may differ from N.
        blur: Length in u below which details are smoothed away; the time grows as it shrinks. Not free of scale: it
            suits points in a box of side 1.
        p: Order of the cost |x - y|^p / p: 1 in u, 2 in u^2.
        debias: Subtract what the sets cost alone. Without it the least value is not at x = y, and points shrink
            towards one another.
        tolerance: Share of the mass that the transport plan may leave in the wrong place.
        iterations: The most updates of the potentials at the final blur; more are needed only with a warning.
        x_mask: Which points are real; masked ones may hold anything.
        y_mask: The same for ``y``.
        x_weights: Mass of each point, shape (B, N) or (N,): not negative and not all 0; divided by its sum. A constant.
        y_weights: The same for ``y``.
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
    if not (blur > 0 and tolerance > 0 and iterations >= 1 and p in (1, 2)):
        raise ValueError(
            f"{name}: blur and tolerance must be positive, iterations at least 1, and p 1 or 2, "
            f"got {blur}, {tolerance}, {iterations} and {p}"
        )
    x_set, y_set = read_point_sets(name, x, y, x_mask=x_mask, y_mask=y_mask, x_weights=x_weights, y_weights=y_weights)
    sides = [(side.points, (side.masses / side.masses.sum(-1, keepdim=True)).detach()) for side in (x_set, y_set)]

    def transport(first: int, second: int) -> Float[Tensor, "b"]:
        (points, weights), (others, other_weights) = sides[first], sides[second]
        settings = {"blur": blur, "p": p, "tolerance": tolerance, "iterations": iterations}
        return entropic_transport(points, others, weights, other_weights, **settings).values

    values = transport(0, 1)
    if debias:
        values = values - transport(0, 0) / 2 - transport(1, 1) / 2
    return reduce_elements(values.reshape(x.shape[:-2]), None, reduction)
