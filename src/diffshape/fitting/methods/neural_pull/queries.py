"""Queries of Neural-Pull: places around the points of a scan, drawn once, and the point of the scan nearest to each."""

import math

import torch
from torch import Tensor

from diffshape.fitting.methods.neural_pull.config import NeuralPull
from diffshape.fitting.methods.scan_task import neighbor_distance
from diffshape.ops import NeighborIndex


class PullQueries:
    """Queries q = p + N(0, s_p^2) of a scan, equally many around each of its points p while the pool holds them.

    Args:
        points: Points of the scan, shape (N, 3), float32 on the CPU.
        method: How far from the points the queries lie, and how many there are.
        generator: Source of the queries.

    Attributes:
        points: The queries, shape (Q, 3).
        nearest: Index of the point of the scan nearest to each query, shape (Q,).
    """

    def __init__(self, points: Tensor, method: NeuralPull, generator: torch.Generator) -> None:
        count = len(points)
        index = NeighborIndex(points)
        order = torch.randperm(count, generator=generator)
        around = order[torch.arange(min(method.pool, count * queries_each(method, count))) % count]
        self.spread = scale_of(method, count) * neighbor_distance(index, points)
        noise = torch.randn(len(around), 3, generator=generator)
        self.points = noise.mul_(self.spread[around, None]).add_(points[around])
        self.nearest = index.query(self.points).indices

    def __len__(self) -> int:
        """Number of queries."""
        return len(self.nearest)


def queries_each(method: NeuralPull, count: int) -> int:
    """Number of queries around each of ``count`` points."""
    return method.queries or max(1, method.pool // count)


def scale_of(method: NeuralPull, count: int) -> float:
    """Standard deviation of the queries around one of ``count`` points, in distances to its 50th neighbour."""
    return 0.25 * math.sqrt(count / 20_000) if method.local_scale is None else method.local_scale
