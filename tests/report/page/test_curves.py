import numpy as np
import pytest

from diffshape.report.page.curves import curves
from page_reader import PageReader


def drawn(values, along=None):
    """Places of each curve, (N, 2) in the picture, y down."""
    along = np.arange(len(next(iter(values.values()))), dtype=float) if along is None else along
    reader = PageReader(curves("a < b", along, values, "step"))
    lines = [value for name, value in reader.attributes if name == "points"]
    return [np.array([place.split(",") for place in line.split()], float).reshape(-1, 2) for line in lines], reader


def test_a_falling_loss_falls_evenly_on_a_logarithmic_scale():
    (line,), reader = drawn({"loss": 10.0 ** -np.arange(5)})
    assert np.allclose(np.diff(line[:, 0]), np.diff(line[:, 0])[0], atol=0.2)
    assert np.allclose(np.diff(line[:, 1]), np.diff(line[:, 1])[0], atol=0.2)
    assert line[-1, 1] > line[0, 1]
    assert {"1", "0.1", "0.01"} <= set(reader.texts["text"])


def test_numbers_of_one_size_have_an_even_scale():
    (line,), _ = drawn({"iou": np.array([0.5, 0.6, 0.9])})
    first, second = line[:-1, 1] - line[1:, 1]
    assert second == pytest.approx(3 * first, abs=0.5)


def test_a_loss_that_falls_below_0_is_drawn_whole_beside_a_small_one():
    (line, small), reader = drawn({"critic": np.array([100.0, -50.0, 25.0]), "penalty": np.array([0.01, 0.02, 0.1])})
    assert line[1, 1] > small[1, 1] > line[2, 1]
    assert "-50" in reader.texts["text"]


def test_what_cannot_be_drawn_is_left_out():
    (line, none), reader = drawn({"loss": np.array([100.0, np.nan, 0.0, 1.0]), "other": np.full(4, np.nan)})
    assert (len(line), len(none)) == (2, 0)
    assert reader.texts["figcaption"] == ["a < b"]


def test_a_long_log_is_thinned_and_keeps_its_ends():
    (line,), _ = drawn({"loss": np.linspace(3, 2, 10_000)})
    assert len(line) == 300
    assert line[0, 1] < line[-1, 1]


def test_constant_and_single_numbers_are_drawn():
    (line,), _ = drawn({"loss": np.full(3, 2.0)})
    assert np.ptp(line[:, 1]) == 0
    (line,), _ = drawn({"loss": np.array([0.5])}, along=np.zeros(1))
    assert np.isfinite(line).all()
