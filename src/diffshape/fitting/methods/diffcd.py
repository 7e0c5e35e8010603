"""Settings of fits to scans: plain frozen dataclasses that need no torch, so that a command line can read them quickly.

Lengths are in the unit frame, where the longest side of a shape is 1, or in point spacings, where it says so.
"""

from dataclasses import dataclass, field
from typing import Literal

from diffshape._bounds import check_finite
from diffshape._typed import check_settings


@dataclass(frozen=True, kw_only=True)
class OrientationConfig:
    """How unoriented points find their outside."""

    directions: int = 64
    """Directions from which points are looked at."""
    cell: float = 2.0
    """Width of a cell of the depth pictures, in point spacings."""
    slack: float = 2.5
    """How far behind the nearest point of its cells a point still counts as seen, in cells."""
    rounds: int = 6
    """Rounds of making the normals agree with the indicator they define."""
    smoothing: tuple[float, float] = (0.016, 0.01)
    """Blur of the indicator in the first and the last round."""
    resolution: int = 96
    """Nodes an axis of the indicator's grid."""
    side: float = 2.0
    """Side of the indicator's cube; the shape has side 1."""

    def __post_init__(self) -> None:
        check_settings(self)
        if self.directions < 1 or self.rounds < 0 or self.resolution < 4:
            raise ValueError(f"OrientationConfig: need directions >= 1, rounds >= 0, resolution >= 4: {self}")
        if min(self.cell, self.slack, *self.smoothing) <= 0 or self.side < 1:
            raise ValueError(f"OrientationConfig: need cell, slack and smoothing > 0 and side >= 1: {self}")


@dataclass(frozen=True, kw_only=True)
class ScanConfig:
    """How a raw scan becomes clean oriented points."""

    orientation: OrientationConfig = field(default_factory=OrientationConfig)
    """How the points find their outside."""
    sizes: tuple[int, ...] = (10, 16, 24, 36, 54, 80, 120, 180, 256)
    """Neighbourhood sizes tried for a noisy point."""
    first_size: int = 54
    """Neighbourhood of every noisy point in the round before the adaptive ones."""
    clean_size: int = 16
    """Neighbourhood from which a point of a clean scan gets its normal."""
    rounds: int = 3
    """Adaptive rounds, each starting from the surface of the one before."""
    confidence: float = 1.6
    """How much the fits of growing neighbourhoods may differ, in standard errors: larger is smoother."""
    agreement: tuple[float, float] = (0.7, 0.8)
    """Least cosine between the normals of neighbours that are averaged, in the first round and later."""
    clean_below: float = 0.15
    """Points stay where they are if the noise is below this many point spacings."""
    isolation: tuple[float, float] = (6.0, 2.5)
    """A point is dropped if its 8th neighbour is so many times farther than for most points, or for its neighbours."""
    stray: float = 5.0
    """A point is dropped if it lies this many times the noise, and a point spacing, off the surface of the others."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not self.sizes or min(*self.sizes, self.first_size, self.clean_size, self.rounds) < 1:
            raise ValueError(f"ScanConfig: need sizes and rounds >= 1: {self}")
        if not all(-1 <= cosine < 1 for cosine in self.agreement):
            raise ValueError(f"ScanConfig: agreement must be two cosines in [-1, 1), got {self.agreement}")
        if not (min(self.confidence, self.clean_below) >= 0 and min(self.isolation) > 1 and self.stray > 0):
            raise ValueError(f"ScanConfig: need confidence, clean_below >= 0, isolation > 1 and stray > 0: {self}")


def _at_least(config: object, name: str, low: float) -> None:
    if not getattr(config, name) >= low:
        raise ValueError(f"DiffCD: {name} must be at least {low}, got {getattr(config, name)}")


@dataclass(frozen=True, kw_only=True)
class DiffCD:
    """Differentiable Chamfer fit of a neural distance field: points to surface, surface to points, eikonal.

    L = (L_p2s + w L_s2p) / (1 + w) + lambda L_eik + mu L_area (+ nu L_normal). Lengths are shares of the longest side
    of the shape. The defaults are the fast fit of this library; ``preset("paper")`` is the published one.
    Source: Haerenstam-Nielsen, Sang, Saroha, Araslanov, Cremers, DiffCD, ECCV 2024.
    """

    points_loss: Literal["value", "squared-value", "closest-point"] = "value"
    """Points to surface: mean |f(p)|, mean f(p)^2, or the distance to the closest point of the level set."""
    surface_weight: float = 1.0
    """w, the weight of surface to points; 0 is IGR."""
    surface_squared: bool = False
    """Square the distance from surface to points."""
    eikonal_weight: float = 0.02
    """lambda, the weight of mean (1 - |grad f|)^2."""
    area_weight: float = 0.0
    """mu, the weight of mean exp(-100 |f|) over the box."""
    normal_weight: float = 0.01
    """nu, the weight of mean |grad f - n|^2 at the points; needs ``prepare``, which finds the normals."""
    batch: int = 4096
    """Data points a step."""
    surface_batch: int = 2048
    """Points of the surface a step."""
    local_samples: float = 0.5
    """Eikonal samples near the data, for each data point of the batch."""
    local_scale: float = 0.2
    """Standard deviation of the local samples about their data point, in its distance to its 50th neighbour."""
    global_samples: float = 0.125
    """Eikonal samples anywhere in the box, for each data point of the batch."""
    pool: int = 30_000
    """Samples of the surface kept between two meshings."""
    meshings: int = 5
    """How often during the fit the surface is meshed and sampled anew."""
    mesh_resolution: int = 128
    """Grid nodes per axis of the meshings during the fit."""
    pulls: int = 1
    """Steps that pull a sample back to the moving surface each time it is drawn."""
    pull: Literal["newton", "trace"] = "newton"
    """Pull by f g / |g|^2, or by f g / |g| as published."""
    tolerance: float = 1e-3
    """A pulled sample counts if |f| there is below this."""
    prepare: bool = True
    """Orient, denoise and resample the scan, and start from the distance field of that; without, from a sphere."""
    start: float = 0.75
    """Share of the steps that learn the distance field of the prepared scan; each costs a third of a later one."""
    learning_rate: float = 5e-3
    """Adam's learning rate."""
    schedule: Literal["exponential", "warmup-cosine"] = "exponential"
    """Decay to 0.5 % over the fit, or up over 2.5 % of it and down to 0 along a half cosine, as published."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("batch", "surface_batch", "pool", "meshings"):
            _at_least(self, name, 1)
        for name in (
            "surface_weight",
            "eikonal_weight",
            "area_weight",
            "normal_weight",
            "local_samples",
            "global_samples",
        ):
            _at_least(self, name, 0)
        _at_least(self, "pulls", 0)
        _at_least(self, "mesh_resolution", 16)
        if not 0 <= self.start < 1:
            raise ValueError(f"DiffCD: start is a share of the steps in [0, 1), got {self.start}")
        if not all(value > 0 for value in (self.learning_rate, self.tolerance, self.local_scale)):
            raise ValueError(f"DiffCD: learning_rate, tolerance and local_scale must be positive, got {self}")
        if self.normal_weight and not self.prepare:
            raise ValueError("DiffCD: a normal_weight needs prepare=True, which finds the normals; set it to 0")
        check_finite(self)
