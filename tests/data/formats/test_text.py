import numpy as np
import pytest

from diffshape.data.arrays import ReadError
from diffshape.data.formats.text import read_text

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
    path.write_text(text(np.hstack([ROWS[:, :3], 9 * ROWS, ROWS[:, :3]])))
    table = read_text(path)
    assert np.array_equal(table.points, ROWS[:, :3])
    assert table.normals is None
    assert list(table.attributes) == [f"column {number}" for number in range(4, 13)]
    assert np.array_equal(table.attributes["column 12"], ROWS[:, 2])
    assert table.notes == ("The first 3 of 12 columns are taken as x, y and z; the others are kept as attributes.",)


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
