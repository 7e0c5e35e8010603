"""NumPy arrays from what callers give: arrays, torch tensors, nested lists."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class ReadError(ValueError):
    """A file exists but cannot be read as the format of its suffix; the message names the file and the cure."""


def real_rows(values: Any, *, name: str, columns: int | None = 3, rows: str = "N") -> NDArray[np.float64]:
    """``values`` as a float64 array of shape (N, ``columns``), on the CPU, without gradient.

    Args:
        values: A NumPy array, torch tensor or nested list of real numbers.
        name: What to call it in an error.
        columns: How many columns it must have; None accepts any number.
        rows: What an error calls the number of rows.

    Raises:
        ValueError: not real numbers, not two-dimensional, or another number of columns.

    >>> real_rows([[0, 1, 2]], name="points")
    array([[0., 1., 2.]])
    """
    array = host_array(values, name=name)
    wanted = f"({rows}, {'D' if columns is None else columns})"
    if array.ndim != 2 or columns not in (None, array.shape[1]):
        hint = "; transpose it" if array.ndim == 2 and array.shape[0] == columns else ""
        raise ValueError(f"{name} must have shape {wanted}, got {array.shape}{hint}")
    return real_array(array, name=name)


def real_array(values: Any, *, name: str) -> NDArray[np.float64]:
    """``values`` as a float64 array of its own shape, on the CPU, without gradient.

    Raises:
        ValueError: not real numbers.
    """
    array = host_array(values, name=name)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must hold real numbers, got {array.dtype}")
    with np.errstate(invalid="ignore", over="ignore"):  # some NaNs of damaged files warn when they are widened
        return array.astype(np.float64)


def usable_rows(array: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mask (N,) of usable rows: all coordinates finite and below 1e30 in size, so that their squares are finite too."""
    return np.all(np.abs(array) < 1e30, axis=1)


def host_array(values: Any, *, name: str) -> NDArray[Any]:
    """``values`` as a NumPy array of its own type; a torch tensor is detached and brought to the CPU.

    Masked places become NaN, which needs floats: masked integers become float64.

    Raises:
        ValueError: rows of different lengths, or a tensor without values (meta) or in a layout NumPy does not have.
    """
    if hasattr(values, "detach"):
        return _host_tensor(values, name)
    if isinstance(values, np.ma.MaskedArray):
        kept = np.asarray(values.data)
        if np.ma.getmaskarray(values).any() and kept.dtype.kind in "fiub":
            kept = kept.astype(kept.dtype if kept.dtype.kind == "f" else np.float64)  # a copy
            kept[np.ma.getmaskarray(values)] = np.nan
        return kept
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be one rectangular array of numbers, got rows of different lengths") from error


def _host_tensor(tensor: Any, name: str) -> NDArray[Any]:
    import torch  # which the tensor has loaded

    try:
        plain = tensor.detach().cpu()
        return (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()
    except (TypeError, RuntimeError, NotImplementedError) as error:
        raise ValueError(
            f"{name} must be a dense tensor with values, got {tensor.layout} on device {tensor.device}"
        ) from error
