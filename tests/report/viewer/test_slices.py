"""Slices hold the values of the field."""

import numpy as np
import pytest

from diffshape.data import Frame
from diffshape.report.viewer.plane import Plane
from diffshape.report.viewer.slices import levels, slice_of

FRAME = Frame((5.0, 0.0, 0.0), 4.0)
BOX = np.array([[-0.6, -0.6, -0.6], [0.6, 0.6, 0.3]])


@pytest.mark.parametrize(("axis", "shape"), [("x", (30, 40)), ("y", (30, 40)), ("z", (40, 40))])
def test_values_are_those_of_the_field_at_the_places(distance, axis, shape):
    found = slice_of(distance, FRAME, Plane(axis, 0.25), BOX, 40)
    assert found.values.shape == found.places.shape[:2] == found.picture.shape[:2] == shape
    np.testing.assert_array_equal(found.values, distance(found.places))
    number = "xyz".index(axis)
    np.testing.assert_allclose(found.places[..., number], FRAME.center[number] + 0.25 * 4)


def test_right_and_up_are_the_next_axes(distance):
    places = slice_of(distance, FRAME, Plane("y", 0.0), BOX, 40).places
    assert (np.diff(places[..., 0], axis=1) > 0).all()
    assert (np.diff(places[..., 2], axis=0) < 0).all()


def test_inside_is_red_outside_is_blue_and_the_surface_is_dark(distance):
    found = slice_of(distance, FRAME, Plane("z", 0.0), BOX, 121)
    colors = found.picture.astype(int)
    inside, outside = found.values < -0.5, found.values > 0.5
    assert (colors[inside][:, 0] >= colors[inside][:, 2]).mean() > 0.95
    assert (colors[outside][:, 2] >= colors[outside][:, 0]).mean() > 0.95
    assert colors[np.abs(found.values) < 0.01].mean() < 100


def test_levels_are_round_in_input_units():
    largest, step = levels(FRAME)
    assert (largest, step) == (pytest.approx(1.2), pytest.approx(0.2))
