"""The noise estimate and what a round of smoothing keeps."""

import pytest
import torch

from diffshape.fitting.scans.config import ScanConfig
from diffshape.fitting.scans.smoothing import distances_from, estimate_noise, fit_clean, smooth
from diffshape.ops import NeighborIndex


def neighbors_of(points, k=54):
    return NeighborIndex(points).query(points, min(k, len(points))).indices


@pytest.mark.parametrize("noise", [0.001, 0.003, 0.01])
def test_noise_is_found(clouds, noise):
    points, normals = clouds.sphere(5000)
    points = points * (1 + 2 * noise * torch.randn(5000, 1, generator=clouds.generator(1), dtype=torch.float64))
    assert estimate_noise(points, normals, neighbors_of(points), agreement=0.7) == pytest.approx(noise, rel=0.12)


def test_noise_of_too_few_points_is_zero(clouds):
    points, normals = clouds.sphere(5)
    assert estimate_noise(points, normals, neighbors_of(points), agreement=0.7) == 0.0


def test_smoothing_tells_the_noise_again_but_not_without_bound(clouds):
    points, normals = clouds.sphere(5000)
    points = clouds.noisy(points, 0.01)
    quadrics, noise = smooth(points, normals, neighbors_of(points), 0.008, ScanConfig())
    assert noise == pytest.approx(0.01, rel=0.1)
    assert (quadrics.points.norm(dim=1) - 0.5).abs().mean() < 0.0016
    assert smooth(points, normals, neighbors_of(points), 0.004, ScanConfig())[1] == pytest.approx(0.006)


def test_raw_points_are_fitted_in_every_round(clouds):
    """A corrugated sheet under little noise: rounds of averaging averages would flatten it."""
    x, y = (torch.rand(6000, 2, generator=clouds.generator(), dtype=torch.float64) - 0.5).unbind(1)
    height = 0.02 * (20 * x).sin()
    points = clouds.noisy(torch.stack([x, y, height], dim=1), 0.002)
    up = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).expand(6000, 3)
    quadrics, _ = smooth(points, up, neighbors_of(points), 0.002, ScanConfig(rounds=6))
    inner = (x.abs() < 0.4) & (y.abs() < 0.4)
    left = quadrics.points[inner, 2] - 0.02 * (20 * quadrics.points[inner, 0]).sin()
    assert left.abs().mean() < 0.0006


def test_clean_fit_tells_distances(clouds):
    points, normals = clouds.sphere(2000)
    points[7] *= 1.1
    quadrics = fit_clean(points, normals, neighbors_of(points), ScanConfig())
    distances = distances_from(points, quadrics)
    assert distances.argmax() == 7
    assert distances.median() < 1e-4
