"""Settings of the Neural-Pull fit of a scan. They need no torch, as a command line reads them.

Lengths are in the unit frame, where the longest side of a shape is 1.
"""

from dataclasses import dataclass

from diffshape._bounds import check_number, check_whole
from diffshape.fitting.methods.config import StartedMethodConfig
from diffshape.fitting.scans.config import ScanConfig


@dataclass(frozen=True, kw_only=True)
class NeuralPull(StartedMethodConfig):
    """Neural-Pull: places near the scan, pulled as far and in the direction that the field says, arrive at the scan.

    L = mean |t - (q - f g / |g|)| + lambda mean (1 - |g|)^2, where q are queries p + N(0, s_p^2) around the points p of
    the scan, drawn once, t is the point of the scan nearest to q, f the field and g its gradient at q. No normals are
    used: the sphere that the field starts as tells inside from outside. The defaults are fast settings for a hash grid
    of this library; ``preset("paper", "neural-pull")`` is the fit of the released code, and
    ``preset("paper-diffcd", "neural-pull")`` the one that the DiffCD paper compares with. Source: Ma, Han, Liu,
    Zwicker, Neural-Pull: Learning Signed Distance Functions from Point Clouds by Learning to Pull Space onto Surfaces,
    ICML 2021.
    """

    scan: ScanConfig | None = None
    """Preparation of the scan: it is oriented, denoised and resampled, and the fit starts from the distance field of
    the result. None, as published: the points are taken as they are, and the fit starts from a sphere."""
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
    0.25 sqrt(N / 20,000) for N points, the rule of the released code. It is 1 in the paper itself, and 0.2 in the runs
    that the DiffCD paper compares with."""
    batch: int = 4096
    """Number of queries in a step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("NeuralPull: pool", self.pool, 1)
        check_number("NeuralPull: eikonal_weight", self.eikonal_weight, 0)
        if self.queries is not None:
            check_whole("NeuralPull: queries", self.queries, 1)
        if self.local_scale is not None:
            check_number("NeuralPull: local_scale", self.local_scale, 0, above=True)
