"""Areas that points stand for."""

import math

import pytest
import torch

from diffshape.ops import NeighborIndex
from diffshape.ops.orientation.point_areas import AREA_NEIGHBORS, point_areas, spacing_of
from diffshape.ops.visibility import fibonacci_directions


def test_areas_sum_to_that_of_the_surface():
    points = fibonacci_directions(4000)
    areas = point_areas(NeighborIndex(points).query(points, AREA_NEIGHBORS + 1).squared_distances)
    assert areas.sum().item() == pytest.approx(4 * math.pi, rel=0.2)
    assert spacing_of(areas) == pytest.approx((4 * math.pi / 4000) ** 0.5, rel=0.1)


def test_fewer_neighbours_and_points_in_one_place():
    assert point_areas(torch.tensor([[0.0, 4.0]])).item() == pytest.approx(4 * math.pi)
    assert spacing_of(torch.tensor([0.0, 0.0, 9.0])) == 3.0
    assert spacing_of(torch.zeros(3)) == 0.0
