"""Bertsekas's auction for a whole batch at once: everyone without an object bids, and the highest bid takes it.

A bidder x_i bids for the object y_j of smallest |x_i - y_j| + p_j, and raises its price p_j by what the second best
would cost it more, plus ``step``. When everyone holds an object, nobody pays more than ``step`` above its smallest
|x_i - y_j| + p_j; what they do pay above it, all together, is the gap between the cost of this assignment and a lower
bound of the optimum. Those who pay more than a smaller step above it bid again, until the gap is small.

This is the definition, on any device; on CUDA a kernel makes the bids. Everyone bids from the same prices and equal
bids go to the lowest bidder, so every run gives the same result.
Source: Bertsekas, Annals of Operations Research 14, 1988, with simultaneous ("Jacobi") bids.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape.ops.engines import triton_is_installed
from diffshape.ops.neighbors.definition import REFERENCE_PAIRS, squared_distance_table

FIRST_STEP, STEP_RATIO = 0.05, 5.0
"""First step, as a share of the largest cost, and the factor by which steps shrink."""

LAST_STEP = 64.0
"""Smallest step, in rounding units of the largest cost: prices grow to a few times that cost and must still rise."""


class Auction(NamedTuple):
    """The result for B samples of N points."""

    match: Int[Tensor, "b n"]
    """The object of every bidder; absent bidders hold their own place."""
    prices: Float[Tensor, "b n"]
    """Price of every object, 0 for absent ones."""
    settled: Bool[Tensor, "b"]
    """Whether the gap fell to what was asked for before the smallest step."""


def auction(
    x: Float[Tensor, "b n d"], y: Float[Tensor, "b n d"], real: Bool[Tensor, "b n"], squared: bool, epsilon: float
) -> Auction:
    """Match bidders to objects so that the cost is at most 1 + epsilon times the optimum.

    Args:
        x: Bidders, contiguous, float32 or float64, finite.
        y: Objects, likewise.
        real: Which rows of ``x`` and of ``y`` are present, the first ones of every sample.
        squared: Costs are |x_i - y_j|^2.
        epsilon: Positive.
    """
    market = _open(x, y, real, squared)
    largest = _largest_cost(x, y, real, squared)
    largest = torch.where(largest > 0, largest, 1)
    step, last = FIRST_STEP * largest, LAST_STEP * torch.finfo(x.dtype).eps * largest
    while True:
        _sell(market, step)
        costs, overpaid = _accounts(market)
        gap = overpaid.sum(-1)
        settled = gap <= epsilon * (costs.sum(-1) - gap)
        bidding = ~settled & (step > last)
        if not bidding.any():
            break
        step = step / STEP_RATIO
        _release(market, bidding[:, None] & (overpaid > step[:, None]))
    own_place = torch.arange(x.shape[1], device=x.device)
    first = len(own_place) * torch.arange(len(x), device=x.device)[:, None]
    match = torch.where(real, market.match.view(real.shape) - first, own_place)
    return Auction(match, torch.where(real, market.prices, 0), settled)


class _Market(NamedTuple):
    """State of the auction; bidders and objects are rows of the flattened batch, -1 is none."""

    x: Float[Tensor, "b n d"]
    y: Float[Tensor, "b n d"]
    squared: bool
    real: Bool[Tensor, "b_n"]
    match: Int[Tensor, "b_n"]
    owner: Int[Tensor, "b_n"]
    prices: Float[Tensor, "b n"]


def _open(x: Tensor, y: Tensor, real: Tensor, squared: bool) -> _Market:
    nobody = torch.full_like(real.flatten(), -1, dtype=torch.int64)
    prices = torch.where(real, 0, torch.inf).to(x)
    return _Market(x, y, squared, real.flatten(), nobody, nobody.clone(), prices)


def _largest_cost(x: Tensor, y: Tensor, real: Tensor, squared: bool) -> Float[Tensor, "b"]:
    """An upper bound of all costs of each sample."""
    x_reach, y_reach = (torch.where(real, (each - x[:, :1]).norm(dim=-1), 0).amax(-1) for each in (x, y))
    reach = x_reach + y_reach
    return reach**2 if squared else reach


def _sell(market: _Market, step: Float[Tensor, "b"]) -> None:
    """Bid until every bidder holds an object."""
    count, prices = market.x.shape[1], market.prices.view(-1)
    while len(bidders := ((market.match < 0) & market.real).nonzero()[:, 0]):
        best, second, choice = _bid(market, bidders)
        rise = torch.where(second < torch.inf, second - best, 0) + step[bidders // count]
        offers = prices[choice] + rise
        highest = torch.full_like(prices, -torch.inf).scatter_reduce_(0, choice, offers, "amax")
        first = torch.where(offers == highest[choice], bidders, len(prices))  # of those who offer it
        winner = torch.full_like(market.owner, len(prices)).scatter_reduce_(0, choice, first, "amin")
        sold = (winner < len(prices)).nonzero()[:, 0]
        losers = market.owner[sold]
        market.match[losers[losers >= 0]] = -1
        market.match[winner[sold]], market.owner[sold] = sold, winner[sold]
        prices[sold] = highest[sold]


def _accounts(market: _Market) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b n"]]:
    """Cost of each bidder's object, and its excess over the bidder's best one, prices included."""
    bidders = market.real.nonzero()[:, 0]
    objects = market.match[bidders]
    squared = (market.x.flatten(0, 1)[bidders] - market.y.flatten(0, 1)[objects]).square().sum(-1)
    costs, overpaid = torch.zeros_like(market.prices), torch.zeros_like(market.prices)
    costs.view(-1)[bidders] = squared if market.squared else squared.sqrt()
    paid = costs.view(-1)[bidders] + market.prices.view(-1)[objects]
    overpaid.view(-1)[bidders] = (paid - _bid(market, bidders)[0]).clamp(min=0)
    return costs, overpaid


def _release(market: _Market, unhappy: Bool[Tensor, "b n"]) -> None:
    """Take the objects from these bidders."""
    bidders = unhappy.flatten().nonzero()[:, 0]
    market.owner[market.match[bidders]] = -1
    market.match[bidders] = -1


def _bid(market: _Market, bidders: Int[Tensor, "r"]) -> tuple[Tensor, Tensor, Tensor]:
    """`bid_by_definition`, by a kernel where there is one."""
    bid = bid_by_definition
    if market.x.is_cuda and triton_is_installed():
        from diffshape.kernels.triton_auction import bid
    return bid(market.x, market.y, market.prices, bidders, market.squared)


def bid_by_definition(
    x: Float[Tensor, "b n d"],
    y: Float[Tensor, "b n d"],
    prices: Float[Tensor, "b n"],
    bidders: Int[Tensor, "r"],
    squared: bool,
) -> tuple[Float[Tensor, "r"], Float[Tensor, "r"], Int[Tensor, "r"]]:
    """Smallest and second smallest cost + price of each bidder, and the object of the smallest, lowest if several.

    Bidders and objects are rows of the flattened batch; an object of infinite price is not to be had.
    """
    count = x.shape[1]
    found = []
    for part in bidders.split(max(1, REFERENCE_PAIRS // count)):
        sample = part // count
        values = cost_table(x.flatten(0, 1)[part][:, None], y[sample], squared)[:, 0] + prices[sample]
        place = values.argmin(1, keepdim=True)  # the first of equal minima
        best = values.gather(1, place)[:, 0]
        second = values.scatter_(1, place, torch.inf).amin(1)
        found.append((best, second, place[:, 0] + sample * count))
    best, second, choice = (torch.cat(each) for each in zip(*found))
    return best, second, choice


def cost_table(x: Float[Tensor, "*b n d"], y: Float[Tensor, "*b m d"], squared: bool) -> Float[Tensor, "*b n m"]:
    """|x_i - y_j| of all pairs, or its square."""
    table = squared_distance_table(x, y)
    return table if squared else table.sqrt_()
