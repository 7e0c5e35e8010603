"""Settings of the fit of a mesh, whose true distances are known. They need no torch, as a command line reads them.

Lengths are in the frame of ``data.SignedDistance``, where the longest side of a mesh is 2.
"""

from dataclasses import dataclass
from typing import Literal

from diffshape._bounds import check_finite
from diffshape._typed import check_settings
from diffshape.fitting.methods.config import MeshMethodConfig


@dataclass(frozen=True, kw_only=True)
class Supervised(MeshMethodConfig):
    """A field learns the exact signed distance of a mesh, at points near its surface and anywhere in [-1, 1]^3.

    Source of the default loss and of sampling near and far: Mueller, Evans, Schied, Keller, Instant NGP, SIGGRAPH 2022.
    """

    loss: Literal["mape", "l1", "clamped_l1", "relative_l2"] = "mape"
    """Loss of the predicted distances f and the true ones s, a mean over the points: |f - s| / (|s| + 0.01) for mape,
    |f - s| for l1, |f - s| with both clamped to 0.1 for clamped_l1, (f - s)^2 / (f^2 + 0.01) for relative_l2."""
    batch: int = 4096
    """Number of points in a step."""
    near: float = 0.5
    """Share of the points that are sampled near the surface."""
    surface: float = 0.0
    """Share of the points that are sampled on the surface, at distance 0; those neither near nor on it are uniform in
    [-1, 1]^3."""
    sigma: float = 0.01
    """Scale of the distribution by which points near the surface are moved off it, on every axis."""
    perturbation: Literal["gaussian", "logistic"] = "gaussian"
    """Distribution by which points near the surface are moved off it: gaussian, or logistic as in instant-ngp."""
    pool: int = 1_000_000
    """Number of points with true distances that are kept, to draw batches from."""
    fresh: int = 768
    """Average number of new points in a step; they fill the pool, then replace its oldest points. 0: the pool is full
    from the start."""
    learning_rate: float | None = None
    """Learning rate of Adam; None is 2e-2 for hash grids, 5e-3 for feature grids, 1e-3 for networks."""
    final: float = 0.03
    """Share of the learning rate that is left at the end of an exponential decay."""

    def __post_init__(self) -> None:
        check_settings(self)
        if self.batch < 1 or self.pool < 1 or self.fresh < 0:
            raise ValueError(
                f"Supervised: need batch >= 1, pool >= 1 and fresh >= 0, got {self.batch}, {self.pool} and {self.fresh}"
            )
        if self.fresh > self.pool:
            raise ValueError(f"Supervised: fresh is at most the pool, {self.pool}, got {self.fresh}")
        if min(self.near, self.surface) < 0 or self.near + self.surface > 1:
            raise ValueError(
                f"Supervised: near and surface are shares of at most 1 together, got {self.near} and {self.surface}"
            )
        if not self.sigma > 0:
            raise ValueError(f"Supervised: sigma must be positive, got {self.sigma}")
        if self.learning_rate is not None and not self.learning_rate > 0:
            raise ValueError(f"Supervised: learning_rate must be positive or None, got {self.learning_rate}")
        if not 0 < self.final <= 1:
            raise ValueError(f"Supervised: final is a share of the learning rate in (0, 1], got {self.final}")
        check_finite(self)
