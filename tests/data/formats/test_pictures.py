import numpy as np
import pytest
from PIL import Image

from diffshape.data import ReadError
from diffshape.data.formats.pictures import read_gray


def test_arrays_are_grey_images_as_they_are(tmp_path):
    pixels = np.arange(6, dtype=np.uint16).reshape(2, 3)
    np.save(tmp_path / "a.npy", pixels)
    found = read_gray(tmp_path / "a.npy")
    assert found.dtype == np.uint16
    assert np.array_equal(found, pixels)
    np.save(tmp_path / "a.npy", np.zeros((2, 3, 3)))
    with pytest.raises(ReadError, match=r"a.npy: must be a grey image of shape \(H, W\), got float64, \(2, 3, 3\)"):
        read_gray(tmp_path / "a.npy")


def test_colours_become_grey_and_nonsense_is_named(tmp_path):

    Image.fromarray(np.full((2, 3, 3), 100, np.uint8)).save(tmp_path / "a.png")
    assert read_gray(tmp_path / "a.png").tolist() == [[100] * 3] * 2
    (tmp_path / "b.png").write_bytes(b"nonsense")
    with pytest.raises(ReadError, match=r"b.png: cannot be read as an image"):
        read_gray(tmp_path / "b.png")
