import pytest
import torch

from diffshape.ops.distance_grid.levels import OrientedSurface, cell_sizes, distance_levels
from diffshape.ops.visibility import fibonacci_directions

BOX = (-0.8, 0.8)


def ball(count=3000, radius=0.4, errors=0.0):
    normals = fibonacci_directions(count).double()
    spacing = radius * (4 * torch.pi / count) ** 0.5
    return OrientedSurface(
        radius * normals,
        normals,
        torch.full((count,), errors),
        spacing,
        lambda places: (places.norm(dim=1) < radius).to(places),
    )


def values_at(levels, places):
    found = torch.full((len(places),), torch.nan, dtype=torch.float64)
    for level in reversed(levels):
        corners = level.bricks.corners(places)
        here = corners.present
        found[here] = (level.values[corners.entries[here]] * corners.weights[here]).sum(1)
    return found


def test_cells_double_until_a_fortieth_of_the_box():
    assert cell_sizes(0.005, BOX) == [0.005, 0.01, 0.02, 0.04]
    assert cell_sizes(0.05, BOX) == [0.05]


def test_the_distance_of_a_ball_is_found():
    surface = ball()
    levels = distance_levels(surface, 0.6 * surface.spacing, BOX)
    assert values_at(levels, surface.points).abs().max() < 1e-3 * surface.spacing
    other = 0.4 * torch.nn.functional.normalize(
        torch.randn(500, 3, generator=torch.manual_seed(0), dtype=torch.float64)
    )
    assert values_at(levels, other).abs().mean() < 2e-3 * surface.spacing
    places = 1.5 * (torch.rand(2000, 3, generator=torch.manual_seed(1), dtype=torch.float64) - 0.5)
    distances = places.norm(dim=1) - 0.4
    found = values_at(levels, places)
    assert ((found < 0) == (distances < 0))[distances.abs() > 0.002].all()
    assert (found - distances).abs().mean() < 0.004


def test_noise_that_is_told_is_smoothed_away():
    exact, offsets = ball(), 0.003 * torch.randn(3000, generator=torch.manual_seed(0), dtype=torch.float64)
    noisy = exact._replace(points=exact.points + offsets[:, None] * exact.normals)
    cell = 0.8 * exact.spacing
    trusting, told = (
        values_at(distance_levels(noisy._replace(errors=torch.full((3000,), error)), cell, BOX), exact.points)
        for error in (0.0, 0.003)
    )
    assert told.abs().mean() < 0.6 * offsets.abs().mean() < trusting.abs().mean()


def test_a_hole_is_closed_by_a_smooth_surface():
    whole = ball()
    kept = whole.normals[:, 2] < 0.97
    holed = whole._replace(points=whole.points[kept], normals=whole.normals[kept], errors=whole.errors[kept])
    levels = distance_levels(holed, 0.7 * whole.spacing, BOX)
    missing = whole.points[~kept]
    assert len(missing) > 20
    assert values_at(levels, missing).abs().max() < 0.02


@pytest.mark.parametrize("move", [0.0, 0.013])
def test_thin_walls_keep_both_sides(move):
    grid = torch.cartesian_prod(*[torch.linspace(-0.3, 0.3, 61, dtype=torch.float64)] * 2)
    sheets = [
        torch.cat([grid, torch.full((len(grid), 1), z + move, dtype=torch.float64)], dim=1) for z in (-0.01, 0.01)
    ]
    up = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).expand(len(grid), 3)
    surface = OrientedSurface(
        torch.cat(sheets),
        torch.cat([-up, up]),
        torch.zeros(2 * len(grid)),
        0.01,
        lambda places: ((places[:, 2] - move).abs() < 0.01).to(places),
    )
    levels = distance_levels(surface, 0.006, BOX)
    inner = torch.cat([grid, torch.full((len(grid), 1), move, dtype=torch.float64)], dim=1)
    middle = inner[grid.abs().amax(1) < 0.25]
    assert values_at(levels, middle).max() < -0.002
    assert values_at(levels, middle + torch.tensor([0, 0, 0.02])).min() > 0.005
