"""Bertsekas's auction between two clouds on the CPU, without a table of costs.

Every object j, a point of y, has a price p_j. A bidder i, a point of x, wants the object of smallest c_ij + p_j, takes
it from whoever holds it, and raises its price until it is ``step`` dearer than the second choice. When everyone holds
something, nobody pays more than ``step`` above its smallest c_ij + p_j: what they pay above it, all together, is the
gap between the cost and a lower bound of the optimum. Steps shrink until the gap is small.

Prices never fall. So the K best objects that a bidder listed, with their values c_ij + p_j of that time, tell its best
two for as long as the second best stays below the last value listed: nothing outside the list has become cheaper. Only
then all objects are looked at again. Memory is O(N K), and few bids cost O(N).

Source: Bertsekas, Annals of Operations Research 14, 1988, one bid at a time ("Gauss-Seidel").
"""

import math
from typing import NamedTuple

import numpy as np

from diffshape.kernels.compiled import compiled

LISTED, BLOCK = 16, 16
"""Objects K that a bidder lists, and the least number of objects in a block, no fewer than K."""

FIRST_STEP, STEP_RATIO, LAST_STEP = 0.05, 5.0, 1e-10
"""First step as a share of the largest cost, factor by which steps shrink, and share at which the auction gives up."""


class Market(NamedTuple):
    """State of the auction between N bidders and N objects, which stand in blocks of neighbours."""

    bidders: np.ndarray  # (N, D) float64
    objects: np.ndarray  # (D, N) float64
    squared: bool  # costs are |x - y|^2
    holds: np.ndarray  # (N,) int64, the object of each bidder, -1 for none
    owner: np.ndarray  # (N,) int64, the bidder that holds each object, -1 for none
    prices: np.ndarray  # (N,) float64
    listed: np.ndarray  # (N, K) int64, the best objects of each bidder when it last looked at all
    costs: np.ndarray  # (N, K) float64, their costs
    values: np.ndarray  # (N, K) float64, their costs and prices at that time, ascending
    first: np.ndarray  # (M + 1,) int64, where blocks begin and end
    low: np.ndarray  # (D, M) float64, the smallest coordinates of each block
    high: np.ndarray  # (D, M) float64, the largest ones
    cheapest: np.ndarray  # (M,) float64, no more than the lowest price in each block
    least: np.ndarray  # (M,) float64, scratch: no more than the lowest cost in each block
    row: np.ndarray  # (N,) float64, scratch: costs of objects


