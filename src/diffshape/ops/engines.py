"""Which engine computes: plain PyTorch, which is the definition, Numba kernels on the CPU, Triton kernels on CUDA.

Kernels take points of at most three dimensions. PyTorch computes everything else, on any device and in any dtype.
"""

from importlib.util import find_spec

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def has_numba(points: Float[Tensor, "*n d"]) -> bool:
    """Whether Numba kernels take these points: float32 or float64 on the CPU, at most three dimensions."""
    return points.device.type == "cpu" and points.dtype in (torch.float32, torch.float64) and points.shape[-1] <= 3


def has_triton(points: Float[Tensor, "*n d"]) -> bool:
    """Whether Triton kernels take these points: on CUDA, at most three dimensions, and Triton is installed."""
    return points.device.type == "cuda" and points.shape[-1] <= 3 and triton_is_installed()


def triton_is_installed() -> bool:
    """Whether Triton can be imported; it comes with PyTorch for CUDA on Linux."""
    return find_spec("triton") is not None


def as_array(tensor: Tensor) -> np.ndarray:
    """A tensor of the CPU as the contiguous array that a Numba kernel takes, sharing its memory where it can."""
    return tensor.detach().contiguous().numpy()
