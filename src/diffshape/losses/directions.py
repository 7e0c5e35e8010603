"""Vectors of any length as directions."""

import torch
from jaxtyping import Float
from torch import Tensor


def unit_vectors(vectors: Float[Tensor, "*b d"]) -> Float[Tensor, "*b d"]:
    """The vectors with length 1, of which tiny ones have a direction too; 0, with gradient 0, where they are exactly 0.

    >>> unit_vectors(torch.tensor([[0.0, 3e-30, 4e-30], [0.0, 0.0, 0.0]]))
    tensor([[0.0000, 0.6000, 0.8000],
            [0.0000, 0.0000, 0.0000]])
    """
    largest = vectors.detach().abs().amax(-1, keepdim=True)
    known = largest != 0
    vectors = torch.where(known, vectors / torch.where(known, largest, 1), 1)  # else tiny ones have squares of 0
    return torch.where(known, vectors / vectors.square().sum(-1, keepdim=True).sqrt(), 0)
