"""Points of a solid are even over its deformed surface, and nothing is left to chance but the seed."""

import numpy as np
import pytest

from diffshape.data import DrawnSolid, Frame
from diffshape.data.synthetic.drawn.beveled_box import BeveledBox
from diffshape.data.synthetic.drawn.deformation import Waves
from diffshape.data.synthetic.drawn.ellipsoid import Ellipsoid
from diffshape.data.synthetic.drawn.parts import Part
from diffshape.data.synthetic.drawn.relief import WaveRelief
from diffshape.data.synthetic.drawn.revolved import Revolved

BALL = Part(Revolved(((0.0, 0.0),), 0.4))


def test_a_ball_is_moved_into_its_frame():
    solid = DrawnSolid((BALL,), frame=Frame((0.1, 0.0, 0.0), 0.8))
    points, normals = solid.sample(1000)
    from_center = points - np.array([-0.125, 0, 0])
    assert np.linalg.norm(from_center, axis=1) == pytest.approx(0.5)
    assert 2 * from_center == pytest.approx(normals)


def test_a_warped_box_is_even_over_its_new_area():
    """The warp z + sin(2 x) / 2 of the upper face: the integral of sqrt(1 + cos^2 2x) says how many are where."""
    warp = Waves(((0.0, 0.0, 0.5),), ((2.0, 0.0, 0.0),), (0.0,))
    solid = DrawnSolid((Part(BeveledBox((0.8, 0.3, 0.2))),), warp=warp, largest_growth=1.5)
    points, normals = solid.sample(60_000)
    top = points[(normals[:, 2] > 0.5) & (np.abs(points[:, 1]) < 0.3)]
    assert top[:, 2] == pytest.approx(0.2 + np.sin(2 * top[:, 0]) / 2)
    x = np.linspace(-0.8, 0.8, 2001)
    density = np.sqrt(1 + np.cos(2 * x) ** 2)
    expected = density[np.abs(x) < 0.4].sum() / density.sum()
    assert (np.abs(top[:, 0]) < 0.4).mean() == pytest.approx(expected, abs=0.015)
    uneven = 0.5
    assert abs(expected - uneven) > 0.05


def test_a_relief_moves_points_along_the_normal_of_the_part_it_is_on():
    relief = WaveRelief((0.0, 0.0, 0.4), 0.2, 0.02, ((40.0, 0.0, 0.0),), (1.0,))
    solid = DrawnSolid((BALL,), (relief,), largest_growth=2.0)
    points, normals = solid.sample(20_000)
    radius = np.linalg.norm(points, axis=1)
    far = np.linalg.norm(points - (0, 0, 0.4), axis=1) > 0.23
    assert radius[far] == pytest.approx(0.4)
    assert radius.max() > 0.415
    assert radius.min() < 0.385
    assert np.linalg.norm(normals[far] - points[far] / 0.4, axis=1).max() < 1e-9
    assert np.linalg.norm(normals[~far] - points[~far] / radius[~far, None], axis=1).max() > 0.3


def test_same_seed_same_bits():
    solid = DrawnSolid((BALL, Part(Ellipsoid((0.2, 0.1, 0.4)), (0.3, 0.0, 0.0))))
    first, again, other = (solid.sample(500, seed=seed) for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_refuses_what_leaves_no_surface():
    swallowed = (BALL, Part(Revolved(((0.0, 0.0),), 0.5), operation="cut"))
    with pytest.raises(ValueError, match="the parts leave no surface"):
        DrawnSolid(swallowed).sample(1)
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        DrawnSolid((BALL,)).sample(0)
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        DrawnSolid((BALL,)).sample(1, seed=-1)


def test_only_a_skin_is_open():
    assert not DrawnSolid((BALL,)).is_open
    assert DrawnSolid((BALL, Part(BALL.primitive, operation="skin"))).is_open
