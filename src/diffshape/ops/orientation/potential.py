"""Potential of many charges and dipoles, smoothed, and its gradient: winding numbers of points are such potentials.

`reference_potential` is the definition. On the CPU a tree of clusters (`numba_dipoles`) computes it in O(N log N), the
same to the last bit for any number of threads. Nothing here has a gradient.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.kernels.numba_dipoles import CHUNK, GROUP, Clusters, build_clusters, cluster_moments, query_dipoles
from diffshape.kernels.numba_morton import morton_order
from diffshape.kernels.threads import run_tasks
from diffshape.ops.engines import as_array

BETA = 2.0
"""Distance, in radii of a cluster, from which the cluster is taken as one; winding numbers are off by 0.005 then."""

PAIRS = 1 << 24
"""Largest number of pairs of a query and a source that the definition computes at a time, which bounds its memory."""


class Potential(NamedTuple):
    """Potential u of charges q and dipoles m at queries x, and its gradient there.

    u(x) = 1 / (4 pi) sum_j q_j / R_j + m_j . d_j / R_j^3,  d_j = p_j - x,  R_j^2 = |d_j|^2 + width^2
    """

    value: Float[Tensor, "n"]
    """u."""
    gradient: Float[Tensor, "n 3"]
    """Derivative of u by x."""


def reference_potential(
    points: Float[Tensor, "m 3"],
    charges: Float[Tensor, "m"],
    dipoles: Float[Tensor, "m 3"],
    queries: Float[Tensor, "n 3"],
    width: float,
) -> Potential:
    """The potential as a sum over all pairs, in O(N M).

    >>> zero = torch.zeros(1, 3)
    >>> found = reference_potential(zero, torch.tensor([4 * torch.pi]), zero, torch.tensor([[2.0, 0.0, 0.0]]), 0.0)
    >>> found.value, found.gradient[0, 0]
    (tensor([0.5000]), tensor(-0.2500))
    """
    values, gradients = [], []
    for x in queries.split(max(1, PAIRS // max(1, len(points)))):
        d = points - x[:, None]  # (n, m, 3)
        inverse = (d.square().sum(-1) + width**2).rsqrt()
        along = (d * dipoles).sum(-1)
        values.append((charges * inverse + along * inverse**3).sum(1))
        pull = (charges + 3 * along * inverse**2) * inverse**3
        gradients.append((d * pull[..., None] - dipoles * inverse[..., None] ** 3).sum(1))
    return Potential(torch.cat(values) / (4 * math.pi), torch.cat(gradients) / (4 * math.pi))


class Sources:
    """Places of charges and dipoles, prepared once for many of them.

    Args:
        points: Shape (N, 3), finite, float64.
        weights: Shape (N,), >= 0, float64: clusters are expanded about their mean place by weight.
    """

    def __init__(self, points: Float[Tensor, "n 3"], weights: Float[Tensor, "n"]) -> None:
        self.points = points
        self._clusters: Clusters | None = None
        if points.device.type == "cpu" and len(points):
            self._clusters = build_clusters(as_array(points), as_array(weights))
            self._order = torch.from_numpy(self._clusters.tree.index[0]).long()

    def potential(
        self,
        *,
        width: float,
        charges: Float[Tensor, "n"] | None = None,
        dipoles: Float[Tensor, "n 3"] | None = None,
        queries: Float[Tensor, "m 3"] | None = None,
        beta: float = BETA,
    ) -> Potential:
        """The potential at ``queries``, or at the points themselves; what is not given is 0.

        Args:
            width: Smoothing width, > 0, in the unit of the points.
            charges: Shape (N,).
            dipoles: Shape (N, 3).
            queries: Shape (M, 3), finite, float64.
            beta: Distance, in radii of a cluster, from which the cluster is taken as one.
        """
        charges = self.points.new_zeros(len(self.points)) if charges is None else charges
        dipoles = torch.zeros_like(self.points) if dipoles is None else dipoles
        where = self.points if queries is None else queries
        if self._clusters is None:
            return reference_potential(self.points, charges, dipoles, where, width)
        order = self._clusters.tree.index[0] if queries is None else morton_order(as_array(queries))
        sources = as_array(charges[self._order]), as_array(dipoles[self._order])
        moments = cluster_moments(self._clusters, *sources)
        values = where.new_empty(len(where), 4)
        run_tasks(
            query_dipoles,
            -(-len(where) // (CHUNK * GROUP)),
            self._clusters,
            moments,
            *sources,
            width**2,
            beta**2,
            as_array(where),
            order,
            values.numpy(),
        )
        values /= 4 * math.pi
        return Potential(values[:, 0], values[:, 1:])
