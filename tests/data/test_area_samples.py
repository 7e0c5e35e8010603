import numpy as np
import pytest

from diffshape.data.area_samples import area_samples

VERTICES = np.array([[0.0, 0, 0], [3, 0, 0], [0, 1, 0], [0, 0, 1]])


def test_each_face_gets_its_share_and_is_covered_evenly():
    faces = np.array([[0, 1, 2], [0, 2, 3], [0, 0, 1]])  # areas 1.5, 0.5 and 0
    points = area_samples(VERTICES, faces, 40_000, generator=np.random.default_rng(0))
    on_first = points[:, 2] == 0
    assert on_first.mean() == pytest.approx(0.75, abs=0.01)
    assert points[on_first].mean(axis=0) == pytest.approx([1, 1 / 3, 0], abs=0.02)
    # of a triangle with legs 3 and 1, the corner below x = 1.5 holds three quarters of the area
    assert (points[on_first, 0] < 1.5).mean() == pytest.approx(0.75, abs=0.01)


def test_same_seed_same_points():
    faces = np.array([[0, 1, 2]])
    draws = [area_samples(VERTICES, faces, 5, generator=np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_none_wanted():
    assert area_samples(VERTICES, np.array([[0, 1, 2]]), 0, generator=np.random.default_rng(0)).shape == (0, 3)


def test_no_area():
    with pytest.raises(ValueError, match="all its faces have zero area"):
        area_samples(VERTICES, np.array([[0, 0, 1]]), 5, generator=np.random.default_rng(0))
