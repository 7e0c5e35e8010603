import pytest
import torch

from diffshape.fitting.scans.prior.noise import estimate_noise, relative_noise


def noisy_plane(count, sigma):
    generator = torch.Generator().manual_seed(0)
    flat = torch.rand(count, 3, generator=generator) * torch.tensor([1.0, 1.0, 0.0])
    return flat + sigma * torch.randn(count, 3, generator=generator)


@pytest.mark.parametrize(("count", "sigma"), [(4000, 0.0), (4000, 0.002), (4000, 0.007), (40_000, 0.01)])
def test_noise_of_a_plane_is_found_below_and_above_the_distance_between_points(count, sigma):
    assert abs(float(estimate_noise(noisy_plane(count, sigma)).noise) - sigma) <= 0.1 * sigma + 1e-6


def test_noise_turns_up_in_the_unit_of_the_points():
    points = noisy_plane(2500, 0.01)
    assert float(estimate_noise(1000 * points).noise) == pytest.approx(
        1000 * float(estimate_noise(points).noise), rel=1e-3
    )


@pytest.mark.parametrize("sigma", [0.0, 0.01])
def test_spacing_is_that_along_the_surface(sigma):
    assert float(estimate_noise(noisy_plane(40_000, sigma)).spacing) == pytest.approx(0.005, rel=0.15)


def test_relative_noise_is_that_of_the_neighbors_within_bounds():
    moves = torch.cat([torch.full((60,), 1.0), torch.full((50,), 1.5), torch.full((40,), 100.0)])
    neighbors = torch.stack([torch.arange(40), torch.arange(60, 100), torch.arange(110, 150)])
    assert relative_noise(moves, moves.median(), neighbors).tolist() == pytest.approx([1 / 1.5, 1.0, 2.0])
    assert relative_noise(torch.zeros(150), torch.tensor(0.0), neighbors).isfinite().all()
