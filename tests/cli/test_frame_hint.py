import numpy as np
import pytest

from diffshape.cli.frame_hint import frame_hint

SHAPE = np.random.default_rng(0).random((200, 3)) * [1.0, 0.5, 0.3]


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (10, "10 times"),
        (25.4, "25.4 times as large as b; if one is in inches and the other in mm"),
        (39.37, "39.4 times"),
        (100, "100 times as large as b; if one is in m and the other in cm"),
        (1000, "1,000 times as large as b; if one is in m and the other in mm"),
        (7, "7 times as large as b; if they have different units"),
    ],
)
def test_sizes_that_differ(factor, said):
    assert said in (frame_hint("a", factor * SHAPE, "b", SHAPE) or "")
    assert frame_hint("b", SHAPE, "a", factor * SHAPE) == frame_hint("a", factor * SHAPE, "b", SHAPE)


def test_one_frame_needs_no_hint():
    assert frame_hint("a", SHAPE, "b", 1.3 * SHAPE - 0.1) is None
    assert frame_hint("a", 7 * SHAPE, "b", SHAPE, parts=True) is None
    assert frame_hint("a", SHAPE[:1], "b", SHAPE) is None  # a point has no size
    assert frame_hint("a", SHAPE[:0], "b", SHAPE) is None


@pytest.mark.parametrize(("shift", "letter"), [([3.0, 0, 0], "x"), ([0, -2.0, 0], "y"), ([0, 0, 500000.0], "z")])
def test_places_that_do_not_overlap(shift, letter):
    hint = frame_hint("a", SHAPE + shift, "b", SHAPE)
    assert hint.startswith(f"a and b do not overlap: {letter} is ")
