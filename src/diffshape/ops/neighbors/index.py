"""Search a fixed set of points again and again: prepare once, then ask for the k nearest.

The definition is `reference_search`: squared distances sum_d (x_d - y_d)^2 from explicit differences, which keep their
digits where |x|^2 + |y|^2 - 2 x.y loses them (two clouds a micrometre apart, a kilometre from the origin), sorted
ascending, ties to the lowest index. On the CPU, up to three dimensions, Numba kernels give the same bits faster; they
compile at first use (about 4 s a dtype, kept on disk) and use as many threads as PyTorch. With one thread they enter no
parallel region, so they are safe in a forked worker. On CUDA, where Triton is installed, its kernels give those bits
(`triton_search`). Nothing here has a gradient; `nearest_neighbors` has.
"""

from collections.abc import Callable
from functools import cached_property, partial
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.kernels.numba_grid import Grid, build_grid, query_grid
from diffshape.kernels.numba_kdtree import Tree, build_tree, query_tree
from diffshape.kernels.numba_morton import morton_orders
from diffshape.ops.checks import coordinate_limit, require_finite

SHARED_POINTS = 1500
"""Below so many points, waking another thread costs more than it saves."""

REFERENCE_PAIRS = 1 << 20
"""Pairs the reference compares at a time, which bounds its memory."""


class Neighbors(NamedTuple):
    """Nearest neighbours of N points; without the last axis for k = 1."""

    squared_distances: Float[Tensor, "*b n_k"]
    indices: Int[Tensor, "*b n_k"]

    __repr__ = one_line


Search = Callable[..., Neighbors]
"""(B, N, D) queries and k -> (B, N, k) squared distances and indices, no gradient, arguments already checked."""


class NeighborIndex:
    """Nearest neighbours in one fixed set of points, prepared once for many queries.

    Args:
        y: Points to search, shape (M, D), M >= 1; copied, so later changes to the tensor are not seen.

    Raises:
        ValueError: ``y`` is empty, not (M, D), or has non-finite coordinates.

    No gradient flows; gather ``y[indices]`` and subtract to have one, or use `nearest_neighbors`.

    >>> index = NeighborIndex(torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]))
    >>> squared_distances, indices = index.query(torch.tensor([[0.75, 0.0, 0.0]]))
    >>> squared_distances, indices
    (tensor([0.0625]), tensor([1]))
    """

    @checked
    def __init__(self, y: Shaped[Tensor, "m d"]) -> None:
        if y.ndim != 2 or y.numel() == 0:
            raise ValueError(f"NeighborIndex: y must have shape (M, D) with M >= 1, got {tuple(y.shape)}")
        _require_coordinates("NeighborIndex", "y", y)
        self.shape, self.dtype, self.device = y.shape, y.dtype, y.device
        self._search = prepare_search(search_dtype(y.detach())[None].clone())

    @checked
    def query(self, x: Shaped[Tensor, "n d"], k: int = 1) -> Neighbors:
        """The k points nearest to each query.

        Args:
            x: Queries, shape (N, D), of the dtype and device of the indexed points; N may be 0.
            k: Neighbours a query, 1 <= k <= M.

        Returns:
            Squared distances (float32, or float64 for float64 and integer points) and int64 indices: shape (N,) for
            k = 1, else (N, k), ascending, ties to the lowest index.

        Raises:
            ValueError: ``x`` does not fit the indexed points or is non-finite, or ``k`` is out of range.
        """
        if x.ndim != 2 or x.shape[1] != self.shape[1]:
            raise ValueError(
                f"NeighborIndex.query: x must have shape (N, {self.shape[1]}) like the indexed points, "
                f"got {tuple(x.shape)}"
            )
        if x.dtype != self.dtype or x.device != self.device:
            raise ValueError(
                f"NeighborIndex.query: x must be {self.dtype} on {self.device} like the indexed points, "
                f"got {x.dtype} on {x.device}"
            )
        require_k("NeighborIndex.query", k, self.shape[0])
        _require_coordinates("NeighborIndex.query", "x", x)
        found = self._search(search_dtype(x.detach())[None], k)
        return Neighbors(*(each[0, :, 0] if k == 1 else each[0] for each in found))


