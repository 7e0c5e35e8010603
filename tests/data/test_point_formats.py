import numpy as np
import pytest

from diffshape.data.arrays import ReadError
from diffshape.data.point_formats import read_npy, read_npz, read_text

ROWS = np.random.default_rng(0).normal(size=(8, 6))
ROWS[:, 3:] /= np.linalg.norm(ROWS[:, 3:], axis=1, keepdims=True)


def text(rows, *, separator=" ", head=""):
    return head + "".join(separator.join(map(repr, map(float, row))) + "\n" for row in rows)


@pytest.mark.parametrize("separator", [" ", "\t", ",", ", ", ";"])
@pytest.mark.parametrize("head", ["", "# x y z\n", "x,y,z\n", "8\n", "made by a scanner\n\n", "\ufeff"])
def test_three_columns(tmp_path, separator, head):
    path = tmp_path / "a.txt"
    path.write_text(text(ROWS[:, :3], separator=separator, head=head), encoding="utf-8")
    table = read_text(path)
    assert np.array_equal(table.points, ROWS[:, :3])
    assert table.normals is None
    assert table.notes == ()


def test_comments_between_rows(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("1 2 3\n# no\n4 5 6 # yes\n\n7 8 9\n")
    assert read_text(path).points.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_six_columns_are_normals_if_they_look_like_it(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(text(ROWS))
    assert np.array_equal(read_text(path).normals, ROWS[:, 3:])
    path.write_text(text(ROWS * [1, 1, 1, 200, 200, 200]))
    table = read_text(path)
    assert table.normals is None
    assert "no normals" in table.notes[0]
    path.write_text(text(ROWS * [1, 1, 1, 0, 0, 0]))
    assert read_text(path).normals is None


def test_other_widths_say_so(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(text(np.hstack([ROWS, ROWS])))
    table = read_text(path)
    assert np.array_equal(table.points, ROWS[:, :3])
    assert table.notes == ("Only the first 3 of 12 columns are used, as x, y and z.",)


def test_named_columns_are_found_wherever_they_are(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(text(np.hstack([np.arange(8)[:, None], ROWS]), separator=",", head="id,X,Y,Z,nx,ny,nz\n"))
    table = read_text(path)
    assert np.array_equal(table.points, ROWS[:, :3])
    assert np.array_equal(table.normals, ROWS[:, 3:])
    path.write_text(text(ROWS, head="//X Y Z R G B\n"))
    assert read_text(path).normals is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("hello\nworld\n", "no row of three numbers"),
        ("1 2\n3 4\n", "no row of three numbers"),
        ("1 2 3\n4 5\n", "not a table of numbers"),
        ("1 2 3\n4 5 six\n", "not a table of numbers"),
    ],
)
def test_no_table(tmp_path, content, message):
    path = tmp_path / "a.xyz"
    path.write_text(content)
    with pytest.raises(ReadError, match=message):
        read_text(path)


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
