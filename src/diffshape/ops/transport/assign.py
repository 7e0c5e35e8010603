"""Minimum-cost one-to-one matching of two clouds of equally many points (the linear assignment problem).

    minimise over permutations a:  mean_i |x_i - y_a(i)|

Linear programming bounds it from below: whatever prices p the points of ``y`` have, every permutation costs at least
sum_i min_j (|x_i - y_j| + p_j) - sum_j p_j. Solvers return prices with the permutation; `optimality_gap` computes
how far apart the two are.
"""

import math
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape.kernels import numba_assignment
from diffshape.kernels.threads import run_tasks
from diffshape.ops.checks import require_finite, require_mask, widened
from diffshape.ops.neighbors.definition import REFERENCE_PAIRS, search_dtype
from diffshape.ops.operators import operator
from diffshape.ops.transport.auction import auction, cost_table

Solver = Literal["exact", "auction"]

EPSILON = 1e-2
"""Default of the largest excess of the auction's cost over the optimum, as a share of the optimum."""


@checked
def assign(
    x: Shaped[Tensor, "*b n d"],
    y: Shaped[Tensor, "*b n d"],
    *,
    solver: Solver = "exact",
    epsilon: float | None = None,
    squared: bool = False,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b n"] | None = None,
) -> Int[Tensor, "*b n"]:
    """Give every point of ``x`` a point of ``y`` of its own, at the smallest total distance.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length.
        y: As many points, same shape, unit, dtype and device.
        solver: "exact" finds the optimum; "auction" stops where its cost is proved to be at most 1 + ``epsilon`` times
            the optimum, which is faster, and on CUDA runs on the device.
        epsilon: For the auction only; 0.01 if ``None``.
        squared: The cost of a pair is |x - y|^2 instead of |x - y|.
        x_mask: True where a point of ``x`` is real, shape (B, N) or (N,).
        y_mask: True where a point of ``y`` is real, with as many real points in every sample.

    Returns:
        int64 indices a, shape (B, N) or (N,), a permutation: x_i belongs to y_a(i). Masked points of ``x`` get the
        masked points of ``y``, in their order.

    Raises:
        ValueError: The shapes, dtypes or devices disagree, there are not as many real points on each side, a real
            coordinate is not finite or its square not representable, or ``solver`` or ``epsilon`` is wrong.

    The indices have no gradient: gather ``y`` by them and subtract. Costs are computed in float64 from explicit
    differences (on CUDA, the auction keeps the dtype of the points), so digits survive far from the origin. "exact"
    runs on the CPU wherever the points are, one sample a thread. Memory is O(N); time grows about as N^2 on similar
    clouds, and as N^3 at worst. Sources: `diffshape.kernels.numba_auction` and `numba_assignment`.

    >>> x = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    >>> assign(x, torch.tensor([[1.0, 0.5], [5.0, 0.0]]))  # 0 -> 0 costs 1.1 and 1 -> 1 costs 4; the others 5 and 0.5
    tensor([0, 1])
    """
    indices, _ = match_points(*_read("assign", x, y, x_mask, y_mask), squared, _tolerance(solver, epsilon))
    return indices.reshape(x.shape[:-1])


