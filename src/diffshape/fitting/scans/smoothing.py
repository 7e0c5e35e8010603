"""Noise of an oriented cloud, and its surface: rounds of local quadrics around moving centers.

The first round fits every point the same small neighbourhood; one search around the centers it moved serves the
adaptive rounds after it, each with the normals of the one before. All fit the raw points, so nothing is averaged twice.
"""

from functools import partial

from jaxtyping import Float, Int
from torch import Tensor

from diffshape.fitting.scans.config import ScanConfig
from diffshape.ops.local_quadrics import LocalQuadrics, local_quadrics
from diffshape.ops.neighbors.index import NeighborIndex

PROBE = 24
"""Number of neighbours of the quadrics whose residuals the noise is estimated from."""

QUANTILE = 0.3
"""Quantile of the residuals that the noise is read from; a low one, because edges and details raise the high ones."""

EXPECTED = 0.92
"""Value of that quantile for noise of standard deviation 1 on a plane, by simulation."""

GROWTH = 1.5
"""Largest factor by which the residuals of later rounds, which hold more detail, may raise the estimate of the
noise."""


def estimate_noise(
    points: Float[Tensor, "n 3"], normals: Float[Tensor, "n 3"], neighbors: Int[Tensor, "n k"], *, agreement: float
) -> float:
    """Standard deviation of points along their normals, from quadrics on the first 24 neighbours.

    Tends to be too small (0.8 of the truth) where noise exceeds the distance between points: the nearest points are
    then those with like errors. 0 if no point has enough neighbours.
    """
    fit = local_quadrics(points, points, normals, normals, neighbors, noise=0.0, sizes=(PROBE,), agreement=agreement)
    residuals = fit.residuals[fit.used > 0]
    return float(residuals.quantile(QUANTILE)) / EXPECTED if len(residuals) else 0.0


def smooth(
    points: Float[Tensor, "n 3"],
    normals: Float[Tensor, "n 3"],
    neighbors: Int[Tensor, "n k"],
    noise: float,
    config: ScanConfig,
) -> tuple[LocalQuadrics, float]:
    """Average the noise away.

    Args:
        points: Shape (N, 3).
        normals: Their unit normals, right within a radian or so.
        neighbors: Neighbours of each point, nearest first, for the first round.
        noise: Estimated standard deviation along the normals.
        config: Sizes, rounds, confidence and agreement.

    Returns:
        The surface around every point, and the noise as seen from that surface.
    """
    limit = GROWTH * noise
    agreement, later_agreement = config.agreement
    quadrics = local_quadrics(
        points,
        points,
        normals,
        normals,
        neighbors,
        noise=noise,
        sizes=(config.first_size,),
        agreement=agreement,
    )
    index = NeighborIndex(points)
    neighbors = index.query(quadrics.points, min(max(config.sizes), len(points))).indices
    for _ in range(config.rounds):
        noise = min(_spread(distances_from(points, quadrics)), limit)
        quadrics = local_quadrics(
            quadrics.points,
            points,
            quadrics.normals,
            quadrics.normals,
            neighbors,
            noise=noise,
            sizes=config.sizes,
            confidence=config.confidence,
            agreement=later_agreement,
        )
    return quadrics, noise


def fit_clean(
    points: Float[Tensor, "n 3"], normals: Float[Tensor, "n 3"], neighbors: Int[Tensor, "n k"], config: ScanConfig
) -> LocalQuadrics:
    """The surface around points without noise, from ``config.clean_size`` neighbours."""
    first, later = (
        partial(local_quadrics, neighbors=neighbors, noise=0.0, sizes=(config.clean_size,), agreement=agreement)
        for agreement in config.agreement
    )
    normals = first(points, points, normals, normals).normals
    return later(points, points, normals, normals)


def distances_from(points: Float[Tensor, "n 3"], quadrics: LocalQuadrics) -> Float[Tensor, "n"]:
    """Distance (N,) of each point from its own quadric, along the normal."""
    return ((points - quadrics.points) * quadrics.normals).sum(1).abs()


def _spread(distances: Float[Tensor, "n"]) -> float:
    """Standard deviation of Gaussian noise whose absolute values have this median."""
    return float(distances.median()) / 0.6745
