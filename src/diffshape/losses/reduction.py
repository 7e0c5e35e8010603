"""How the elements of a loss become one number, the same way in every elementwise loss."""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Reduction = Literal["mean", "sum", "none"]


def reduce_elements(
    values: Float[Tensor, "*b"], mask: Bool[Tensor, "*b"] | None, reduction: Reduction
) -> Float[Tensor, "*out"]:
    """Mean or sum over the real elements, or all of them with 0 in masked places.

    The mean of no elements is 0 with a zero gradient.

    >>> reduce_elements(torch.tensor([1.0, 3.0, torch.nan]), torch.tensor([True, True, False]), "mean")
    tensor(2.)
    """
    if mask is not None:
        values = torch.where(mask, values, 0)
    if reduction == "none":
        return values
    if reduction == "sum":
        return values.sum()
    if reduction == "mean":
        return values.sum() / (max(values.numel(), 1) if mask is None else mask.sum().clamp(min=1))
    raise ValueError(f'reduction must be "mean", "sum" or "none", got {reduction!r}')


def mean_of_each(values: Float[Tensor, "b n"], mask: Bool[Tensor, "b n"] | None) -> Float[Tensor, "b"]:
    """Mean over the real elements of each sample; 0 with a zero gradient for a sample that has none.

    >>> mean_of_each(torch.tensor([[1.0, 3.0], [torch.nan, 5.0]]), torch.tensor([[True, True], [False, True]]))
    tensor([2., 5.])
    """
    if mask is None:
        return values.sum(-1) / max(values.shape[-1], 1)
    return torch.where(mask, values, 0).sum(-1) / mask.sum(-1).clamp(min=1)


def check_same_shape(function: str, name: str, tensor: Tensor, expected: torch.Size, like: str) -> None:
    """Raise a ValueError that names the argument unless its shape is the expected one."""
    if tensor.shape != expected:
        raise ValueError(f"{function}: {name} must have shape {tuple(expected)} like {like}, got {tuple(tensor.shape)}")


def check_mask(function: str, mask: Tensor | None, expected: torch.Size, like: str, *, argument: str = "mask") -> None:
    """Raise a ValueError unless the mask, if there is one, is boolean and has one entry an element."""
    if mask is None:
        return
    check_same_shape(function, argument, mask, expected, like)
    if mask.dtype != torch.bool:
        raise ValueError(f"{function}: {argument} must be boolean, got {mask.dtype}")
