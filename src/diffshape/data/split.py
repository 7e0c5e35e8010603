"""Random split into training and test examples."""

import torch
from jaxtyping import Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_number, check_seed


@checked
def train_test_split(
    count: int, holdout: float = 0.2, *, seed: int = 0
) -> tuple[Int[Tensor, "train"], Int[Tensor, "test"]]:
    """Places of ``count`` examples in random order: those to train on, and a share kept for the test.

    The test gets round(holdout * count) of them, but at least one, and leaves at least one to train on.

    Args:
        count: Number of examples, at least 2.
        holdout: Share of the test, between 0 and 1.
        seed: Seed of the order.

    Returns:
        Places for training and for the test, int64, none of them twice.

    Raises:
        ValueError: There are fewer than two examples, or ``holdout`` is not between 0 and 1.

    >>> train, test = train_test_split(10, 0.2)
    >>> len(train), len(test), sorted([*train.tolist(), *test.tolist()]) == list(range(10))
    (8, 2, True)
    """
    check_fits("train_test_split: count", count, 16, 2)
    check_number("train_test_split: holdout", holdout, 0, above=True)
    if not holdout < 1:
        raise ValueError(f"train_test_split: holdout must be a share between 0 and 1, got {holdout}")
    check_seed("train_test_split: seed", seed)
    tested = min(max(1, round(holdout * count)), count - 1)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return order[tested:], order[:tested]
