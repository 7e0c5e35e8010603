"""How the elements of a loss are read and become one number, the same way in every elementwise loss."""

from collections.abc import Mapping
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.ops.checks import kept_when_compiled, widened

Reduction = Literal["mean", "sum", "none"]


def reduce_elements(
    values: Float[Tensor, "*b"],
    mask: Bool[Tensor, "*b"] | None,
    reduction: Reduction,
    *,
    weights: Float[Tensor, "*b"] | None = None,
) -> Float[Tensor, "*out"]:
    """Mean or sum over the real elements, or all of them with 0 in masked places.

    Weights multiply the values; a mean then divides by the sum of the real weights. The mean of no elements is 0 with a
    zero gradient.

    >>> reduce_elements(torch.tensor([1.0, 3.0, torch.nan]), torch.tensor([True, True, False]), "mean")
    tensor(2.)
    """
    if values.ndim == 0 and mask is None and weights is None and reduction in ("mean", "sum"):
        return values
    if mask is not None:
        values = torch.where(mask, values, 0)
    if weights is not None:
        weights = weights if mask is None else torch.where(mask, weights, 0)
        values = values * weights
    if reduction == "none":
        return values
    if reduction == "sum":
        return values.sum()
    if reduction == "mean":
        return values.sum() / _divisor(values, mask, weights)
    raise ValueError(f'reduction must be "mean", "sum" or "none", got {reduction!r}')


def mean_of_each(values: Float[Tensor, "*b n"], mask: Bool[Tensor, "*b n"] | None) -> Float[Tensor, "*b"]:
    """Mean over the real elements of each sample; 0 with a zero gradient for a sample that has none.

    >>> mean_of_each(torch.tensor([[1.0, 3.0], [torch.nan, 5.0]]), torch.tensor([[True, True], [False, True]]))
    tensor([2., 5.])
    """
    if mask is None:
        return values.sum(-1) / max(values.shape[-1], 1)
    return torch.where(mask, values, 0).sum(-1) / mask.sum(-1).clamp(min=1)


def _divisor(values: Tensor, mask: Tensor | None, weights: Tensor | None) -> Tensor | int:
    """How much there is of what a mean is taken over; 1 for nothing."""
    if weights is not None:
        total = weights.sum()
        return torch.where(total > 0, total, 1)
    return max(values.numel(), 1) if mask is None else mask.sum().clamp(min=1)


def read_elements(
    function: str, tensors: Mapping[str, Tensor], mask: Tensor | None, *, inner: int
) -> tuple[list[Tensor], Tensor | None]:
    """The tensors of an elementwise loss, by argument name, made safe; and the mask, one entry an element.

    All must have the shape of the first. The mask has it too, or lacks the last ``inner`` dimensions, which make up a
    landmark (1) or a heat-map (2); 0 if every number stands for itself. Masked places become 0, half precision becomes
    float32.
    """
    (like, first), *_ = tensors.items()
    for name, tensor in tensors.items():
        check_same_shape(function, name, tensor, first.shape, like)
        if not tensor.is_floating_point():
            raise ValueError(f"{function}: {name} must be floating point, got {tensor.dtype}")
    read = [widened(each) for each in tensors.values()]
    if mask is None:
        return read, None
    if inner and mask.ndim == first.ndim - inner:
        without = f"{like} without its last {'dimension' if inner == 1 else f'{inner} dimensions'}"
        check_mask(function, mask, first.shape[:-inner], without)
        mask = mask[(...,) + (None,) * inner].expand(first.shape)
    check_mask(function, mask, first.shape, like)
    return [torch.where(mask, each, 0) for each in read], mask


def read_points(
    function: str, value: tuple[str, Tensor], vectors: Mapping[str, Tensor], mask: Tensor | None
) -> tuple[Tensor, list[Tensor]]:
    """A number and vectors of every point, by argument name, made safe.

    The vectors have the shape (..., D) of the first, the number and the mask (...,). Masked places become 0, half
    precision becomes float32.
    """
    (like, first), *others = vectors.items()
    name, numbers = value
    check_same_shape(function, name, numbers, first.shape[:-1], f"{like} without its last dimension")
    for other, tensor in others:
        check_same_shape(function, other, tensor, first.shape, like)
    check_mask(function, mask, numbers.shape, name)
    numbers, read = widened(numbers), [widened(each) for each in vectors.values()]
    if mask is None:
        return numbers, read
    return torch.where(mask, numbers, 0), [torch.where(mask[..., None], each, 0) for each in read]


def read_weights(
    function: str, weights: Tensor | None, values: Tensor, mask: Tensor | None, *, inner: int, whole: str, part: str
) -> Tensor | None:
    """Weights of an elementwise loss, one an element (``part``), spread over it if there is one a ``whole``.

    They have the shape of ``values``, or lack its last ``inner`` dimensions; 0 in masked places, else finite and not
    negative.
    """
    if weights is None:
        return None
    outer = values.shape[: max(values.ndim - inner, 0)]
    if values.ndim < inner or weights.shape not in (outer, values.shape) or not weights.is_floating_point():
        finer = f", or {tuple(values.shape)}, one a {part}" if inner else ""
        raise ValueError(
            f"{function}: weights must be floating point, shape {tuple(outer)}, one a {whole} of pred{finer}, "
            f"got {weights.dtype}, {tuple(weights.shape)}"
        )
    if weights.shape != values.shape:
        weights = weights[(...,) + (None,) * inner]
    weights = weights.to(values).expand(values.shape)
    if mask is not None:
        weights = torch.where(mask, weights, 0)
    return check_weights(function, weights)


@kept_when_compiled
def check_weights(function: str, weights: Tensor) -> None:
    """Refuse weights that are not finite, or negative, or whose sum is not finite."""
    if not ((weights >= 0).all() and weights.sum().isfinite()):
        raise ValueError(f"{function}: weights must be finite, not negative, and of a finite sum")


def check_same_shape(function: str, name: str, tensor: Tensor, expected: torch.Size, like: str) -> None:
    """Raise a ValueError that names the argument unless its shape is the expected one."""
    if tensor.shape != expected:
        raise ValueError(f"{function}: {name} must have shape {tuple(expected)} like {like}, got {tuple(tensor.shape)}")


def check_same_kind(function: str, first: tuple[str, Tensor], second: tuple[str, Tensor]) -> None:
    """Raise a ValueError that names both arguments unless they share dtype and device."""
    (name, x), (other, y) = first, second
    if x.dtype != y.dtype or x.device != y.device:
        raise ValueError(
            f"{function}: {name} and {other} must share dtype and device, got {x.dtype} on {x.device} and {y.dtype} on "
            f"{y.device}"
        )


def check_mask(function: str, mask: Tensor | None, expected: torch.Size, like: str, *, argument: str = "mask") -> None:
    """Raise a ValueError unless the mask, if there is one, is boolean and has one entry an element."""
    if mask is None:
        return
    check_same_shape(function, argument, mask, expected, like)
    if mask.dtype != torch.bool:
        raise ValueError(f"{function}: {argument} must be boolean, got {mask.dtype}")
