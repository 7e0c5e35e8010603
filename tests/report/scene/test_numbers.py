import numpy as np

from diffshape.report.scene.numbers import colorings_of, distance_coloring, own_colors


def test_numbers_have_a_scale_and_rows_of_several_do_not():
    attributes = {"confidence": np.array([0.2, 0.4]), "label": np.array([3, 3]), "normals": np.ones((2, 3))}
    found = colorings_of(attributes)
    assert found.keys() == {"confidence", "label"}
    assert (found["confidence"].low, found["confidence"].high) == (0.0, 1.0)
    assert (found["label"].low, found["label"].high) == (3.0, 4.0)


def test_a_stray_number_does_not_stretch_the_scale():
    values = np.append(np.linspace(0, 1, 1000), [np.nan, 1e9])
    scale = colorings_of({"intensity": values})["intensity"]
    assert 0.95 < scale.high < 1.0


def test_distances_begin_at_zero():
    scale = distance_coloring(np.linspace(0.5, 1, 101))
    assert scale.low == 0
    assert 0.98 < scale.high < 1
    assert distance_coloring(np.ones(3), 7.0).high == 7


def test_colors_lose_their_alpha():
    assert own_colors({"colors": np.full((2, 4), 9, np.uint8)}).shape == (2, 3)
    assert own_colors({"other": np.zeros(2)}) is None
