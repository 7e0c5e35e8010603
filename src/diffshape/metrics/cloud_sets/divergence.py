"""Jensen-Shannon divergence between where two sets of clouds have their points."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.ops import nearest_neighbors

NODES = 28
"""Nodes k / 27 - 1/2 along each axis of the grid on which points are counted."""


class Divergence(NamedTuple):
    """Divergence of two distributions of points."""

    value: float
    """H((P + Q) / 2) - (H(P) + H(Q)) / 2 in bits, from 0 to 1."""
    error: float
    """Standard error, by leaving out a cloud at a time."""
    outside: tuple[float, float]
    """Shares of the points of the first and of the second set that lie more than a cell outside of the ball."""


def set_divergence(samples: Float[Tensor, "s n 3"], references: Float[Tensor, "r n 3"]) -> Divergence:
    """Jensen-Shannon divergence of the points of all samples and of all references.

    Each point counts at its nearest node, of those nodes of the grid k / 27 - 1/2 that lie in the ball of radius 1/2.
    """
    nodes = ball_nodes()
    (first, first_outside), (second, second_outside) = (_counts(clouds, nodes) for clouds in (samples, references))
    p, q = first.sum(0), second.sum(0)
    without_sample = torch.stack([divergence(p - one, q) for one in first])
    without_reference = torch.stack([divergence(p, q - one) for one in second])
    variance = sum(_jackknife(each) for each in (without_sample, without_reference))
    return Divergence(divergence(p, q).item(), math.sqrt(variance), (first_outside, second_outside))


def ball_nodes() -> Float[Tensor, "k 3"]:
    """The nodes of the grid that lie in the ball of radius 1/2.

    >>> ball_nodes().shape
    torch.Size([10144, 3])
    """
    steps = torch.arange(NODES, dtype=torch.float64) / (NODES - 1) - 0.5
    nodes = torch.cartesian_prod(steps, steps, steps)
    return nodes[nodes.norm(dim=1) <= 0.5]


def divergence(p: Float[Tensor, "k"], q: Float[Tensor, "k"]) -> Float[Tensor, ""]:
    """Jensen-Shannon divergence, in bits, of two histograms, normalised here.

    >>> divergence(torch.tensor([2.0, 2.0, 0.0]), torch.tensor([0.0, 0.0, 9.0])).item()
    1.0
    """
    p, q = p / p.sum(), q / q.sum()
    return _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2


def _entropy(p: Float[Tensor, "k"]) -> Float[Tensor, ""]:
    return torch.special.entr(p).sum() / math.log(2)


def _counts(clouds: Float[Tensor, "s n 3"], nodes: Float[Tensor, "k 3"]) -> tuple[Float[Tensor, "s k"], float]:
    """How many points of each cloud count at each node, and the share of points that are outside of the ball."""
    cells = nearest_neighbors(clouds.reshape(-1, 3), nodes).indices.view(clouds.shape[:2])
    counts = torch.zeros(len(clouds), len(nodes), dtype=torch.float64)
    counts.scatter_add_(1, cells, torch.ones_like(cells, dtype=torch.float64))
    return counts, (clouds.norm(dim=2) > 0.5 + 1 / (NODES - 1)).double().mean().item()


def _jackknife(values: Float[Tensor, "s"]) -> float:
    """Variance of a statistic from its values with one of S observations left out."""
    return (len(values) - 1) * values.var(correction=0).item()
