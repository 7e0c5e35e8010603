import pytest
import torch

from diffshape.fitting.scans.prior.noise import (
    estimate_noise,
    noise_and_spacing,
    relative_noise,
    spacing_of,
)
from diffshape.ops.neighbors.index import NeighborIndex


def noisy_plane(count, sigma):
    generator = torch.Generator().manual_seed(0)
    flat = torch.rand(count, 3, generator=generator) * torch.tensor([1.0, 1.0, 0.0])
    return flat + sigma * torch.randn(count, 3, generator=generator)


@pytest.mark.parametrize(("count", "sigma"), [(4000, 0.0), (4000, 0.002), (4000, 0.007), (40_000, 0.01)])
def test_noise_of_a_plane_is_found_below_and_above_the_distance_between_points(count, sigma):
    assert abs(float(estimate_noise(noisy_plane(count, sigma))) - sigma) <= 0.1 * sigma + 1e-6


def test_noise_turns_up_in_the_unit_of_the_points():
    points = noisy_plane(2500, 0.01)
    assert float(estimate_noise(1000 * points)) == pytest.approx(1000 * float(estimate_noise(points)), rel=1e-3)


def test_spacing_of_a_grid_and_of_a_random_plane():
    grid = torch.cartesian_prod(torch.arange(30.0), torch.arange(30.0), torch.zeros(1))
    squared = NeighborIndex(grid).query(grid, 9).squared_distances
    assert float(spacing_of(squared)) == pytest.approx((torch.pi / 4) ** 0.5)  # the 8th of a grid is sqrt(2) away
    assert float(noise_and_spacing(noisy_plane(10_000, 0.0))[1]) == pytest.approx(0.01, rel=0.1)


def test_relative_noise_is_that_of_the_neighbors_within_bounds():
    moves = torch.cat([torch.full((60,), 1.0), torch.full((50,), 1.5), torch.full((40,), 100.0)])
    neighbors = torch.stack([torch.arange(40), torch.arange(60, 100), torch.arange(110, 150)])
    assert relative_noise(moves, neighbors).tolist() == pytest.approx([1 / 1.5, 1.0, 2.0])
    assert relative_noise(torch.zeros(150), neighbors).isfinite().all()