@checked
def optimality_gap(
    x: Shaped[Tensor, "*b n d"],
    y: Shaped[Tensor, "*b n d"],
    indices: Int[Tensor, "*b n"],
    *,
    squared: bool = False,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b n"] | None = None,
) -> Float[Tensor, "*b"]:
    """How much the mean cost of an assignment, whoever made it, exceeds a proved lower bound of the optimum.

    Args:
        x: Points, as `assign` takes them.
        y: As many points.
        indices: For every point of ``x`` its point of ``y``, a permutation, shape (B, N) or (N,).
        squared: The cost of a pair is |x - y|^2 instead of |x - y|.
        x_mask: True where a point of ``x`` is real.
        y_mask: True where a point of ``y`` is real.

    Returns:
        float64 on the CPU, shape (B,) or (), in the unit of the cost, >= 0. A gap of 0 (about 1e-15 of the spread of
        the clouds, by rounding) proves the assignment optimal.

    Raises:
        ValueError: As `assign`, or ``indices`` is not a permutation that pairs real points with real points.

    The bound comes from prices that the exact solver finds, but its proof does not rely on the solver: the gap is the
    mean of |x_i - y_a(i)| + p_a(i) - min_j (|x_i - y_j| + p_j), all pairs looked at, with terms that no prices can make
    negative. Time O(N^2) beside the solver's, memory O(N).

    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> optimality_gap(x, x + 0.5, torch.tensor([0, 1, 2])), optimality_gap(x, x + 0.5, torch.tensor([1, 0, 2]))
    (tensor(0., dtype=torch.float64), tensor(0.3333, dtype=torch.float64))
    """
    x_batch, y_batch, x_real, y_real = (each.cpu() for each in _read("optimality_gap", x, y, x_mask, y_mask))
    x_batch, y_batch = x_batch.double(), y_batch.double()
    if indices.shape != x.shape[:-1] or indices.dtype != torch.int64:
        raise ValueError(
            f"optimality_gap: indices must be int64 of shape {tuple(x.shape[:-1])}, "
            f"got {indices.dtype}, {tuple(indices.shape)}"
        )
    places = indices.reshape(x_real.shape).cpu()
    if not torch.equal(places.sort(-1).values, torch.arange(x.shape[-2]).expand_as(places)):
        raise ValueError("optimality_gap: indices must be a permutation of 0..N-1 in every sample")
    if not torch.equal(y_real.gather(-1, places), x_real):
        raise ValueError("optimality_gap: indices must pair real points with real points")
    _, prices = match_points(x_batch, y_batch, x_real, y_real, squared, 0.0)
    gaps = [
        _mean_slack(x_batch[b][x_real[b]], y_batch[b], places[b][x_real[b]], prices[b], y_real[b], squared)
        for b in range(len(places))
    ]
    return torch.tensor(gaps, dtype=torch.float64).reshape(x.shape[:-2])