@compiled
def open_market(bidders, objects, squared, prices) -> Market:
    """A market where nobody holds an object and every bidder has its list; near objects should come together."""
    dimension, count = objects.shape
    blocks = max(1, count // BLOCK)
    shape = count, min(count, LISTED)
    market = Market(
        bidders,
        objects,
        squared,
        np.full(count, -1),
        np.full(count, -1),
        prices,
        np.empty(shape, np.int64),
        np.empty(shape),
        np.empty(shape),
        np.arange(blocks + 1) * count // blocks,
        np.empty((dimension, blocks)),
        np.empty((dimension, blocks)),
        np.zeros(blocks),
        np.empty(blocks),
        np.empty(count),
    )
    for block in range(blocks):
        part = objects[:, market.first[block] : market.first[block + 1]]
        for axis in range(dimension):
            market.low[axis, block], market.high[axis, block] = part[axis].min(), part[axis].max()
    for i in range(count):
        bound_blocks(market, i)
        start = market.first[np.argmin(market.least)]
        for k in range(shape[1]):
            market.listed[i, k], market.costs[i, k] = start + k, cost(market, i, start + k)
        _look(market, i)
    return market


@compiled
def cost(market, i, j) -> float:
    """c_ij from explicit differences."""
    total = 0.0
    for axis in range(len(market.objects)):
        difference = market.objects[axis, j] - market.bidders[i, axis]
        total += difference * difference
    return total if market.squared else math.sqrt(total)


@compiled
def bound_blocks(market, i) -> None:
    """Write a lower bound of the costs of each block's objects to a bidder: the distance to the block's box."""
    least = market.least
    least[:] = 0.0
    for axis in range(len(market.objects)):
        low, high, place = market.low[axis], market.high[axis], market.bidders[i, axis]
        for block in range(len(least)):
            outside = max(max(low[block] - place, place - high[block]), 0.0)
            least[block] += outside * outside
    if not market.squared:
        for block in range(len(least)):
            least[block] = math.sqrt(least[block])


@compiled
def fill_row(bidder, objects, squared, first, last, row) -> None:
    """Write the costs of some objects to a bidder, bit by bit those of `cost`, in loops fit for vector instructions."""
    row[first:last] = 0.0
    for axis in range(len(objects)):
        place = bidder[axis]
        for j in range(first, last):
            difference = objects[axis, j] - place
            row[j] += difference * difference
    if not squared:
        for j in range(first, last):
            row[j] = math.sqrt(row[j])


@compiled
def look_again(market, i) -> None:
    """List the objects of smallest cost + price for a bidder anew."""
    bound_blocks(market, i)
    _look(market, i)


@compiled
def _look(market, i) -> None:
    """Insert objects in a list that begins as wide as the old one has become; blocks beyond its end are left out."""
    listed, costs, values, prices, row = market.listed[i], market.costs[i], market.values[i], market.prices, market.row
    bidder, last, bound = market.bidders[i], len(listed) - 1, 0.0
    for k in range(last + 1):
        bound = max(bound, costs[k] + prices[listed[k]])
    values[:] = np.nextafter(bound, np.inf)
    for block in range(len(market.least)):
        if market.least[block] + market.cheapest[block] >= values[last]:
            continue
        cheapest, start, end = np.inf, market.first[block], market.first[block + 1]
        fill_row(bidder, market.objects, market.squared, start, end, row)
        for j in range(start, end):
            cheapest = min(cheapest, prices[j])
            value = row[j] + prices[j]
            if value < values[last]:
                slot = last
                while slot > 0 and values[slot - 1] > value:
                    values[slot], listed[slot], costs[slot] = values[slot - 1], listed[slot - 1], costs[slot - 1]
                    slot -= 1
                values[slot], listed[slot], costs[slot] = value, j, row[j]
        market.cheapest[block] = cheapest


@compiled
def best_two(market, i) -> tuple[int, float, float]:
    """The object of smallest cost + price for a bidder, that value, and the second smallest."""
    listed, costs, values = market.listed[i], market.costs[i], market.values[i]
    while True:
        choice, best, second = -1, np.inf, np.inf
        for k in range(len(listed)):
            if values[k] >= second:  # as is every value after it, listed or not
                return choice, best, second
            value = costs[k] + market.prices[listed[k]]
            if value < best:
                choice, best, second = listed[k], value, best
            elif value < second:
                second = value
        if second <= values[-1] or len(listed) == len(market.row):
            return choice, best, second
        look_again(market, i)


@compiled
def bid_until_settled(market, epsilon) -> bool:
    """Auction with shrinking steps until the gap is at most epsilon times the bound; False if that never comes."""
    count = len(market.row)
    largest = _largest_cost(market)
    step = FIRST_STEP * largest
    waiting = np.arange(count)
    while step > LAST_STEP * largest:
        _bid(market, waiting, step)
        step /= STEP_RATIO
        total = gap = 0.0
        unhappy = np.empty(count, np.bool_)
        for i in range(count):
            paid = cost(market, i, market.holds[i])
            overpaid = paid + market.prices[market.holds[i]] - best_two(market, i)[1]
            unhappy[i] = overpaid > step
            total, gap = total + paid, gap + overpaid
        if gap <= epsilon * (total - gap):
            return True
        waiting = np.flatnonzero(unhappy)
        for i in waiting:
            market.owner[market.holds[i]] = -1
            market.holds[i] = -1
    return False


@compiled
def _largest_cost(market) -> float:
    """An upper bound of all costs: the diagonal of the box around both clouds."""
    total = 0.0
    for axis in range(len(market.objects)):
        places = market.bidders[:, axis]
        side = max(places.max(), market.high[axis].max()) - min(places.min(), market.low[axis].min())
        total += side * side
    return total if market.squared else math.sqrt(total)


@compiled
def _bid(market, waiting, step) -> None:
    """Let everyone who waits bid, and whoever loses an object at once, until all hold one."""
    for i in waiting:
        while i >= 0:
            i = take(market, i, step)


@compiled
def take(market, i, step) -> int:
    """Give a bidder its best object, at the price where it is ``step`` dearer than the second; who loses it, or -1."""
    j, best, second = best_two(market, i)
    loser = market.owner[j]
    if second < np.inf:
        market.prices[j] += second - best
    market.prices[j] += step
    market.owner[j], market.holds[i] = i, j
    if loser >= 0:
        market.holds[loser] = -1
    return loser
