import pytest
import torch

from diffshape.ops.distance_grid.bricks import NODES, SIDE, bricks_around, bricks_everywhere

BOX = (-0.8, 0.8)


def test_a_linear_function_is_interpolated_exactly_with_its_slope():
    bricks = bricks_everywhere(0.25, (-1.0, 1.8))
    slope = torch.tensor([0.3, -0.7, 1.1], dtype=torch.float64)
    values = bricks.positions() @ slope + 0.2
    points = torch.rand(50, 3, generator=torch.manual_seed(0), dtype=torch.float64) * 2.7 - 1
    corners = bricks.corners(points)
    assert corners.present.all()
    torch.testing.assert_close((values[corners.entries] * corners.weights).sum(1), points @ slope + 0.2)
    slopes = (values[corners.entries][:, None] * corners.slopes).sum(2) / bricks.cell
    torch.testing.assert_close(slopes, slope.expand(50, 3))


def test_positions_are_those_of_the_entries():
    bricks = bricks_around(torch.tensor([[0.1, 0.2, -0.3], [0.6, -0.5, 0.0]]), 0.2, 0.05, BOX)
    positions = bricks.positions()
    assert len(positions) == NODES * bricks.count
    nodes = ((positions + 0.8) / 0.05).round().long()
    assert torch.equal(bricks.entries_at(nodes), torch.arange(len(positions)))


def test_every_cell_within_reach_is_there_and_no_brick_without_a_point_near():
    points = torch.rand(20, 3, generator=torch.manual_seed(1), dtype=torch.float64) - 0.5
    bricks = bricks_around(points, 0.1, 0.02, BOX)
    near = points[:, None] + 0.08 * torch.rand(20, 30, 3, generator=torch.manual_seed(2), dtype=torch.float64)
    assert bricks.corners(near.reshape(-1, 3)).present.all()
    width = SIDE * bricks.cell
    middles = bricks.low + width * (bricks.places() + 0.5)
    gaps = ((middles[:, None] - points).abs() - width / 2).amax(-1).amin(1)
    assert gaps.max() <= 0.1 + 1e-9


def test_bricks_about_a_brick_are_told_by_their_offset():
    bricks = bricks_everywhere(1.0, (0.0, 11.0))
    around = bricks.around()
    assert around.shape == (27, 27)
    assert torch.equal(around[13], torch.arange(27))
    assert (around[0] >= 0).sum() == 8
    assert torch.equal(around[:, 13], torch.arange(27))


@pytest.mark.parametrize("point", [[-5.0, 0.0, 0.0], [0.0, 7.0, 0.0]])
def test_points_beyond_the_table_get_its_nearest_cell(point):
    bricks = bricks_everywhere(0.5, (-1.0, 0.5))
    assert bricks.corners(torch.tensor([point])).present.all()
