import numpy as np
import pytest

from diffshape.data.arrays import ReadError
from diffshape.data.formats.arrays import read_npy, read_npz

ROWS = np.random.default_rng(0).normal(size=(8, 6))
ROWS[:, 3:] /= np.linalg.norm(ROWS[:, 3:], axis=1, keepdims=True)


def test_npy(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, ROWS.astype(np.float32))
    table = read_npy(path)
    assert np.array_equal(table.points, ROWS[:, :3].astype(np.float32))
    assert table.normals is not None


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 2)), r"\(N, 3\), got \(5, 2\)"),
        (np.zeros((3, 50)), "transpose them"),
        (np.zeros((2, 5, 3)), r"got \(2, 5, 3\)"),
        (np.array(["a"]), "must have shape"),
    ],
)
def test_npy_shapes(tmp_path, array, message):
    path = tmp_path / "a.npy"
    np.save(path, array)
    with pytest.raises(ValueError, match=message):
        read_npy(path)


def test_pickles_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ReadError, match="not a readable NumPy array"):
        read_npy(tmp_path / "a.npy")
    np.savez(tmp_path / "a.npz", points=np.array([{}], object))
    with pytest.raises(ReadError, match="not a readable NumPy archive"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("cut", [10, 100])
def test_numpy_files_cut_short(tmp_path, cut):
    for name, save, read in [("a.npy", np.save, read_npy), ("a.npz", np.savez, read_npz)]:
        path = tmp_path / name
        save(path, ROWS)
        path.write_bytes(path.read_bytes()[:-cut])
        with pytest.raises(ReadError, match="not a readable"):
            read(path)


def test_npz_finds_its_array(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, anything=ROWS[:, :3])
    assert np.array_equal(read_npz(path).points, ROWS[:, :3])
    np.savez(path, scale=np.ones(1), xyz=ROWS[:, :3], normals=ROWS[:, 3:])
    table = read_npz(path)
    assert np.array_equal(table.points, ROWS[:, :3])
    assert np.array_equal(table.normals, ROWS[:, 3:])
    np.savez(path, a=ROWS, b=ROWS)
    with pytest.raises(ReadError, match="holds a, b; name the points"):
        read_npz(path)
