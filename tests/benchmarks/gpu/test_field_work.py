"""The floor of a query: gathers and operations counted."""

import pytest
import torch

from benchmarks.gpu.field_work import along_a_curve, count_gathers, floor, operations, uniform_points
from diffshape.ops import GridLayout


def test_gathers_are_counted_by_hand():
    """One level of 4-byte rows, x fastest: a cell's corners lie in 4 rows of nodes; points of one cell share them."""
    grid = GridLayout(levels=1, base=64, finest=64, features=2, interpolation="linear", log2_entries=18)
    one_cell = torch.full((128, 3), 2 * (8.5 - 0.5) / 63 - 1)  # nodes 8 and 9 of each axis, in one sector of 8 rows
    assert count_gathers(one_cell, grid) == (8 * 4 / 128, 4 / 128)
    two_cells = one_cell.clone()
    two_cells[::2, 2] = 2 * (20.5 - 0.5) / 63 - 1
    assert count_gathers(two_cells, grid) == (2 * 8 * 4 / 128, 2 * 4 / 128)


def test_points_along_a_curve_touch_fewer_sectors_and_set_a_lower_floor():
    grid = GridLayout(levels=4, base=8, finest=64, features=2, interpolation="linear", log2_entries=12)
    points = uniform_points(8192)
    shuffled, ordered = count_gathers(points, grid), count_gathers(along_a_curve(points), grid)
    assert ordered.by_program < shuffled.by_program / 2
    assert all(gathers.by_program <= gathers.by_request <= 8 * 4 for gathers in (shuffled, ordered))
    assert operations() == 12_416
    limits = floor(1000, shuffled, cache=32e3, tensor=12_416e3, memory=16e3)
    assert limits == pytest.approx((1e3 * shuffled.by_program, 1e3, 1e3))
    assert limits.milliseconds == pytest.approx(1e3 * shuffled.by_program)
