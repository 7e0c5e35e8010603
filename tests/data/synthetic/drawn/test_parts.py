"""Points of a whole are on the surface of one part, and no other swallows them."""

import numpy as np
import pytest

from diffshape.data.synthetic import solids
from diffshape.data.synthetic.drawn.beveled_box import BeveledBox
from diffshape.data.synthetic.drawn.ellipsoid import Ellipsoid
from diffshape.data.synthetic.drawn.parts import Part, room, visible_surface
from diffshape.data.synthetic.drawn.revolved import Revolved
from diffshape.data.synthetic.drawn.sheet import Sheet

BALL = Part(Revolved(((0.0, 0.0),), 0.4))
LOWER_HALF = BeveledBox((1.0, 1.0, 0.5))
TURN = ((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))


def surface(*parts, tries=40_000):
    return visible_surface(parts, tries, np.random.default_rng(0))


def test_a_half_ball_is_two_thirds_dome_and_one_third_disc():
    found = surface(BALL, Part(LOWER_HALF, (0, 0, -0.5), operation="cut"), tries=200_000)
    on_disc = found.part == 1
    assert on_disc.mean() == pytest.approx(1 / 3, abs=0.01)
    assert (found.points[on_disc, 2] == 0).all()
    assert (found.normals[on_disc] == (0, 0, -1)).all()
    assert np.linalg.norm(found.points[on_disc], axis=1).max() < 0.4
    assert found.points[~on_disc, 2].min() > 0


def test_the_surface_is_that_of_functions_of_space():
    moved = Part(BeveledBox((0.5, 0.1, 0.2)), (0.1, 0.3, 0.0), TURN)
    hole = Part(Revolved(((0.25, 0.0),), 0.1), operation="cut")
    tip = Part(Revolved(((0.0, -0.3), (0.1, -0.3), (0.0, 0.3))), (0.0, 0.0, 0.4))
    found = surface(BALL, moved, hole, tip)
    whole = solids.union(solids.difference(solids.union(BALL.signed, moved.signed), hole.signed), tip.signed)
    assert np.abs(whole(found.points)).max() < 1e-12
    assert (whole(found.points + 1e-7 * found.normals) > 0).mean() > 0.999  # all but those at a concave edge
    assert (whole(found.points - 1e-7 * found.normals) < 0).mean() > 0.999
    assert set(found.part) == {0, 1, 2, 3}
    turned = np.array([[0.1, 0.8, 0.0]])  # the long side along y
    assert moved.signed(turned) == pytest.approx([0.0], abs=1e-12)


def test_areas_that_are_seen_are_in_proportion():
    """Two boxes apart: points as their areas."""
    cube, plate = Part(BeveledBox((0.1, 0.1, 0.1))), Part(BeveledBox((0.2, 0.2, 0.01)), (1.0, 0.0, 0.0))
    found = surface(cube, plate)
    assert len(found.points) == 40_000
    assert (found.part == 0).mean() == pytest.approx(0.24 / (0.24 + 0.336), abs=0.01)


def test_a_skin_has_holes_without_walls():
    found = surface(Part(Sheet((0.5, 0.5)), operation="skin"), Part(BALL.primitive, operation="cut"))
    assert (found.part == 0).all()
    assert np.linalg.norm(found.points, axis=1).min() > 0.4
    assert (found.points[:, 2] == 0).all()


def test_bend_follows_position_rotation_and_side():
    normals = np.array([[0.0, 0.0, 1.0]])
    ball = Part(Ellipsoid((0.4, 0.4, 0.4)), (1.0, 0.0, 0.0), TURN)
    flat = np.diag([2.5, 2.5, 0.0])[:, :, None]
    assert ball.bend(np.array([[1.0, 0.0, 0.4]]), normals) == pytest.approx(flat)
    hollow = Part(ball.primitive, (1.0, 0.0, 0.0), TURN, "cut")
    assert hollow.bend(np.array([[1.0, 0.0, -0.4]]), normals) == pytest.approx(-flat)
    rod = Part(Revolved(((0.0, -0.3), (0.0, 0.3)), 0.1), rotation=((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    assert rod.bend(np.array([[0.0, 0.0, 0.1]]), normals) == pytest.approx(np.diag([0.0, 10.0, 0.0])[:, :, None])


def test_room_ends_at_edges_and_at_other_parts():
    parts = (Part(BeveledBox((0.5, 0.5, 0.1))), Part(BeveledBox((0.1, 0.1, 0.5)), (0.3, 0.0, 0.0)))
    found = surface(*parts)
    on_top = (found.part == 0) & (found.normals[:, 2] == 1)
    to_edge = (0.5 - np.abs(found.points[:, :2])).min(axis=1)
    to_post = parts[1].signed(found.points)
    assert room(parts, found)[on_top] == pytest.approx(np.minimum(to_edge, to_post)[on_top])


@pytest.mark.parametrize("tries", [0, 1])
def test_few_tries_are_no_error(tries):
    assert len(surface(BALL, tries=tries).points) == tries
