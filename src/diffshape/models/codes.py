"""Codes of shapes between two others, for any model that has codes."""

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._bounds import check_fits


def interpolated_codes(
    name: str, first: Float[Tensor, "c"], last: Float[Tensor, "c"], count: int, latent: int
) -> Float[Tensor, "n c"]:
    """``count`` codes at equal steps on the line from one code to another, both ends included.

    Args:
        name: Public function that was called, for errors.
        first: A code, shape (latent,).
        last: Another one.
        count: Number of codes, 2 or more.
        latent: Size of the codes of the model.

    Raises:
        ValueError: The codes are not of shape (latent,), or ``count`` is below 2.

    >>> interpolated_codes("blend", torch.zeros(1), torch.ones(1), 3, 1).tolist()
    [[0.0], [0.5], [1.0]]
    """
    check_fits(f"{name}: count", count, 4 * latent, 2)
    if first.shape != last.shape or first.shape != (latent,):
        raise ValueError(
            f"{name}: first and last must have shape ({latent},), got {tuple(first.shape)} and {tuple(last.shape)}"
        )
    return torch.lerp(first, last, torch.linspace(0, 1, count).to(first)[:, None])
