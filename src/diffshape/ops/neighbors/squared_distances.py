"""From squared distances to distances, where points may coincide."""

import torch
from jaxtyping import Float
from torch import Tensor


def distance_from_squared(squared: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
    """The square root, with subgradient 0 at 0 where its derivative is infinite.

    >>> distance_from_squared(torch.tensor([4.0, 0.0]))
    tensor([2., 0.])
    """
    positive = squared > 0
    return torch.where(positive, torch.where(positive, squared, 1).sqrt(), 0)
