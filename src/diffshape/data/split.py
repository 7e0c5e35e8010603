"""Who learns and who is kept for the test."""

import torch
from jaxtyping import Int
from torch import Tensor


def split_held_out(count: int, holdout: float, *, seed: int = 0) -> tuple[Int[Tensor, "l"], Int[Tensor, "t"]]:
    """Places of ``count`` examples, shuffled: those to learn from, and a share for the test; at least one of each.

    Args:
        count: Two or more.
        holdout: Share of the test, in (0, 1).
        seed: Of the shuffling.

    >>> learn, test = split_held_out(10, 0.2)
    >>> len(learn), len(test), sorted([*learn.tolist(), *test.tolist()]) == list(range(10))
    (8, 2, True)
    """
    held_out = min(max(1, round(holdout * count)), count - 1)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return order[held_out:], order[:held_out]
