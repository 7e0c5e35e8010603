"""The nearest-neighbour engine for CUDA: Triton kernels that give the bits of `reference_search`, faster.

One neighbour among not too many pairs is found by comparing them all; more pairs, or more neighbours, go to tiles
along a Morton curve. Beyond `MOST_NEIGHBORS` neighbours the reference answers. Triton comes with PyTorch for CUDA; this
module is imported only where it is installed.
"""

from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.kernels.triton_neighbors import nearest_of_all_pairs
from diffshape.kernels.triton_tiles import MOST_NEIGHBORS, TiledCloud, build_tiles, nearest_in_tiles
from diffshape.ops.neighbors.definition import Neighbors, reference_search, three_columns

BRUTE_FORCE_PAIRS = 1 << 30
"""Pairs up to which comparing all is taken: about 0.4 ms of arithmetic on an H100 (12 instructions a pair, 3.3e13 a
second), which is what sorting two clouds into tiles should cost. An estimate until it is measured on a GPU."""


class TritonSearch:
    """Clouds of at most three dimensions, float32 or float64, on a CUDA device.

    Args:
        y: Points to search.
        y_mask: True where a point is real; other points may be NaN. Padding behind the last real point costs nothing.
    """

    def __init__(self, y: Float[Tensor, "b m d"], y_mask: Bool[Tensor, "b m"] | None = None) -> None:
        self._points, self._mask = three_columns(y), y_mask

    @cached_property
    def _tiles(self) -> TiledCloud:
        return build_tiles(self._points, self._mask)

    @cached_property
    def _all(self) -> tuple[Tensor, Tensor]:
        """The points, those that are not real at infinity, and where each cloud ends."""
        batch, count, _ = self._points.shape
        if self._mask is None:
            return self._points, torch.full((batch,), count, dtype=torch.int32, device=self._points.device)
        places = torch.arange(1, count + 1, dtype=torch.int32, device=self._points.device)
        return self._points.where(self._mask[..., None], torch.inf), (places * self._mask).amax(1)

    def __call__(self, x: Float[Tensor, "b n d"], k: int, x_mask: Bool[Tensor, "b n"] | None = None) -> Neighbors:
        """The k nearest of every query; the answers to queries that are not real are indices within range.

        With fewer than k real points the rest of the answers are at distance infinity and have index 0.
        """
        if x.numel() == 0:
            return Neighbors(x.new_empty((*x.shape[:2], k)), x.new_empty((*x.shape[:2], k), dtype=torch.int64))
        queries = three_columns(x)
        if k > MOST_NEIGHBORS:
            return reference_search(self._all[0], queries, k)
        with torch.cuda.device_of(queries):
            if k == 1 and x.shape[0] * x.shape[1] * self._points.shape[1] <= BRUTE_FORCE_PAIRS:
                distances, indices = nearest_of_all_pairs(queries, *self._all)
                return Neighbors(distances[..., None], indices[..., None])
            return _ascending(*nearest_in_tiles(build_tiles(queries, x_mask), self._tiles, k)[:2])


def _ascending(distances: Tensor, indices: Tensor) -> Neighbors:
    """Neighbours in the order of their distance, equal distances in that of their index."""
    if distances.shape[-1] > 1:
        indices, order = indices.sort(dim=-1)
        distances, order = distances.gather(-1, order).sort(dim=-1, stable=True)
        indices = indices.gather(-1, order)
    return Neighbors(distances, indices)
