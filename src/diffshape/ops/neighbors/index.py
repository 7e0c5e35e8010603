"""Search a fixed set of points again and again: prepare once, then ask for the k nearest.

`reference_search` is the definition. On the CPU, up to three dimensions, Numba kernels give the same bits faster; they
compile at first use (about 4 s a dtype, kept on disk) and run on PyTorch's own threads, or on others where these cannot
be entered, as in a forked worker. On CUDA, where Triton is installed, its kernels give those bits (`triton_search`).
Nothing here has a gradient; `nearest_neighbors` has.
"""

from functools import cached_property, partial

import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape.kernels.numba_kdtree import Tree, build_tree, query_tree
from diffshape.kernels.numba_morton import morton_orders
from diffshape.kernels.numba_tiles import Tiles, build_tiles, orders, query_tiles
from diffshape.ops.checks import coordinate_limit, require_finite
from diffshape.ops.engines import has_numba, has_triton
from diffshape.ops.neighbors.definition import (
    Neighbors,
    Search,
    reference_search,
    require_k,
    search_dtype,
    three_columns,
)

SHARED_POINTS = 1500
"""Least number of points for which waking another thread saves more than it costs."""


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
    if has_numba(y):
        return _NumbaSearch(y, manhattan)
    if has_triton(y) and not manhattan:
        from diffshape.ops.neighbors.triton_search import TritonSearch  # loads Triton, which not every PyTorch has

        return TritonSearch(y, mask)
    return partial(reference_search, y, manhattan=manhattan)


class _NumbaSearch:
    """Clouds of at most three dimensions on the CPU: tiles where they answer, the tree for all else.

    Tiles answer k = 1 and Euclidean distances.
    """

    def __init__(self, y: Float[Tensor, "b m d"], manhattan: bool) -> None:
        self._given: np.ndarray | None = three_columns(y).numpy()
        self._manhattan = manhattan

    @cached_property
    def _tiles(self) -> Tiles:
        points = self._given
        if points is None:
            points = np.empty_like(self._tree.points)
            np.put_along_axis(points, self._tree.index[..., None].astype(np.int64), self._tree.points, axis=1)
        return build_tiles(points, threads_for(points))

    @property
    def _tree(self) -> Tree:
        points = self._given
        if points is not None:
            self._grown = build_tree(points, threads_for(points))
            self._given = None  # the tree has them too; other threads may come here meanwhile, so this is the last step
        return self._grown

    def __call__(self, x: Float[Tensor, "b n d"], k: int) -> Neighbors:
        shape = (*x.shape[:2], k)
        distances, indices = torch.empty(shape, dtype=x.dtype), torch.full(shape, -1)
        queries, answers = three_columns(x).numpy(), (distances.numpy(), indices.numpy())
        threads = threads_for(queries)
        if k == 1 and x.numel() and not self._manhattan:
            asking = build_tiles(queries, threads)
            query_tiles(self._tiles, asking, answers[0][..., 0], answers[1][..., 0], threads)
            order = orders(asking, x.shape[1])
        else:
            order = morton_orders(queries, threads)
        if (answers[1][..., 0] < 0).any():
            query_tree(self._tree, queries, order, *answers, threads, True if self._manhattan else None)
        return Neighbors(distances, indices)


def threads_for(points: np.ndarray) -> int | None:
    """1 for (B, N, 3) points too few to share, else None: as many as torch."""
    return 1 if points.shape[0] * points.shape[1] < SHARED_POINTS else None


def _require_coordinates(function: str, name: str, points: Tensor) -> None:
    """Refuse coordinates that are not finite, or too large for their squared distances."""
    searched = search_dtype(points)
    require_finite(function, name, searched, coordinate_limit(searched.dtype, searched.shape[-1]))
