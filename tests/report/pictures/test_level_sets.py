"""Sections through fields that are known: a ball, and a step."""

import numpy as np
import pytest
import torch

from diffshape.fields import Field
from diffshape.report import level_set_figure
from diffshape.report.pictures.gallery import GAP
from diffshape.report.pictures.lettering import INK, PAPER
from diffshape.report.pictures.palettes import BAR_WIDTH, painted

SIZE = 200
RADIUS = 0.5


class Ball(Field):
    """The signed distance of a ball, times a slope."""

    def __init__(self, slope=1.0):
        super().__init__()
        self.slope = slope

    def evaluate(self, points):
        return self.slope * (points.norm(dim=-1) - RADIUS)


class Step(Field):
    """A field that jumps at x = 0 and is flat on both sides."""

    def __init__(self, left, right):
        super().__init__()
        self.values = left, right

    def evaluate(self, points):
        left, right = self.values
        return torch.where(points[..., 0] < 0, left, right) + 0 * points.sum(dim=-1)


def section(field, row=0, **options):
    """The one section of a figure: row 0 the values, row 1 the slopes."""
    image = level_set_figure(field, planes=[("z", 0.0)], bounds=(-1, 1), size=SIZE, **options)
    top = GAP + row * (len(image) // 2)
    return image[top : top + SIZE, GAP : GAP + SIZE].astype(int)


def inked(picture):
    return (picture == INK).all(axis=-1)


def test_the_zero_level_is_drawn_where_it_is_and_nowhere_else():
    middles = (np.arange(SIZE) + 0.5) * (2 / SIZE) - 1
    radii = np.hypot(*np.meshgrid(middles, middles))
    line = inked(section(Ball()))
    pixel = 2 / SIZE
    assert line[np.abs(radii - RADIUS) < 0.8 * pixel].all()
    assert not line[np.abs(radii - RADIUS) > 2 * pixel].any()


def test_inside_is_red_and_outside_is_blue():
    picture = section(Ball())
    assert picture[SIZE // 2, SIZE // 2, 0] > picture[SIZE // 2, SIZE // 2, 2]
    assert picture[2, 2, 2] > picture[2, 2, 0]


@pytest.mark.parametrize(("right", "is_drawn"), [(0.5, False), (-0.5, True)])
def test_a_jump_is_a_line_only_if_it_passes_zero(right, is_drawn):
    line = inked(section(Step(0.1, right)))
    assert line[:, SIZE // 2 - 2 : SIZE // 2 + 2].any() == is_drawn
    assert not line[:, : SIZE // 4].any()


@pytest.mark.parametrize("slope", [1.0, 0.5])
def test_the_length_of_the_gradient_is_below(slope):
    corner = section(Ball(slope), row=1)[5, 5]
    np.testing.assert_array_equal(corner, painted(np.array([slope]), 0.0, 2.0, "red-blue")[0])


def test_a_bar_of_the_colors_ends_each_row():
    image = level_set_figure(Ball(), planes=[("z", 0.0)], bounds=(-1, 1), size=SIZE)
    for bar in np.split(image[:, -BAR_WIDTH:], 2):
        scale = bar[34:-20, 12]
        np.testing.assert_array_equal(scale[0], painted(np.array([1.0]), -1, 1, "red-blue")[0])
        np.testing.assert_array_equal(scale[-1], painted(np.array([-1.0]), -1, 1, "red-blue")[0])
        assert (bar[34:-20, 34:] != PAPER).any()  # numbers


def test_fields_are_side_by_side_and_written(tmp_path):
    image = level_set_figure(
        {"ball": Ball(), "flat": Ball(0.5)}, planes=[("y", 0.0)], size=120, path=tmp_path / "a.png"
    )
    assert image.shape[1] == 2 * 120 + 3 * GAP + BAR_WIDTH
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
