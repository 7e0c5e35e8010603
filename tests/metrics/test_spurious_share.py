import numpy as np
import pytest
import trimesh

from diffshape.metrics import spurious_share

BALL = trimesh.creation.icosphere(3)
SHEET = trimesh.Trimesh([[0, 0, 0], [4, 0, 0], [4, 1, 0], [0, 1, 0]], [[0, 1, 2], [0, 2, 3]])
LINE = np.stack([np.zeros(201), np.linspace(0, 1, 201), np.zeros(201)], axis=1)
"""Points 0.005 apart along the short side of the sheet, at x = 0."""


def test_the_share_is_that_of_the_area():
    assert spurious_share(SHEET, LINE, 1.0, unit="input") == pytest.approx(0.75, abs=0.01)
    assert spurious_share(SHEET, LINE, 5.0, unit="input") == 0


def test_spacings_are_those_of_the_points():
    assert spurious_share(SHEET, LINE, 200.0) == pytest.approx(0.75, abs=0.01)  # 200 x 0.005
    assert spurious_share(SHEET, LINE, 400.0) == pytest.approx(0.5, abs=0.01)


def test_the_default_unit_does_not_change_with_that_of_the_input():
    scaled = (np.asarray(SHEET.vertices) * 1000, SHEET.faces)
    assert spurious_share(scaled, LINE * 1000, 200.0) == pytest.approx(spurious_share(SHEET, LINE, 200.0))


def test_a_scanned_surface_has_none_and_a_second_one_counts_by_its_area():
    points = trimesh.sample.sample_surface(BALL, 4000, seed=0)[0]
    assert spurious_share(BALL, points, 8.0) == 0
    inner = trimesh.util.concatenate([BALL, trimesh.creation.icosphere(3, radius=0.5)])
    assert spurious_share(inner, points, 8.0) == pytest.approx(0.2, abs=0.01)


def test_nothing_can_be_said_of_no_surface():
    assert spurious_share((np.zeros((0, 3)), np.zeros((0, 3), np.int64)), LINE, 1.0) is None


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="spurious_share: distance must be a positive number"):
        spurious_share(SHEET, LINE, 0.0)
    with pytest.raises(ValueError, match="no spacing"):
        spurious_share(SHEET, np.zeros((5, 3)), 1.0)
    assert spurious_share(SHEET, np.zeros((5, 3)), 10.0, unit="input") == 0
