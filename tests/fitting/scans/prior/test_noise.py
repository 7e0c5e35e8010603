import pytest
import torch

from diffshape.fitting.scans.prior.noise import noise_around, noise_by_quadrics, typical_noise
from diffshape.ops.neighbors.index import NeighborIndex


@pytest.mark.parametrize("sigma", [0.0, 0.002, 0.005])
def test_noise_of_a_plane_by_its_quadrics(sigma):
    generator = torch.Generator().manual_seed(0)
    flat = torch.rand(4000, 3, generator=generator) * torch.tensor([1.0, 1.0, 0.0])
    points = flat + sigma * torch.randn(4000, 3, generator=generator)
    rows = torch.arange(0, 4000, 2)
    nearest = NeighborIndex(points).query(points[rows], 24).indices
    found = noise_by_quadrics(points, rows, torch.tensor([0.0, 0.0, 1.0]).expand(2000, 3), nearest)
    assert abs(float(found) - sigma) <= 0.1 * sigma + 1e-6


def test_typical_noise_of_gaussian_moves():
    moves = 0.3 * torch.randn(20_000, generator=torch.manual_seed(0)).abs()
    assert abs(float(typical_noise(moves)) - 0.3) < 0.01


def test_noise_around_a_point_is_that_of_its_neighbors_within_bounds():
    moves = torch.cat([torch.full((50,), 1.0), torch.full((50,), 1.5), torch.full((50,), 100.0)])
    neighbors = torch.arange(150).reshape(3, 50)
    around = noise_around(moves, neighbors, torch.tensor(2.0)).tolist()
    assert around[0] == pytest.approx(1 / 0.6745)
    assert around[1] == pytest.approx(1.5 / 0.6745)
    assert around[2] == 4.0