def prepare_search(
    y: Float[Tensor, "b m d"], mask: Bool[Tensor, "b m"] | None = None, *, manhattan: bool = False
) -> Search:
    """The engine for these float32 or float64 points, by device and dimension; masks only where `has_triton`.

    With ``manhattan`` it answers with distances sum_d |x_d - y_d| in place of squared ones, and takes no mask.
    """
    if y.device.type == "cpu" and y.shape[-1] <= 3:
        return _NumbaSearch(y, manhattan)
    if has_triton(y) and not manhattan:
        from diffshape.ops.neighbors.triton_search import TritonSearch  # loads Triton, which not every PyTorch has

        return TritonSearch(y, mask)
    return partial(reference_search, y, manhattan=manhattan)


def has_triton(points: Float[Tensor, "b n d"]) -> bool:
    """Whether Triton searches these points."""
    return points.device.type == "cuda" and points.shape[-1] <= 3 and find_spec("triton") is not None


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


class _NumbaSearch:
    """Clouds of at most three dimensions on the CPU: the grid where it answers, the tree for all else.

    The grid answers k = 1 and Euclidean distances.
    """

    def __init__(self, y: Float[Tensor, "b m d"], manhattan: bool) -> None:
        self._points, self._manhattan = three_columns(y).numpy(), manhattan

    @cached_property
    def _grid(self) -> Grid:
        return build_grid(self._points, _threads(self._points))

    @cached_property
    def _tree(self) -> Tree:
        return build_tree(self._points, _threads(self._points))

    def __call__(self, x: Float[Tensor, "b n d"], k: int) -> Neighbors:
        shape = (*x.shape[:2], k)
        distances, indices = torch.empty(shape, dtype=x.dtype), torch.full(shape, -1)
        queries, answers = three_columns(x).numpy(), (distances.numpy(), indices.numpy())
        threads = _threads(queries)
        order = morton_orders(queries, threads)
        if k == 1 and x.numel() and not self._manhattan:
            query_grid(self._grid, queries, order, answers[0][..., 0], answers[1][..., 0], threads)
        if (answers[1][..., 0] < 0).any():
            query_tree(self._tree, queries, order, *answers, threads, True if self._manhattan else None)
        return Neighbors(distances, indices)


def three_columns(points: Float[Tensor, "b n d"]) -> Float[Tensor, "b n 3"]:
    """Points of one or two dimensions in the plane or line z = 0 of space, contiguous."""
    missing = 3 - points.shape[-1]
    return (torch.nn.functional.pad(points, (0, missing)) if missing else points).contiguous()


def _threads(points: np.ndarray) -> int | None:
    """1 for (B, N, 3) points too few to share, else None: as many as torch."""
    return 1 if points.shape[0] * points.shape[1] < SHARED_POINTS else None


def search_dtype(points: Tensor) -> Tensor:
    """Points as searched: half precision widened to float32, integers to float64, both without loss below 2^53."""
    if points.is_complex():
        raise ValueError(f"neighbour search: coordinates must be real, got {points.dtype}")
    if points.dtype in (torch.float32, torch.float64):
        return points
    return points.to(torch.float32 if points.is_floating_point() else torch.float64)


def _require_coordinates(function: str, name: str, points: Tensor) -> None:
    """Finite, and no larger than squared distances can be."""
    searched = search_dtype(points)
    require_finite(function, name, searched, coordinate_limit(searched.dtype, searched.shape[-1]))


def require_k(function: str, k: int, count: int) -> None:
    """Refuse a number of neighbours that the points cannot give."""
    if not 1 <= k <= count:
        raise ValueError(f"{function}: k must lie between 1 and the number of points in y, {count}, got {k}")
