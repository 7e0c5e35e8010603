"""Bids of an auction on CUDA: the two best objects of every bidder, without a table of costs.

One program a bidder walks over the objects of its sample, a block at a time, and writes nothing but its own answer: the
result does not depend on the order in which programs run.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK = 1024
"""Objects looked at together."""


@triton.jit
def _bid(
    x, y, prices, bidders, best, second, choice, count, D: tl.constexpr, SQUARED: tl.constexpr, BLOCK: tl.constexpr
):
    program = tl.program_id(0)
    bidder = tl.load(bidders + program)
    first = bidder // count * count
    lane = tl.arange(0, BLOCK)
    nothing = tl.full([BLOCK], float("inf"), x.dtype.element_ty)
    least, next_least, chosen = tl.min(nothing, 0), tl.min(nothing, 0), first
    for start in range(0, count, BLOCK):
        inside = start + lane < count
        rows = first + start + lane
        cost = tl.zeros([BLOCK], x.dtype.element_ty)
        for axis in tl.static_range(D):
            difference = tl.load(x + bidder * D + axis) - tl.load(y + rows * D + axis, mask=inside, other=0.0)
            cost += difference * difference
        if not SQUARED:
            cost = tl.sqrt(cost)
        value = tl.where(inside, cost + tl.load(prices + rows, mask=inside, other=0.0), nothing)
        lowest, place = tl.min(value, 0), tl.argmin(value, 0)
        rest = tl.min(tl.where(lane == place, nothing, value), 0)
        next_least = tl.minimum(tl.maximum(least, lowest), tl.minimum(next_least, rest))
        chosen = tl.where(lowest < least, first + start + place, chosen)
        least = tl.minimum(least, lowest)
    tl.store(best + program, least)
    tl.store(second + program, next_least)
    tl.store(choice + program, chosen)


def bid(x: Tensor, y: Tensor, prices: Tensor, bidders: Tensor, squared: bool) -> tuple[Tensor, Tensor, Tensor]:
    """What `ops.transport.auction.bid_by_definition` gives of contiguous tensors, but for the last bits."""
    best, second = x.new_empty(2, len(bidders))
    choice = torch.empty_like(bidders)
    if len(bidders):
        shape = {"count": x.shape[1], "D": x.shape[2], "SQUARED": squared, "BLOCK": BLOCK}
        _bid[(len(bidders),)](x, y, prices, bidders, best, second, choice, **shape)
    return best, second, choice
