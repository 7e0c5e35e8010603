"""Slopes of reliefs are those of finite differences; reliefs end where they say."""

import numpy as np
import pytest

from diffshape.data.synthetic.drawn.relief import StrokeRelief, WaveRelief, heights

CENTER = (0.1, 0.0, 0.2)
STROKES = (((-0.1, -0.1), (0.1, 0.1)), ((0.05, -0.1), (0.05, 0.1)))
RELIEFS = {
    "waves": WaveRelief(CENTER, 0.3, 0.05, ((20.0, 3.0, 0.0), (0.0, 9.0, 12.0)), (0.0, 1.0)),
    "waves everywhere": WaveRelief(CENTER, np.inf, 0.05, ((20.0, 3.0, 0.0),), (0.5,)),
    "strokes": StrokeRelief(CENTER, 0.3, -0.02, (1.0, 0.0, 0.0), (0.0, 0.6, 0.8), 0.03, STROKES),
}


@pytest.mark.parametrize("name", RELIEFS)
def test_slopes_are_those_of_finite_differences(name):
    relief = (RELIEFS[name],)
    points = np.random.default_rng(0).uniform(-0.15, 0.15, (2000, 3)) + CENTER
    step = 1e-6 * np.eye(3)
    expected = [(heights(relief, points + one)[0] - heights(relief, points - one)[0]) / 2e-6 for one in step]
    off = np.abs(heights(relief, points)[1] - np.stack(expected, axis=1)).max(axis=1)
    assert (off < 1e-5).mean() > 0.998  # all but those as near to one stroke as to another
    assert np.abs(expected).max() > 0.1


@pytest.mark.parametrize("name", ["waves", "strokes"])
def test_reliefs_end_at_their_radius(name):
    directions = np.random.default_rng(1).standard_normal((200, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for radius, most in ((0.299999, 1e-10), (0.31, 0.0)):
        height, slope = heights((RELIEFS[name],), CENTER + radius * directions)
        assert np.abs(height).max() <= most
        assert np.abs(slope).max() <= 1e-4 if most else (slope == 0).all()


def test_a_stroke_is_as_high_as_said_on_its_line_and_flat_beside_it():
    relief = RELIEFS["strokes"]
    on_line, beside = np.array([[0.15, 0.0, 0.2]]), np.array([[0.1, -0.07 * 0.6, 0.2 - 0.07 * 0.8]])
    window = (1 - (0.05 / 0.3) ** 4) ** 2
    assert relief.heights(on_line)[0] == pytest.approx([-0.02 * window])
    assert relief.heights(beside)[0] == pytest.approx([0.0])


def test_heights_add_up():
    points = np.random.default_rng(2).uniform(-0.1, 0.1, (50, 3)) + CENTER
    both = tuple(RELIEFS.values())
    total = sum(heights((one,), points)[0] for one in both)
    assert heights(both, points)[0] == pytest.approx(total)
