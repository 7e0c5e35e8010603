"""How every metric reads numbers that may come from NumPy or from torch."""

from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffshape.data.point_cloud import PointCloud
from diffshape.data.points import as_points


def read_numbers(function: str, name: str, values: Any) -> Tensor:
    """The values in float64 on the CPU, without gradient.

    Raises:
        TypeError: The values are no real numbers, or a tensor has no data or is not dense.

    >>> read_numbers("f", "x", [[1, 2]])
    tensor([[1., 2.]], dtype=torch.float64)
    """
    if isinstance(values, Tensor):
        if values.layout is torch.strided and values.device.type != "meta" and not values.is_complex():
            return values.detach().cpu().double()
    else:
        try:
            array = np.asarray(values)
        except ValueError as error:  # rows of different lengths
            raise ValueError(f"{function}: {name} must be an array of numbers: {error}") from error
        if array.dtype.kind in "fiub":
            return torch.from_numpy(array.astype(np.float64))
    raise TypeError(f"{function}: {name} must be real numbers, NumPy or torch, got {type(values).__name__}")


def read_points(function: str, name: str, values: Any, dimension: int | None = None) -> Tensor:
    """One or more points (N, D), or of the dimension asked for, in float64 on the CPU; all finite.

    They may also be a ``PointCloud`` or the path of a file.

    >>> read_points("f", "x", [[1, 2]]).shape
    torch.Size([1, 2])
    """
    if isinstance(values, (str, PathLike, PointCloud)):
        values = as_points(values).points
    points = read_numbers(function, name, values)
    if points.ndim != 2 or points.numel() == 0 or dimension not in (None, points.shape[1]):
        wanted = f"(N, {dimension or 'D'}) with N >= 1"
        raise ValueError(f"{function}: {name} must have shape {wanted}, got {tuple(points.shape)}")
    if not points.isfinite().all():
        raise ValueError(f"{function}: {name} has non-finite coordinates; remove those points first")
    return points
