"""Curves of logs that are known: straight lines on the logarithmic scale."""

import numpy as np
import pytest

from diffshape.report import training_curves
from diffshape.report.pictures.gallery import GAP
from diffshape.report.pictures.training_curves import _BELOW, _COLORS, _LEFT, _MARGIN

SIZE = 200
STEPS = np.arange(1.0, 101.0)
FALLING = {"step": STEPS, "seconds": STEPS / 10, "loss": 10.0 ** (-STEPS / 50), "lr": 0 * STEPS + 1}


def frame(image, panel=0):
    """The inside of the frame of a panel."""
    left = GAP + panel * (SIZE + GAP)
    return image[GAP + _MARGIN + 1 : GAP + SIZE - _BELOW, left + _LEFT + 1 : left + SIZE - _MARGIN]


def rows_of(image, place, panel=0):
    """Mean row, from 0 above to 1 below, of a colour in each column of the frame; NaN where it is not."""
    color = np.array(list(bytes.fromhex(_COLORS[place])))
    inside = frame(image, panel)
    found = (inside == color).all(axis=-1)
    rows = np.arange(len(inside))[:, None] / len(inside)
    count = found.sum(axis=0)
    return np.where(count > 0, (rows * found).sum(axis=0) / np.maximum(count, 1), np.nan)


def test_a_geometric_fall_is_a_straight_line_down():
    rows = rows_of(training_curves({"fit": FALLING}, size=SIZE), 0)[3:-3]
    assert not np.isnan(rows).any()
    slopes = np.diff(rows)
    assert rows[-1] - rows[0] > 0.7
    np.testing.assert_allclose(slopes, slopes.mean(), atol=0.02)


def test_panels_share_their_scale():
    lower = {**FALLING, "loss": FALLING["loss"] / 100}
    image = training_curves({"a": FALLING, "b": lower}, size=SIZE)
    upper_rows, lower_rows = rows_of(image, 0, 0)[5:-5], rows_of(image, 0, 1)[5:-5]
    gaps = lower_rows - upper_rows  # 2 of the 4 powers of ten that are shown, and a margin
    np.testing.assert_allclose(gaps, 2 / 4.2, atol=0.04)


def test_what_is_not_positive_is_left_out():
    loss = np.where(STEPS > 50, 0.0, 1.0)
    rows = rows_of(training_curves({"fit": {"step": STEPS, "loss": loss}}, size=SIZE), 0)
    assert not np.isnan(rows[2 : len(rows) // 2 - 3]).any()
    assert np.isnan(rows[len(rows) // 2 + 3 :]).all()


def test_seconds_may_lie_to_the_right():
    late = {**FALLING, "seconds": 5 + STEPS / 20}
    rows = rows_of(training_curves({"fit": late}, against="seconds", size=SIZE), 0)
    assert np.isnan(rows[: len(rows) // 2 - 3]).all()
    assert not np.isnan(rows[len(rows) // 2 + 3 : -3]).any()


def test_columns_that_no_log_has_are_refused():
    with pytest.raises(ValueError, match="columns must be some of the logs', which have loss"):
        training_curves({"fit": FALLING}, columns=["areas"], size=SIZE)
