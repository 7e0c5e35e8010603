import numpy as np
import pytest

from diffshape.data import ReadError
from diffshape.data.formats.binvox import read_binvox, write_binvox

HEADER = b"#binvox 1\ndim 2 2 2\ntranslate -0.5 -0.5 -0.5\nscale 1\ndata\n"


def test_y_runs_fastest_then_z_then_x(tmp_path):
    path = tmp_path / "a.binvox"
    path.write_bytes(HEADER + bytes([0, 1, 1, 1, 0, 4, 1, 2]))
    assert np.argwhere(read_binvox(path)).tolist() == [[0, 1, 0], [1, 0, 1], [1, 1, 1]]


@pytest.mark.parametrize("side", [1, 2, 9])
def test_what_is_written_is_read_and_long_runs_are_cut(tmp_path, side):
    path = tmp_path / "a.binvox"
    for share in (0.0, 0.1, 1.0):
        voxels = np.random.default_rng(0).random((side,) * 3) < share
        write_binvox(path, voxels)
        assert np.array_equal(read_binvox(path), voxels)
    assert path.stat().st_size - path.read_bytes().index(b"data\n") - 5 == 2 * -(-(side**3) // 255)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + bytes([0, 1, 1, 6]), r"its runs are not 2\^3 voxels"),
        (HEADER + bytes([0, 8, 1]), "runs are not"),
        (HEADER + bytes([2, 8]), "runs are not"),
        (HEADER.replace(b"2 2 2", b"2 2 4") + bytes([0, 16]), "2x2x4 voxels, not a cube"),
        (HEADER.replace(b"2 2 2", b"9999 9999 9999") + bytes([0, 16]), "runs are not"),
        (HEADER[:-5], "header is damaged"),
        (b"", "header is damaged"),
    ],
)
def test_damaged_files_are_named(tmp_path, content, message):
    path = tmp_path / "a.binvox"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=message) as caught:
        read_binvox(path)
    assert str(path) in str(caught.value)
