import pytest
import torch

from diffshape.ops.distance_grid.bricks import SIDE, Bricks, bricks_around
from diffshape.ops.distance_grid.solve import SurfaceData, solve_distances


def energy(bricks: Bricks, data: SurfaceData, values: torch.Tensor, stiffness: float) -> torch.Tensor:
    """The energy by its definition, differentiable."""
    corners = bricks.corners(data.points)
    f = (values[corners.entries] * corners.weights).sum(1)
    slopes = (values[corners.entries][:, None] * corners.slopes).sum(2)
    total = (data.value_weights * f.square()).sum()
    total = total + (data.gradient_weights * (slopes - data.normals).square().sum(1)).sum()
    nodes = (SIDE * bricks.places()[:, None] + torch.cartesian_prod(*[torch.arange(SIDE)] * 3)).reshape(-1, 3)
    axes = torch.eye(3, dtype=torch.long)
    for a in range(3):
        for b in range(a, 3):
            if a == b:
                stencil, factors, weight = [nodes - axes[a], nodes, nodes + axes[a]], (1, -2, 1), 1
            else:
                both = axes[a] + axes[b]
                stencil = [nodes, nodes + axes[a], nodes + axes[b], nodes + both]
                factors, weight = (1, -1, -1, 1), 2
            entries = torch.stack([bricks.entries_at(each) for each in stencil])
            known = (entries >= 0).all(0)
            difference = sum(factor * values[each[known]] for factor, each in zip(factors, entries))
            total = total + stiffness * weight * difference.square().sum()
    return total


@pytest.fixture
def ball():
    points = torch.nn.functional.normalize(torch.randn(60, 3, generator=torch.manual_seed(0), dtype=torch.float64))
    weights = 0.5 + torch.rand(60, generator=torch.manual_seed(1), dtype=torch.float64)
    return SurfaceData(0.3 * points, points, 20 * weights, weights)


@pytest.fixture
def bricks(ball):
    return bricks_around(ball.points, 0.12, 0.08, (-0.8, 0.8))


def test_the_energy_has_no_slope_at_the_solution(ball, bricks):
    start = torch.zeros(64 * bricks.count, dtype=torch.float64)
    values = solve_distances(bricks, ball, start, stiffness=0.3, rounds=2000, tolerance=1e-10)
    values.requires_grad_()
    at_start = start.clone().requires_grad_()
    energy(bricks, ball, at_start, 0.3).backward()
    energy(bricks, ball, values, 0.3).backward()
    assert values.grad.abs().max() < 1e-6 * at_start.grad.abs().max()


def test_rounds_lower_the_energy(ball, bricks):
    start = torch.zeros(64 * bricks.count, dtype=torch.float64)
    energies = [
        energy(bricks, ball, solve_distances(bricks, ball, start, stiffness=0.3, rounds=n, tolerance=0), 0.3).item()
        for n in (0, 1, 5, 30)
    ]
    assert energies == sorted(energies, reverse=True)
    assert energies[3] < 0.6 * energies[0]


def test_a_plane_is_its_own_solution():
    xy = torch.rand(40, 2, generator=torch.manual_seed(0), dtype=torch.float64) - 0.5
    points = torch.cat([xy, torch.full((40, 1), 0.03, dtype=torch.float64)], dim=1)
    normals = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).expand(40, 3)
    bricks = bricks_around(points, 0.1, 0.05, (-0.8, 0.8))
    ones = torch.ones(40, dtype=torch.float64)
    exact = (bricks.positions()[:, 2] - 0.03) / bricks.cell
    start = exact + 0.2 * torch.randn(len(exact), generator=torch.manual_seed(1), dtype=torch.float64)
    values = solve_distances(
        bricks, SurfaceData(points, normals, ones, ones), start, stiffness=1, rounds=5000, tolerance=1e-9
    )
    corners = bricks.corners(points)
    assert (values[corners.entries] - exact[corners.entries]).abs().max() < 1e-5


def test_the_bits_are_the_same_with_one_thread_and_with_two(ball, bricks):
    start = torch.zeros(64 * bricks.count, dtype=torch.float64)
    threads, found = torch.get_num_threads(), []
    for number in (1, 2):
        torch.set_num_threads(number)
        found.append(solve_distances(bricks, ball, start, stiffness=0.3, rounds=20, tolerance=0))
    torch.set_num_threads(threads)
    assert torch.equal(*found)


def test_a_start_that_is_the_solution_stays(ball, bricks):
    start = torch.zeros(64 * bricks.count, dtype=torch.float64)
    once = solve_distances(bricks, ball, start, stiffness=0.3, rounds=2000, tolerance=1e-12)
    again = solve_distances(bricks, ball, once, stiffness=0.3, rounds=1, tolerance=1e-3)
    assert (again - once).abs().max() < 1e-6
