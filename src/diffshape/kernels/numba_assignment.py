"""Minimum-cost one-to-one matching of two clouds on the CPU: an auction, finished exactly.

The auction's prices are nearly right, its pairs nearly optimal. The exact solver keeps the prices and lets everyone bid
again with step 0, so that each bidder pays its very smallest c_ij + p_j. Who could only take an object from another
for nothing, back and forth, waits; each of them then gets a free object along the shortest augmenting path, in lengths
c_ij + p_j - min_j (c_ij + p_j), and prices on the way rise so that everyone still pays the smallest. Such a matching is
optimal, and its prices prove it.

Prices only rise here, too, so the bidders' lists stay good: a search follows listed objects, and looks at all objects
of a bidder when its frontier passes the last value listed.

Source: Jonker and Volgenant, Computing 38, 1987 (bids with step 0, then paths by Dijkstra's algorithm).
"""

from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_auction import (
    best_two,
    bid_until_settled,
    bound_blocks,
    cost,
    fill_row,
    look_again,
    open_market,
    take,
)
from diffshape.kernels.numba_morton import morton_order

FINISH = 3e-4
"""The relative gap at which bidding ends and the exact finish begins, and below which auctions are finished exactly."""

BIDS = 1
"""Bids with step 0 that are allowed, as a multiple of the number of bidders; after those, paths are faster."""


class Search(NamedTuple):
    """The state of a search for the nearest free object."""

    lengths: np.ndarray  # (N,) float64, of the shortest path known to each object, infinite if none is
    previous: np.ndarray  # (N,) int64, the bidder before each object on that path
    reached: np.ndarray  # (N,) bool, the path is final
    offsets: np.ndarray  # (N,) float64, what to add to cost + price for the length of a path through each bidder
    limit: np.ndarray  # (1,) float64, the shortest path known to a free object


@compiled
def solve(task, bidders, objects, counts, match, prices, squared, epsilon) -> None:
    """Match the first ``counts[task]`` bidders and objects of one sample, at most epsilon above the optimum.

    Args:
        task: The sample, one of B.
        bidders: (B, N, D) float64, C-contiguous.
        objects: (B, D, N) float64, C-contiguous.
        counts: (B,) int64.
        match: (B, N) int64, receives the object of each bidder.
        prices: (B, N) float64, 0, receives prices that prove the bound.
        squared: Costs are |x - y|^2.
        epsilon: Largest excess as a share of the optimum; 0, and anything below FINISH, gives the optimum itself.
    """
    n, dimension = counts[task], bidders.shape[2]
    if n == 0:
        return
    columns = np.zeros((n, 3))
    columns[:, : min(dimension, 3)] = objects[task, :3, :n].T
    order = morton_order(columns)
    sorted_objects = np.empty((dimension, n))
    for axis in range(dimension):
        sorted_objects[axis] = objects[task, axis][order]
    market = open_market(bidders[task, :n], sorted_objects, squared, np.zeros(n))
    settled = bid_until_settled(market, max(epsilon, FINISH))
    if epsilon < FINISH or not settled:
        _finish(market)
    for i in range(n):
        match[task, i] = order[market.holds[i]]
        prices[task, order[i]] = market.prices[i]


@compiled
def _finish(market) -> None:
    """Bid with step 0 as long as that settles anyone, then find a path for each bidder left over."""
    n = len(market.row)
    market.owner[:], market.holds[:] = -1, -1
    left, count = np.empty(n, np.int64), 0
    bids = BIDS * n
    for i in range(n):
        while i >= 0:
            j, best, second = best_two(market, i)
            if market.owner[j] >= 0 and (second <= best or bids == 0):
                left[count] = i
                count += 1
                break
            bids -= bids > 0
            i = take(market, i, 0.0)
    search = Search(np.empty(n), np.empty(n, np.int64), np.empty(n, np.bool_), np.empty(n), np.empty(1))
    for i in left[:count]:
        _augment(market, search, i)


@compiled
def _augment(market, search, source) -> None:
    """Give a bidder an object along the shortest path to a free one; everyone on the path moves on by one."""
    n = len(market.row)
    search.lengths[:], search.reached[:], search.limit[0] = np.inf, False, np.inf
    heap = [(0.0, 0)]  # length and object, or N + bidder where all objects of a bidder must be looked at
    heap.pop()
    i, length = source, 0.0
    search.offsets[i] = -best_two(market, i)[1]
    while True:
        _scan_listed(market, search, heap, i, length)
        length, j = heappop(heap)
        while j >= n or search.reached[j]:
            if j >= n:
                _scan_all(market, search, heap, j - n, length)
            length, j = heappop(heap)
        search.reached[j] = True
        i = market.owner[j]
        if i < 0:
            break
        search.offsets[i] = length - cost(market, i, j) - market.prices[j]
    for k in range(n):
        if search.reached[k]:
            market.prices[k] += length - search.lengths[k]
    while j >= 0:
        i = search.previous[j]
        market.owner[j] = i
        j, market.holds[i] = market.holds[i], j


@compiled
def _scan_listed(market, search, heap, i, length) -> None:
    """Follow the listed objects of a bidder at the end of a path, and note where the others would begin."""
    n, offset = len(market.row), search.offsets[i]
    listed, costs, values, prices = market.listed[i], market.costs[i], market.values[i], market.prices
    lengths, limit = search.lengths, search.limit
    if values[-1] + offset <= length and len(listed) < n:
        look_again(market, i)
    for k in range(len(listed)):
        if values[k] + offset >= limit[0]:
            return
        j = listed[k]
        longer = max(offset + costs[k] + prices[j], length)
        if longer < lengths[j] and longer < limit[0]:
            _reach(market.owner, search, heap, i, j, longer)
    if len(listed) < n:
        heappush(heap, (max(values[-1] + offset, length), n + i))


@compiled
def _scan_all(market, search, heap, i, length) -> None:
    """Follow all objects of a bidder at the end of a path."""
    offset, row, prices = search.offsets[i], market.row, market.prices
    lengths, limit = search.lengths, search.limit
    bound_blocks(market, i)
    for block in range(len(market.least)):
        if market.least[block] + market.cheapest[block] + offset < limit[0]:
            first, last = market.first[block], market.first[block + 1]
            fill_row(market.bidders[i], market.objects, market.squared, first, last, row)
            for j in range(first, last):
                longer = max(offset + row[j] + prices[j], length)
                if longer < lengths[j] and longer < limit[0]:
                    _reach(market.owner, search, heap, i, j, longer)


@compiled
def _reach(owner, search, heap, i, j, length) -> None:
    """Note a path over bidder i to object j, the shortest known."""
    search.lengths[j], search.previous[j] = length, i
    heappush(heap, (length, j))
    if owner[j] < 0:
        search.limit[0] = length
