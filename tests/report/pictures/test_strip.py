import numpy as np
import pytest

from diffshape.data import icosphere
from diffshape.report import shape_strip
from diffshape.report.pictures.gallery import GAP

SPHERE = tuple(icosphere(2))
SMALL = (SPHERE[0] / 2, SPHERE[1])


def panel(image, number, size=80):
    left = GAP + number * (size + GAP)
    return image[GAP : GAP + size, left : left + size]


def seen(picture):
    """Pixels of a shape: coloured, as background and shadow are not."""
    return np.ptp(picture.astype(int), axis=-1) > 12


def test_all_shapes_have_one_scale():
    image = shape_strip([("a", SPHERE), ("b", SMALL), ("c", SPHERE[0])], size=80)
    whole, half, cloud = (seen(panel(image, number)) for number in range(3))
    for axis in (0, 1):
        assert whole.any(axis).sum() == pytest.approx(2 * half.any(axis).sum(), abs=2)
        assert whole.any(axis).sum() == pytest.approx(cloud.any(axis).sum(), abs=6)
    assert 30 < whole.any(0).sum() < 75


def test_a_shape_elsewhere_is_seen_elsewhere():
    image = shape_strip([("a", SPHERE), ("b", (SPHERE[0] + [0, 0, 2.0], SPHERE[1]))], size=80, up="z")
    rows = [np.nonzero(seen(panel(image, number)).any(1))[0].mean() for number in range(2)]
    assert rows[1] < rows[0] - 20


def test_it_is_written(tmp_path):
    image = shape_strip([("a", SPHERE)], size=40, path=tmp_path / "strip.png")
    assert image.shape[1] == 40 + 2 * GAP
    assert (tmp_path / "strip.png").read_bytes().startswith(b"\x89PNG")


def test_an_empty_mesh_is_an_empty_panel():
    image = shape_strip([("a", (np.zeros((0, 3)), np.zeros((0, 3), np.int64)))], size=40)
    assert not seen(panel(image, 0, 40)).any()


def test_no_shape_is_refused():
    with pytest.raises(ValueError, match="must hold one picture or more"):
        shape_strip([])


def test_rows_are_those_of_one_strip():
    shapes = [("a", SPHERE), ("b", SMALL), ("c", SPHERE[0])]
    image, strip = shape_strip(shapes, columns=2, size=80), shape_strip(shapes, size=80)
    row = len(strip) - GAP
    assert image.shape == (2 * row + GAP, 2 * (80 + GAP) + GAP, 3)
    assert np.array_equal(panel(image, 0), panel(strip, 0))
    assert np.array_equal(panel(image[row:], 0), panel(strip, 2))
    with pytest.raises(ValueError, match="shape_strip: columns must be at least 1, got 0"):
        shape_strip(shapes, columns=0)
