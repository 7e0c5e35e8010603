"""Settings of the Neural-Pull fit of a scan. They need no torch, as a command line reads them.

Lengths are in the unit frame, where the longest side of a shape is 1.
"""

from dataclasses import dataclass
from typing import Literal

from diffshape._bounds import check_finite, check_number, check_whole
from diffshape._typed import check_settings
from diffshape.fitting.methods.config import ScanMethodConfig
from diffshape.fitting.scans.config import ScanConfig


@dataclass(frozen=True, kw_only=True)
class NeuralPull(ScanMethodConfig):
    """Neural-Pull fit of a neural distance field: places near the scan, pulled by the field, must arrive at the scan.

    L = mean |t - (q - f g / |g|)| (+ lambda L_eik), where q are queries p + N(0, s_p^2) around the points p of a scan,
    drawn once, t is the point of the scan nearest to q, f the field and g its gradient at q. Which side is inside comes
    from the sphere that the field starts as. The defaults are the fast fit of this library; ``preset("paper",
    method="neural-pull")`` is that of the released code.
    Source: Ma, Han, Liu, Zwicker, Neural-Pull, ICML 2021.
    """

    scan: ScanConfig | None = None
    """Preparation of the scan: it is oriented, denoised and resampled, and the fit starts from the distance field of
    the result. None: the points are taken as they are, as published, and the fit starts from a sphere."""
    squared: bool = False
    """Square the distances, as in the equation of the paper; its released code does not."""
    eikonal_weight: float = 0.0
    """Weight lambda of the eikonal term, mean (1 - |g|)^2 at the queries; 0 as published."""
    queries: int | None = None
    """Number of queries around each point of the scan; None: as many as fit into the pool, at least 1."""
    pool: int = 1_000_000
    """Largest number of queries in all, which are kept with their nearest points, 20 bytes each."""
    local_scale: float | None = 0.25
    """Standard deviation of the queries around a point of the scan, in distances to its 50th neighbour. None:
    0.25 sqrt(N / 20,000) for N points, the rule of the released code; 1 in the paper, 0.2 in the comparison runs of
    DiffCD."""
    batch: int = 4096
    """Number of queries in a step."""
    learning_rate: float = 5e-3
    """Learning rate of Adam."""
    schedule: Literal["exponential", "warmup-cosine"] = "exponential"
    """Schedule of the learning rate: exponential, a decay to 0.5 % over the fit; warmup-cosine, up over the first 2.5 %
    of the fit and down to 0 along a half cosine, as published."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("pool", "batch"):
            check_whole(f"NeuralPull: {name}", getattr(self, name), 1)
        if self.queries is not None:
            check_whole("NeuralPull: queries", self.queries, 1)
        if self.local_scale is not None:
            check_number("NeuralPull: local_scale", self.local_scale, 0, above=True)
        check_number("NeuralPull: eikonal_weight", self.eikonal_weight, 0)
        check_number("NeuralPull: learning_rate", self.learning_rate, 0, above=True)
        check_finite(self)
