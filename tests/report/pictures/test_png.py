import os
import struct
import zlib

import numpy as np
import pytest

from diffshape.report import encode_png, write_png


def decoded(data):
    """A reader of its own: chunks with their checksums, then the "up" filter undone."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        body = data[place + 4 : place + 8 + length]
        assert struct.unpack(">I", data[place + 8 + length : place + 12 + length])[0] == zlib.crc32(body)
        chunks[body[:4]] = body[4:]
        place += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert rest == [8, 2, 0, 0, 0]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert (rows[:, 0] == 2).all()
    return rows[:, 1:].cumsum(0, dtype=np.uint8).reshape(height, width, 3)


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 9, 3), (40, 3, 3)])
def test_round_trip(shape, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(decoded(encode_png(image)), image)
    write_png(tmp_path / "picture.png", image)
    assert np.array_equal(decoded((tmp_path / "picture.png").read_bytes()), image)
    assert os.listdir(tmp_path) == ["picture.png"]


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
