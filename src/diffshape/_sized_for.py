"""Bound of the memory of a network that is made to take weights from a file, whatever its settings say."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_MAKERS = {torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn}
"""Functions of torch that make tensors of a size."""
_SPARE = 2**24
"""Count of numbers that may be made besides the weights, such as points at which a start is fitted."""
_LEAST = 2**14
"""Least count of numbers for a tensor, so that millions of small tensors are refused too."""


class SizedFor(TorchFunctionMode):
    """While entered, making tensors of far more numbers than ``weights`` hold raises ValueError.

    >>> with SizedFor([torch.zeros(10)]):
    ...     torch.nn.Linear(100_000, 100_000)
    Traceback (most recent call last):
    ValueError: the settings are of a network much larger than the weights
    """

    def __init__(self, weights: Iterable[Tensor]) -> None:
        super().__init__()
        self._left = _SPARE + 4 * sum(max(_LEAST, weight.numel()) for weight in weights)

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Count the numbers of a tensor before it is made."""
        kwargs = kwargs or {}
        if func in _MAKERS:
            self._left -= max(_LEAST, _numbers(args or (kwargs.get("size", ()),)))
            if self._left < 0:
                raise ValueError("the settings are of a network much larger than the weights")
        return func(*args, **kwargs)


def _numbers(sizes: tuple) -> int:
    """The product of the sizes in a factory's arguments: (2, 3) or ((2, 3),)."""
    flat = sizes[0] if sizes and isinstance(sizes[0], (tuple, list)) else sizes
    product = 1
    for size in flat:
        product *= int(size)
    return product
