from typing import get_args

import numpy as np
import pytest

from diffshape.data.synthetic.assembled.draws import Draws, turn
from diffshape.data.synthetic.assembled.families import FAMILIES, DrawnFamilyName
from diffshape.data.synthetic.assembled.part import signed
from diffshape.data.synthetic.assembled.surface import surface_points

SHAPES = 24


def one():
    return Draws(1, np.random.default_rng(0))


@pytest.mark.parametrize("family", get_args(DrawnFamilyName))
def test_points_are_on_the_surface_of_one_part_only_and_their_normals_leave_the_shape(family):
    parts = FAMILIES[family](Draws(SHAPES, np.random.default_rng(3)))
    points, normals = surface_points(parts, SHAPES, 500, np.random.default_rng(4))
    np.testing.assert_allclose(signed(parts, points), 0, atol=1e-12)
    near = sum(np.abs(part.signed(points)) < 1e-9 for part in parts)
    assert (near == 1).all()  # two faces in a plane would be twice as dense
    outside = (signed(parts, points + 1e-7 * normals) > 0) & (signed(parts, points - 1e-7 * normals) < 0)
    assert outside.mean() > 0.9999  # all but those within a step of an edge
    np.testing.assert_allclose(np.linalg.norm(normals, axis=2), 1, rtol=1e-12)


def test_what_another_part_hides_is_dropped_and_the_rest_is_even_in_area():
    draw = one()
    parts = [draw.block((0, 0, 0), (0.4, 0.1, 0.1)), draw.block((0, 0, 0), (0.1, 0.4, 0.11))]
    points, normals = (part[0] for part in surface_points(parts, 1, 200_000, np.random.default_rng(0)))
    upright = np.abs(points[:, 1]) > 0.1
    arms = np.abs(points[:, 0]) > 0.1
    assert (upright | arms | (np.abs(points[:, 2]) > 0.1)).all()  # nothing within the other
    visible = 2 * 0.2 * 0.2 + 2 * 4 * 0.3 * 0.2  # ends and sides of both arms
    tall = 2 * 0.2 * 0.22 + 2 * 0.8 * 0.2 + 2 * (0.8 * 0.22 - 0.2 * 0.2)  # the bar passes through two of its sides
    assert arms.mean() == pytest.approx(visible / (visible + tall), rel=0.02)
    assert (normals[arms, 2] > 0.5).mean() == pytest.approx(2 * 0.3 * 0.2 / visible, rel=0.03)


def test_normals_of_a_cut_point_into_what_was_cut_away():
    draw = one()
    parts = [draw.block((0, 0, 0), (0.3, 0.3, 0.3)), draw.rod((0, 0, 0), 1, 0.1, turn=turn(0, np.pi / 2), cut=True)]
    points, normals = (part[0] for part in surface_points(parts, 1, 20_000, np.random.default_rng(0)))
    radius = np.hypot(points[:, 0], points[:, 1])
    hole = radius < 0.1 + 1e-9
    assert hole.mean() == pytest.approx(
        2 * np.pi * 0.1 * 0.6 / (6 * 0.36 - 2 * np.pi * 0.01 + 2 * np.pi * 0.06), rel=0.04
    )
    np.testing.assert_allclose(normals[hole, :2], -points[hole, :2] / 0.1, atol=1e-9)
    assert (np.abs(points[~hole]).max(axis=1) > 0.3 - 1e-9).all()


def test_a_shape_without_surface_is_refused():
    draw = one()
    parts = [draw.block((0, 0, 0), (0.1, 0.1, 0.1)), draw.block((0, 0, 0), (0.2, 0.2, 0.2), cut=True)]
    with pytest.raises(ValueError, match="next to no surface"):
        surface_points(parts, 1, 5, np.random.default_rng(0))
