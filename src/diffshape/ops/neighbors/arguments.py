"""Arguments of neighbour searches: clouds, their masks, and the option for missing neighbours."""

from typing import Literal

import torch
from torch import Tensor

from diffshape.ops.checks import require_mask
from diffshape.ops.neighbors.definition import search_dtype

Missing = Literal["raise", "pad"]
"""Treatment of neighbours that are asked for and do not exist."""


def read_missing(function: str, missing: str) -> bool:
    """Whether the option is "pad"; a ValueError where it is neither of the two."""
    if missing not in ("raise", "pad"):
        raise ValueError(f'{function}: missing must be "raise" or "pad", got {missing!r}')
    return missing == "pad"


def as_searched(function: str, mask_name: str, points: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Points as a batch in the dtype of the search, 0 where masked, and their mask as a batch."""
    require_mask(function, mask_name, mask, points)
    if points.ndim == 2:
        points, mask = points[None], None if mask is None else mask[None]
    points = search_dtype(points)
    return (points if mask is None else torch.where(mask[..., None], points, 0)), mask


def require_matching(function: str, x: Tensor, y: Tensor, *, or_none: bool) -> None:
    """Refuse clouds whose shapes, dtypes or devices do not go together; with ``or_none`` y may have no point."""
    if x.ndim not in (2, 3):
        raise ValueError(f"{function}: x must have shape (B, N, D) or (N, D), got {tuple(x.shape)}")
    if y.ndim != x.ndim or y.shape[:-2] != x.shape[:-2] or y.shape[-1] != x.shape[-1]:
        wanted = ", ".join(map(str, (*x.shape[:-2], "M", x.shape[-1])))
        raise ValueError(f"{function}: y must have shape ({wanted}) like x, got {tuple(y.shape)}")
    if (y.shape[-2] == 0 and not or_none) or y.shape[-1] == 0:
        raise ValueError(f"{function}: y must hold at least one point, got shape {tuple(y.shape)}")
    if x.dtype != y.dtype or x.device != y.device:
        raise ValueError(
            f"{function}: x and y must share dtype and device, got {x.dtype} on {x.device} and {y.dtype} on {y.device}"
        )
