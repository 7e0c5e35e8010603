"""Simulated scans: points of a known surface with noise, uneven density and stray returns.

p = s + noise * L * N(0, I), s on the surface, L the longest side of the mesh's bounding box. Uneven density is a
smooth random function of the direction seen from the box centre, exp(unevenness * w(direction)), 0 <= w <= 1, w a sum
of random waves.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_number, check_seed
from diffshape.data.area_samples import area_samples
from diffshape.data.meshes import Mesh, as_mesh
from diffshape.data.synthetic.density import draw_density
from diffshape.data.synthetic.objects import procedural_object

_OUTLIER_BOX = 1.5


@checked
def simulate_scan(
    mesh: Any,
    count: int,
    *,
    noise: float = 0.0,
    unevenness: float = 0.0,
    outliers: float = 0.0,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Points (count, 3) of a mesh as a scanner might see them, in the unit of the mesh; the same for the same seed.

    Args:
        mesh: Anything :func:`~diffshape.data.as_mesh` takes.
        count: Number of points, at least 1.
        noise: Standard deviation of the Gaussian error of each coordinate, as a fraction of the longest side.
        unevenness: Logarithm of the largest ratio of densities, that of the densest to the sparsest direction; 0 is
            even by area.
        outliers: Fraction in [0, 1) of the points that is spread evenly over the bounding box enlarged to 1.5 times
            its sides.
        seed: Seed of all draws.

    Raises:
        ValueError: an option out of range, or what ``as_mesh`` refuses.

    >>> simulate_scan(([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]]), 5, noise=0.01).shape
    (5, 3)
    """
    check_fits("simulate_scan: count", count, 200)
    check_seed("simulate_scan: seed", seed)
    check_number("simulate_scan: noise", noise, 0)
    if not 0 <= unevenness <= 10:
        raise ValueError(f"simulate_scan: unevenness must be in [0, 10], got {unevenness}")
    if not 0 <= outliers < 1:
        raise ValueError(f"simulate_scan: outliers must be in [0, 1), got {outliers}")
    vertices, faces = as_mesh(mesh)
    used = vertices[faces.ravel()]
    low, high = used.min(axis=0), used.max(axis=0)
    # one stream an effect: adding noise does not move the surface points
    surface_rng, noise_rng, outlier_rng = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)
    )
    points = _uneven_samples(Mesh(vertices, faces), count, unevenness, (low + high) / 2, surface_rng)
    points += noise * (high - low).max() * noise_rng.standard_normal(points.shape)
    strays = outlier_rng.permutation(count)[: round(outliers * count)]
    offsets = outlier_rng.uniform(-0.5, 0.5, (len(strays), 3)) * _OUTLIER_BOX
    points[strays] = (low + high) / 2 + offsets * (high - low)
    return points


@checked
def demo_scan(count: int = 30_000, *, seed: int = 0) -> tuple[NDArray[np.float64], Mesh]:
    """The demo shape: a slightly noisy scan (count, 3) of a kettle, and its true surface in the same coordinates."""
    check_fits("demo_scan: count", count, 200)
    check_seed("demo_scan: seed", seed)
    truth = procedural_object("kettle").mesh(256)
    return simulate_scan(truth, count, noise=0.002, unevenness=1.0, seed=seed), truth


def _uneven_samples(
    mesh: Mesh, count: int, unevenness: float, center: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.float64]:
    """Even samples, each kept with a probability that depends on its direction from the centre."""
    if unevenness == 0:
        return area_samples(*mesh, count, generator=generator)
    density = draw_density(center, generator)
    kept: list[NDArray[np.float64]] = []
    peak = None
    while sum(map(len, kept)) < count:
        points = area_samples(*mesh, 2 * count, generator=generator)
        weight = density(points)
        peak = weight.max() if peak is None else peak  # of the first draw: the densest place there is, nearly
        kept.append(points[generator.random(len(points)) < np.exp(unevenness * (weight - peak))])
    return np.concatenate(kept)[:count]
