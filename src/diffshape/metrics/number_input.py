"""How every metric reads numbers that may come from NumPy or from torch."""

from typing import Any

import numpy as np
import torch
from torch import Tensor


def read_numbers(function: str, name: str, values: Any) -> Tensor:
    """The values in float64 on the CPU, without gradient.

    Raises:
        TypeError: They are no real numbers, or a tensor has no data or is not dense.

    >>> read_numbers("f", "x", [[1, 2]])
    tensor([[1., 2.]], dtype=torch.float64)
    """
    if isinstance(values, Tensor):
        if values.layout is torch.strided and values.device.type != "meta" and not values.is_complex():
            return values.detach().cpu().double()
    elif np.asarray(values).dtype.kind in "fiub":
        return torch.from_numpy(np.array(values, np.float64))
    raise TypeError(f"{function}: {name} must be real numbers, NumPy or torch, got {type(values).__name__}")