def _mean_slack(x: Tensor, y: Tensor, places: Tensor, prices: Tensor, y_real: Tensor, squared: bool) -> float:
    """The mean by which the points ``x`` of one sample pay more than their best, prices included."""
    if len(x) == 0:
        return 0.0
    prices, total = torch.where(y_real, prices, torch.inf), 0.0
    rows = max(1, REFERENCE_PAIRS // len(y))
    for some, taken in zip(x.split(rows), places.split(rows)):
        values = cost_table(some, torch.where(y_real[:, None], y, 0), squared) + prices
        total += (values.gather(1, taken[:, None])[:, 0] - values.amin(1)).sum().item()
    return total / len(x)


@operator("match_points")
def match_points(
    x: Tensor, y: Tensor, x_mask: Tensor, y_mask: Tensor, squared: bool, epsilon: float
) -> tuple[Tensor, Tensor]:
    """Permutations (B, N) of cost at most 1 + ``epsilon`` times the optimum, and prices (B, N), 0 in masked places."""
    x, x_order = _real_first("x", x, x_mask)
    y, y_order = _real_first("y", y, y_mask)
    counts = x_mask.sum(-1)
    unequal = counts != y_mask.sum(-1)
    if unequal.any():
        sample = int(unequal.nonzero()[0])
        raise ValueError(
            f"assign: x_mask and y_mask must leave as many points on each side, in sample {sample} they leave "
            f"{int(counts[sample])} and {int(y_mask.sum(-1)[sample])}"
        )
    if x.device.type == "cpu" or epsilon < numba_assignment.FINISH or x.numel() == 0:
        match, prices = _solve(x, y, counts, squared, epsilon)
    else:
        match, prices, settled = auction(x, y, x_mask.gather(1, x_order), squared, epsilon)
        if not settled.all():
            match, prices = _solve(x, y, counts, squared, epsilon)
    indices = torch.empty_like(match).scatter_(1, x_order, y_order.gather(1, match))
    return indices, torch.empty_like(prices).scatter_(1, y_order, prices)


@torch.library.register_fake(match_points)
def _(x: Tensor, y: Tensor, x_mask: Tensor, y_mask: Tensor, squared: bool, epsilon: float) -> tuple[Tensor, Tensor]:
    return x.new_empty(x.shape[:2], dtype=torch.int64), x.new_empty(x.shape[:2])


def _real_first(name: str, points: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The points of each sample, real ones first and masked ones 0, and the order that brings them there."""
    points = torch.where(mask[..., None], points, 0)
    require_finite("assign", name, points)
    if not torch.isfinite(4 * points.square().sum(-1)).all():
        raise ValueError(f"assign: {name} is too large, squared distances overflow {points.dtype}")
    order = mask.to(torch.uint8).argsort(dim=-1, descending=True, stable=True)
    return points.gather(1, order[..., None].expand_as(points)), order


def _solve(x: Tensor, y: Tensor, counts: Tensor, squared: bool, epsilon: float) -> tuple[Tensor, Tensor]:
    """The kernel's answer for clouds of which the first ``counts`` points are real, on the device of ``x``."""
    match = torch.arange(x.shape[1]).repeat(len(x), 1)
    prices = torch.zeros(x.shape[:2], dtype=torch.float64)
    bidders, objects = x.cpu().double().contiguous(), y.cpu().double().mT.contiguous()
    arrays = [each.numpy() for each in (bidders, objects, counts.cpu(), match, prices)]
    run_tasks(numba_assignment.solve, len(x), *arrays, squared, epsilon)
    return match.to(x.device), prices.to(x)


def _tolerance(solver: str, epsilon: float | None) -> float:
    """Largest excess of a solver's cost over the optimum, as a share of the optimum."""
    if solver == "exact" and epsilon is None:
        return 0.0
    if solver == "exact":
        raise ValueError(f'assign: epsilon belongs to solver="auction", got {epsilon} with "exact"')
    if solver != "auction":
        raise ValueError(f'assign: solver must be "exact" or "auction", got {solver!r}')
    if epsilon is not None and not 0 < epsilon < math.inf:
        raise ValueError(f"assign: epsilon must be positive and finite, got {epsilon}")
    return EPSILON if epsilon is None else float(epsilon)


def _read(
    function: str, x: Tensor, y: Tensor, x_mask: Tensor | None, y_mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Both sides and their masks as detached batches, or a ValueError that names the argument."""
    if x.ndim not in (2, 3):
        raise ValueError(f"{function}: x must have shape (B, N, D) or (N, D), got {tuple(x.shape)}")
    if y.shape != x.shape:
        raise ValueError(
            f"{function}: needs as many points on each side, y of shape {tuple(x.shape)} like x, got {tuple(y.shape)}"
        )
    x, y = (widened(each) if each.is_floating_point() else each for each in (x, y))
    if x.dtype != y.dtype or x.device != y.device:
        raise ValueError(
            f"{function}: x and y must share dtype and device, got {x.dtype} on {x.device} and {y.dtype} on {y.device}"
        )
    x_batch, y_batch = (search_dtype(each.detach() if each.ndim == 3 else each.detach()[None]) for each in (x, y))
    return x_batch, y_batch, _read_mask(function, "x_mask", x_mask, x), _read_mask(function, "y_mask", y_mask, x)


def _read_mask(function: str, name: str, mask: Tensor | None, points: Tensor) -> Tensor:
    """A mask with a batch dimension, all True if there is none."""
    require_mask(function, name, mask, points)
    if mask is None:
        mask = torch.ones(points.shape[:-1], dtype=torch.bool, device=points.device)
    return mask if mask.ndim == 2 else mask[None]
