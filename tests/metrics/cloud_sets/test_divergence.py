"""Jensen-Shannon divergence of points on the grid in the ball: counted by hand, its bounds and its standard error."""

import math

import pytest
import torch

from diffshape.metrics.cloud_sets.divergence import ball_nodes, divergence, set_divergence


def placed(*xs):
    """Clouds of one point each on the first axis."""
    clouds = torch.zeros(len(xs), 1, 3, dtype=torch.float64)
    clouds[:, 0, 0] = torch.tensor(xs)
    return clouds


def test_the_nodes_are_those_of_the_published_grid():
    nodes = ball_nodes()
    steps = [k / 27 - 0.5 for k in range(28)]
    wanted = [(x, y, z) for x in steps for y in steps for z in steps if math.hypot(x, y, z) <= 0.5]
    torch.testing.assert_close(nodes, torch.tensor(wanted, dtype=torch.float64), rtol=0, atol=1e-15)


def test_by_hand():
    p, q = torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0])
    middle = -(0.625 * math.log2(0.625) + 0.375 * math.log2(0.375))
    own = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    assert divergence(p, q).item() == pytest.approx(middle - (own + 1) / 2, rel=1e-6)


def test_equal_and_disjoint_sets():
    here, there = placed(0.1, 0.2, 0.2), placed(-0.1, -0.2)
    assert set_divergence(here, here.flip(0)).value == pytest.approx(0, abs=1e-12)
    assert set_divergence(here, there).value == pytest.approx(1)
    assert set_divergence(here, there).error == pytest.approx(0, abs=1e-7)


def test_all_points_of_a_set_count_alike_however_they_are_dealt_out_to_clouds():
    generator = torch.Generator().manual_seed(0)
    points = 0.4 * torch.rand(6, 10, 3, dtype=torch.float64, generator=generator) - 0.2
    others = 0.4 * torch.rand(4, 10, 3, dtype=torch.float64, generator=generator)
    again = points.reshape(-1, 3)[torch.randperm(60, generator=generator)].view(3, 20, 3)
    assert set_divergence(points, others).value == pytest.approx(set_divergence(again, others).value, rel=1e-12)


def test_points_outside_are_reported():
    divided = set_divergence(placed(0.1, 0.53), placed(0.1, 0.2, 0.3, 0.9))
    assert divided.outside == (0.0, 0.25)  # 0.53 is within a cell, 1 / 27, of the rim


def test_the_error_is_the_spread_over_draws():
    def drawn(seed):
        generator = torch.Generator().manual_seed(seed)
        first, second = ((0.9 * torch.rand(30, generator=generator) - 0.45 + more) / 2 for more in (0, 0.3))
        return set_divergence(placed(*first.tolist()), placed(*second.tolist()))

    found = [drawn(seed) for seed in range(40)]
    spread = torch.tensor([each.value for each in found]).std().item()
    told = torch.tensor([each.error for each in found]).mean().item()
    assert 0.5 * spread < told < 2 * spread
