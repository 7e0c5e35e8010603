"""Nearest neighbours of every point of a cloud, block by block."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape.ops.neighbors.index import NeighborIndex

BLOCK = 1 << 14
"""Number of points whose neighbours are found at a time."""
KEPT = 1 << 26
"""Largest number of neighbours that are kept, 256 MB; those of larger clouds are found again each time."""


class NeighborLists:
    """The nearest neighbours of every point, itself first if it may be one, from positions that stay fixed.

    Args:
        points: Positions, shape (N, 3); copied.
        count: Number of neighbours, or as many as there are.
        support: Points that may be neighbours; all of them if ``None``.
    """

    def __init__(self, points: Float[Tensor, "n 3"], count: int, support: Int[Tensor, "m"] | None = None) -> None:
        self._points, self._support = points, support
        self._index = NeighborIndex(points if support is None else points[support])
        self.count = min(count, self._index.shape[0])
        self._kept = [self._find(each) for each in self._rows()] if len(points) * self.count <= KEPT else None

    def blocks(self) -> Iterator[tuple[Int[Tensor, "b"], Int[Tensor, "b k"]]]:
        """Points of a block, ascending, and their neighbours, until all points were there."""
        yield from zip(self._rows(), self._kept or map(self._find, self._rows()))

    def _rows(self) -> Iterator[Int[Tensor, "b"]]:
        """Points block by block."""
        count = len(self._points)
        for start in range(0, count, BLOCK):
            yield torch.arange(start, min(start + BLOCK, count), device=self._points.device)

    def _find(self, rows: Int[Tensor, "b"]) -> Int[Tensor, "b k"]:
        found = self._index.query(self._points[rows], self.count).indices.reshape(len(rows), self.count)
        return (found if self._support is None else self._support[found]).int()
