"""Nearest neighbours by definition: what an engine answers, and the plain PyTorch that every engine is held to.

Squared distances sum_d (x_d - y_d)^2 are taken from explicit differences, which keep their digits where
|x|^2 + |y|^2 - 2 x.y loses them (two clouds a micrometre apart, a kilometre from the origin). Neighbours are sorted by
distance, ascending, ties to the lowest index.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape._reprs import one_line

REFERENCE_PAIRS = 1 << 20
"""Pairs the reference compares at a time, which bounds its memory."""


class Neighbors(NamedTuple):
    """Nearest neighbours of N points; without the last axis for k = 1."""

    squared_distances: Float[Tensor, "*b n_k"]
    indices: Int[Tensor, "*b n_k"]

    __repr__ = one_line


Search = Callable[..., Neighbors]
"""Engine: (B, N, D) queries and k -> (B, N, k) squared distances and indices; no gradient, arguments are checked."""


def reference_search(
    y: Float[Tensor, "b m d"], x: Float[Tensor, "b n d"], k: int, *, manhattan: bool = False
) -> Neighbors:
    """The k nearest of every query by comparing all pairs, a bounded number at a time; any device."""
    rows = max(1, REFERENCE_PAIRS // y.shape[1])
    measure = manhattan_distance_table if manhattan else squared_distance_table
    found = [_nearest_of_all(measure(part, cloud), k) for cloud, queries in zip(y, x) for part in queries.split(rows)]
    shape = (*x.shape[:2], k)
    return Neighbors(*(torch.cat(each).reshape(shape) for each in zip(*found)))


def _nearest_of_all(table: Float[Tensor, "n m"], k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of each row of a table of distances."""
    if k == 1:  # argmin promises the first of equal minima, topk promises nothing
        indices = table.argmin(dim=1, keepdim=True)
        return table.gather(1, indices), indices
    ordered, indices = table.sort(dim=1, stable=True)
    return ordered[:, :k], indices[:, :k]


def squared_distance_table(x: Float[Tensor, "*b n d"], y: Float[Tensor, "*b m d"]) -> Float[Tensor, "*b n m"]:
    """|x_i - y_j|^2 of all pairs from explicit differences, summed coordinate by coordinate."""
    table = y.new_zeros((*x.shape[:-1], y.shape[-2]))
    for x_column, y_column in zip(x.unbind(-1), y.unbind(-1)):
        table += (x_column[..., :, None] - y_column[..., None, :]).square_()
    return table


def manhattan_distance_table(x: Float[Tensor, "*b n d"], y: Float[Tensor, "*b m d"]) -> Float[Tensor, "*b n m"]:
    """sum_d |x_d - y_d| of all pairs, summed coordinate by coordinate."""
    table = y.new_zeros((*x.shape[:-1], y.shape[-2]))
    for x_column, y_column in zip(x.unbind(-1), y.unbind(-1)):
        table += (x_column[..., :, None] - y_column[..., None, :]).abs_()
    return table


def three_columns(points: Float[Tensor, "b n d"]) -> Float[Tensor, "b n 3"]:
    """Points of one or two dimensions in the plane or line z = 0 of space, contiguous."""
    missing = 3 - points.shape[-1]
    return (torch.nn.functional.pad(points, (0, missing)) if missing else points).contiguous()


def search_dtype(points: Tensor) -> Tensor:
    """Points as searched: half precision widened to float32, integers to float64, both without loss below 2^53."""
    if points.is_complex():
        raise ValueError(f"neighbour search: coordinates must be real, got {points.dtype}")
    if points.dtype in (torch.float32, torch.float64):
        return points
    return points.to(torch.float32 if points.is_floating_point() else torch.float64)


def require_k(function: str, k: int, count: int) -> None:
    """Refuse a number of neighbours that the points cannot give."""
    if not 1 <= k <= count:
        raise ValueError(f"{function}: k must lie between 1 and the number of points in y, {count}, got {k}")
