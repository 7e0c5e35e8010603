"""Noise of a scan, estimated from the scan itself: its standard deviation along the normals."""

from jaxtyping import Float, Int
from torch import Tensor

from diffshape.ops.local_quadrics import local_quadrics

PROBE = 24
"""Number of neighbours of the quadrics whose residuals the noise is estimated from."""
QUANTILE = 0.3
"""Quantile of the residuals that the noise is read from; a low one, because edges and details raise the high ones."""
EXPECTED = 0.92
"""Value of that quantile for noise of standard deviation 1 on a plane, by simulation."""
AROUND = 64
"""Number of neighbours of a point whose moves tell the noise around it."""
MEDIAN = 0.6745
"""Median of the absolute value of Gaussian noise of standard deviation 1."""


def noise_by_quadrics(
    points: Float[Tensor, "m 3"],
    centers: Int[Tensor, "n"],
    normals: Float[Tensor, "n 3"],
    neighbors: Int[Tensor, "n k"],
) -> Float[Tensor, ""]:
    """The noise by the residuals of quadrics through the first 24 neighbours of some points, with their unit normals.

    Too small, down to 0.6 of the truth, where the noise exceeds the distance between points: the nearest points are
    then those with like errors.
    """
    everywhere = normals[:1].expand(len(points), 3)
    fit = local_quadrics(
        points[centers],
        points,
        normals,
        everywhere,
        neighbors[:, :PROBE].long(),
        noise=0.0,
        sizes=(PROBE,),
        agreement=-2.0,
    )
    residuals = fit.residuals[fit.used > 0]
    return residuals.quantile(QUANTILE) / EXPECTED if len(residuals) else points.new_tensor(0.0)


def typical_noise(moves: Float[Tensor, "n"]) -> Float[Tensor, ""]:
    """The noise that was moved away, by the median of distances that are not negative."""
    return moves.median() / MEDIAN


def noise_around(
    moves: Float[Tensor, "m"], neighbors: Int[Tensor, "n k"], typical: Float[Tensor, ""]
) -> Float[Tensor, "n"]:
    """The noise that was moved away around some points, from half to twice what is typical of the scan."""
    around = moves[neighbors[:, :AROUND].long()].median(dim=1).values / MEDIAN
    return around.clamp(0.5 * typical, 2 * typical)
