"""Nearest neighbours in a fixed cloud."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from scipy.spatial import cKDTree
from torch import Tensor


class Neighbors(NamedTuple):
    """The k nearest points, nearest first."""

    squared_distances: Float[Tensor, "n k"]
    indices: Int[Tensor, "n k"]


class NeighborIndex:
    """The points (M, 3), prepared for many searches.

    >>> NeighborIndex(torch.eye(3)).query(torch.zeros(1, 3), k=2).squared_distances
    tensor([[1., 1.]])
    """

    def __init__(self, y: Float[Tensor, "m 3"]) -> None:
        self._tree = cKDTree(y.numpy())

    def query(self, x: Float[Tensor, "n 3"], k: int) -> Neighbors:
        """The k >= 2 points nearest to each of x."""
        distances, indices = self._tree.query(x.numpy(), k, workers=torch.get_num_threads())
        return Neighbors(torch.from_numpy(distances).square().to(x), torch.from_numpy(indices))
