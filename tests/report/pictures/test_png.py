import io
import os

import numpy as np
import pytest
from PIL import Image

from diffshape.report import encode_png, write_png


def decoded(data):
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        return np.asarray(image)


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 9, 3), (40, 3, 3)])
def test_round_trip(shape, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(decoded(encode_png(image)), image)
    write_png(tmp_path / "picture.png", image)
    assert np.array_equal(decoded((tmp_path / "picture.png").read_bytes()), image)
    assert os.listdir(tmp_path) == ["picture.png"]


def test_pixels_may_lie_in_any_order():
    image = np.random.default_rng(0).integers(0, 256, (5, 9, 3), dtype=np.uint8)
    assert np.array_equal(decoded(encode_png(image[::-1, ::2])), image[::-1, ::2])


@pytest.mark.parametrize("image", [np.zeros((2, 2, 3)), np.zeros((2, 2), np.uint8), np.zeros((0, 2, 3), np.uint8)])
def test_bad_input(image):
    with pytest.raises(ValueError, match=r"encode_png: image must be uint8 of shape \(H, W, 3\)"):
        encode_png(image)


def test_a_failed_write_leaves_the_old_picture_alone(tmp_path, monkeypatch):
    target = tmp_path / "picture.png"
    write_png(target, np.zeros((2, 2, 3), np.uint8))
    before = target.read_bytes()

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        write_png(target, np.ones((2, 2, 3), np.uint8))
    assert target.read_bytes() == before
    assert os.listdir(tmp_path) == ["picture.png"]


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_png(tmp_path / "absent" / "picture.png", np.zeros((2, 2, 3), np.uint8))
