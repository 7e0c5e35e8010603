"""Parts of scans of drawn solids, with the true surface around each: what the scan prior learns from, and no file."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from diffshape._notices import tell
from diffshape.data.coincident import distinct_rows
from diffshape.data.synthetic.drawn.drawing import drawn_solid
from diffshape.data.synthetic.drawn.drawn_scan import DrawnScan, drawn_scan
from diffshape.data.synthetic.drawn.drawn_solid import DrawnSolid
from diffshape.data.synthetic.drawn.primitive_draws import log_uniform
from diffshape.ops.neighbors.index import NeighborIndex

SCAN_POINTS = (600, 150_000)
"""Range of the number of points of a scan, drawn log-uniformly."""
MOST_NOISE = 0.02
"""Largest standard deviation of the noise; the longest side of a solid is 1."""
NOISY_POINTS = (8_000, 150_000)
"""Range of the number of points of scans whose noise is drawn against the solid."""
NOISY = (0.003, 0.015)
"""Range of that noise, drawn log-uniformly."""
CROP_POINTS = 4_000
"""Largest number of points of a crop."""
INNER_POINTS = 1_300
"""Number of points of a crop, those nearest to its middle, whose neighbours are in the crop, which others' may not be:
those that are learnt from and scored."""
LEAST_POINTS = 300
"""Least number of distinct points of a crop; where there are fewer, another solid is drawn."""
TRUTH_POINTS = (60_000, 300_000)
"""Range of the number of points that are drawn on a whole solid, of which a crop keeps those around it."""
TRUTH_RATIO = 16
"""Number of these points for each of the scan, within the range: four times as dense along a line."""
ATTEMPTS = 20
"""Number of solids that are drawn, at most, until one of them can be scanned."""
MOST_TRUTH = 60_000
"""Largest number of points of the true surface around a crop."""
TOLD_EVERY = 100
"""Number of crops after which another notice says how many are drawn."""


class DrawnCrop(NamedTuple):
    """The points of a scan that are nearest to one of them, and the truth about them, in the frame of the solid."""

    points: Float[Tensor, "n 3"]
    """Distinct points as scanned, the one in the middle first, the farthest from it last."""
    outliers: Bool[Tensor, "n"]
    """True for stray points that are farther from the surface than its noise explains."""
    noise: float
    """Standard deviation of the errors of the scan: noise, and views that do not meet."""
    truth_points: Float[Tensor, "m 3"]
    """Points drawn evenly on the true surface, as far as 1.3 times the radius of the crop and 0.05 from its middle."""
    truth_normals: Float[Tensor, "m 3"]
    """Unit normals of the true surface at these points, outward."""


class _Draws(NamedTuple):
    """Number of points of a scan, and its other options as `drawn_scan` calls them."""

    count: int
    options: dict[str, Any]


def drawn_crops(count: int, seed: Sequence[int], *, workers: int | None = None) -> list[DrawnCrop]:
    """Crops of scans of ``count`` drawn solids, the same with any number of workers.

    Args:
        count: Number of crops.
        seed: Whole numbers of 0 or more that tell these crops from others; crop i is that of ``(*seed, i)``.
        workers: Number of threads; one for each core if ``None``.

    Raises:
        ValueError: None of `ATTEMPTS` solids could be scanned.
    """
    tell(f"drawing {count} scans")
    crops = []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for crop in pool.map(drawn_crop, [(*seed, number) for number in range(count)]):
            crops.append(crop)
            if len(crops) % TOLD_EVERY == 0:
                tell(f"{len(crops)} of {count} scans drawn")
    return crops


def drawn_crop(seed: int | Sequence[int]) -> DrawnCrop:
    """The crop of a scan of a drawn solid: the same for the same seed.

    A solid that cannot be scanned, as holes leave nothing of it or too little is left, is replaced by the next one.

    Args:
        seed: Whole number of 0 or more, or several.

    Raises:
        ValueError: None of `ATTEMPTS` solids could be scanned.
    """
    numbers = (seed,) if isinstance(seed, int) else seed
    refused = None
    for attempt in range(ATTEMPTS):
        try:
            return _crop(np.random.default_rng([*numbers, attempt]))
        except ValueError as error:  # noqa: PERF203
            refused = error
    raise ValueError(f"drawn_crop: none of {ATTEMPTS} solids of seed {seed} can be scanned: {refused}") from refused


def _crop(generator: np.random.Generator) -> DrawnCrop:
    solid = drawn_solid(_seed(generator))
    count, options = _draws(generator)
    scan = drawn_scan(solid, count, seed=_seed(generator), **options)
    noise = float(np.hypot(options["noise"], options.get("misalignment", 0)))
    middle = scan.points[generator.choice(np.flatnonzero(~scan.outliers))]
    places, radius = _nearest(scan, middle)
    sampled = min(max(TRUTH_RATIO * count, TRUTH_POINTS[0]), TRUTH_POINTS[1])
    truth, normals = _surface_around(solid, sampled, middle, 1.3 * radius + 0.05, _seed(generator))
    points = torch.from_numpy(scan.points[places].astype(np.float32))
    distances = NeighborIndex(truth).query(points).squared_distances.sqrt()
    stray = torch.from_numpy(scan.outliers[places])
    return DrawnCrop(points, stray & (distances > 3 * noise + 1e-3), noise, truth, normals)


def _draws(generator: np.random.Generator) -> _Draws:
    """Regime of one scan: how dense, how noisy, and what else is wrong with it."""
    count, noise = _density_and_noise(generator)
    kind = str(generator.choice(["gaussian", "laplace", "ray", "grid"], p=[0.6, 0.15, 0.15, 0.1]))
    options: dict[str, Any] = {"noise": noise, "noise_kind": kind}
    if generator.random() < 1 / 3:
        options["unevenness"] = generator.uniform(0.3, 2.3)
    if generator.random() < 0.3:
        options["outliers"] = log_uniform(0.002, 0.06, generator)
    if generator.random() < 0.3:
        options["views"] = int(generator.integers(2, 13))
        if generator.random() < 0.5:
            options["misalignment"] = log_uniform(0.2, 3, generator) * noise
    if generator.random() < 0.15:
        options["holes"] = int(generator.integers(1, 5))
    return _Draws(count, options)


def _density_and_noise(generator: np.random.Generator) -> tuple[int, float]:
    """Number of points of a scan and its noise: none, little, any against the distance between points, or any against
    the solid, which is much against the distance between the many points that such a scan must have."""
    count, level = round(log_uniform(*SCAN_POINTS, generator)), generator.random()
    if level < 0.1:
        return count, 0.0
    if level < 0.6:
        ratio = log_uniform(0.003, 0.15, generator) if level < 0.2 else log_uniform(0.15, 2.5, generator)
        return count, min(ratio / count**0.5, MOST_NOISE)
    return round(log_uniform(*NOISY_POINTS, generator)), log_uniform(*NOISY, generator)


def _nearest(scan: DrawnScan, middle: NDArray[np.float64]) -> tuple[NDArray[np.int64], float]:
    """Places of the distinct points that are nearest to the middle, nearest first, and the distance of the last.

    Raises:
        ValueError: They are fewer than `LEAST_POINTS`.
    """
    distances = np.linalg.norm(scan.points - middle, axis=1)
    places = np.argsort(distances, kind="stable")[:CROP_POINTS]
    places = places[np.sort(distinct_rows(scan.points[places].astype(np.float32)).first)]
    if len(places) < LEAST_POINTS:
        raise ValueError(f"a crop must have {LEAST_POINTS} distinct points, got {len(places)}")
    return places, float(distances[places[-1]])


def _surface_around(
    solid: DrawnSolid, count: int, middle: NDArray[np.float64], radius: float, seed: int
) -> tuple[Float[Tensor, "m 3"], Float[Tensor, "m 3"]]:
    """Those of ``count`` points of the surface of a solid that lie in a ball, and their normals."""
    points, normals = solid.sample(count, seed=seed)
    near = np.flatnonzero(np.linalg.norm(points - middle, axis=1) < radius)[:MOST_TRUTH]
    return torch.from_numpy(points[near].astype(np.float32)), torch.from_numpy(normals[near].astype(np.float32))


def _seed(generator: np.random.Generator) -> int:
    return int(generator.integers(2**40))
