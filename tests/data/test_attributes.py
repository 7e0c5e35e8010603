import numpy as np
import pytest

from diffshape.data.attributes import checked_attributes, color_bytes


@pytest.mark.parametrize(
    ("colors", "wanted"),
    [
        (np.array([[0.0, 0.5, 1.0]]), [0, 128, 255]),
        (np.array([[0.0, 1.0, 1.0]]), [0, 255, 255]),
        (np.array([[0, 1, 1]], np.uint8), [0, 1, 1]),
        (np.array([[0, 1, 1]], np.uint16), [0, 1, 1]),
        (np.array([[0.0, 128.0, 255.0]]), [0, 128, 255]),
        (np.array([[0, 257, 65535]], np.uint16), [0, 1, 255]),
        (np.array([[np.nan, 0.0, 7.0]]), [0, 0, 7]),
        (np.array([[0, 300, 65535]], np.int64), [0, 1, 255]),
        (np.array([[1 + 1e-7, 0.5, 0.0]]), [255, 128, 0]),
    ],
)
def test_colors_become_bytes(colors, wanted):
    octets = color_bytes(colors)
    assert octets.dtype == np.uint8
    assert octets.tolist() == [wanted]


@pytest.mark.parametrize("colors", [[[-0.1, 0.0, 1.0]], [[0.0, np.inf, 1.0]], [[0.0, 1e5, 1.0]]])
def test_what_is_no_color(colors):
    assert color_bytes(np.array(colors)) is None


def test_colors_are_checked_and_become_bytes():
    checked = checked_attributes({"colors": np.full((2, 4), 0.5)}, 2, function="f")
    assert checked["colors"].tolist() == [[128] * 4] * 2
    for wrong in (np.zeros((2, 2)), np.full((2, 3), -1.0), np.zeros(2)):
        with pytest.raises(ValueError, match=r"f: attributes\['colors'\] must have shape \(2, 3\) or \(2, 4\)"):
            checked_attributes({"colors": wrong}, 2, function="f")
