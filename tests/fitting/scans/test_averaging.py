import numpy as np
import pytest
import torch

from diffshape.fitting.scans.averaging import averaged

NOISE = 0.01


def sphere(count: int, noise: float, radius: float = 0.5) -> torch.Tensor:
    """Points of a sphere with noise along its normals."""
    generator = np.random.default_rng(0)
    directions = generator.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return torch.from_numpy(directions * (radius + noise * generator.normal(size=(count, 1))))


def heights(points: torch.Tensor, radius: float = 0.5) -> torch.Tensor:
    """Signed distances from the sphere."""
    return points.norm(dim=1) - radius


def test_noise_falls_with_the_root_of_the_points_that_are_averaged():
    scan = sphere(16_000, NOISE)
    left = heights(averaged(scan[:1000], [scan])).std()
    assert left < 0.4 * NOISE  # 1 / 4 of the noise, and the differences between the numbers of points in each mean


def test_blocks_do_not_matter():
    scan = sphere(4000, NOISE)
    once, apart = (averaged(scan[:1000], blocks) for blocks in ([scan], scan.split(777)))
    assert torch.allclose(once, apart, rtol=0, atol=1e-12)


def test_points_without_noise_stay():
    scan = sphere(4000, 0.0)
    assert torch.equal(averaged(scan[:1000], [scan]), scan[:1000])


@pytest.mark.parametrize("place", [0.7, 1e30])
def test_points_off_the_surface_do_not_count(place):
    scan = sphere(8000, NOISE)
    stray = torch.full((500, 3), place, dtype=torch.float64)
    assert torch.equal(averaged(scan[:1000], [scan, stray]), averaged(scan[:1000], [scan]))


def test_outliers_among_the_drawn_stay():
    scan = sphere(8000, NOISE)
    drawn = torch.cat([scan[:1000], torch.tensor([[0.0, 0.0, 0.0]], dtype=torch.float64)])
    assert torch.equal(averaged(drawn, [scan])[-1], drawn[-1])


def test_the_sides_of_a_wall_do_not_mix():
    shells = (sphere(8000, 0.004), sphere(8000, 0.004, radius=0.46))
    drawn = torch.cat([shell[:1500] for shell in shells])
    moved = averaged(drawn, [torch.cat(shells)])
    for points, radius in zip(moved.split(1500), (0.5, 0.46), strict=True):
        assert heights(points, radius).abs().mean() < 0.004 * 0.6
        assert heights(points, radius).mean().abs() < 0.001
