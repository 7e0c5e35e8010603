import numpy as np
import pytest

from diffshape.data.arrays import ReadError
from diffshape.data.formats.text.points import read_colors_text, read_normals_text, read_text

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


POINTS = np.round(np.random.default_rng(1).random((60, 3)) * 10, 4)
INDEX = np.arange(60)[:, None]


def read(tmp_path, content, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_text(path)


@pytest.mark.parametrize(
    "head",
    [
        ",x,y,z\n",
        "Point ID,X,Y,Z\n",
        "id,x [m],y [m],z [m]\n",
        "id,x,y,z\n\n",
        "id,x,y,z\n-,m,m,m\n",
        "//ID X Y Z\n60\n",
        "# id, x, y, z\n# taken in May, at noon\n",
        '"","x","y","z"\n',
        '"x","y","z"\n',
        "fid,Easting,Northing,Elevation\n",
        "id,x,y,z,\n",
        "# columns: id x y z\n",
        "id;x;y;z\n",
        "7,x,y,z\n",
    ],
)
def test_points_stand_where_their_names_say(tmp_path, head):
    table = read(tmp_path, head + text(np.hstack([INDEX, POINTS]), separator=","))
    assert np.array_equal(table.points, POINTS)
    assert np.array_equal(next(iter(table.attributes.values())), np.arange(60))
    assert table.normals is None


def test_a_column_of_row_numbers_is_told(tmp_path):
    table = read(tmp_path, '"x" "y" "z"\n' + text(np.hstack([INDEX + 1, POINTS])))
    assert np.array_equal(table.points, POINTS)
    assert table.notes == ("Column 1 has no name and is taken for row numbers.",)


def test_a_header_of_comments_may_be_long(tmp_path):
    assert np.array_equal(read(tmp_path, "# a remark\n" * 3000 + text(POINTS)).points, POINTS)


@pytest.mark.parametrize("head", ["z,y,x\n", "z,y,x\n\n", "z (m),y (m),x (m)\n", "Z;Y;X\n3\n", "# z y x\n"])
def test_order_of_names_is_the_order_of_columns(tmp_path, head):
    assert np.array_equal(read(tmp_path, head + text(POINTS[:, ::-1], separator=",")).points, POINTS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0 0 5.O\n1 2 3\n1 0 0\n", "line 1 is no row of numbers like the next ones: '0 0 5.O'"),
        ("x y intensity\n1 2 3\n4 5 6\n", "line 1 does not name x, y and z, each once, but x, y, intensity"),
        ("name x y z more\n0.5 1 2 3\n0.7 5 6 9\n", "line 1 names x, y and z, but not each of the 4 columns"),
        ("1 2 3\n4 5 6\n7 8 nine\n", "line 3 is no row like the others, '7 8 nine'"),
        ("1 2 3\n4 5 6\n7 8 9 10\n", "line 3 is no row like the others"),
        ("1,2,3\n4,5,6\n7,8\n", "line 3 is no row like the others"),
        ("1 2 3\n1_0 5 6\n", "line 2 is no row like the others"),
        ("1 wall 2 3\n1 wall 5 6\n", "a column of words stands among the first three"),
        ("1;2;3\n1,5;2.5;3\n", "line 2 is no row like the others"),
        (b"1 2 3\n\0\0\0\0\xff", "holds binary data"),
    ],
)
def test_what_is_no_row_is_named(tmp_path, content, message):
    with pytest.raises(ReadError, match=message) as error:
        read(tmp_path, content)
    assert "a.csv" in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [line + "," for line in lines],
        lambda lines: [line.replace(",", "\t") + "\t" for line in lines],
        lambda lines: [line.replace(",", " ") + "  # wall, north; high" for line in lines],
        lambda lines: [line.replace(",", ";").replace(".", ",") for line in lines],
        lambda lines: [line.replace(",", "\t").replace(".", ",") for line in lines],
        lambda lines: [line.replace(",", " ").replace(".", ",") for line in lines],
        lambda lines: [",".join(f'"{cell}"' for cell in line.split(",")) for line in lines],
        lambda lines: [line + ",wall" for line in lines],
        lambda lines: [line.replace(",", " ") + " north wall" * (place % 3) for place, line in enumerate(lines)],
        lambda lines: ["60", "", *("C\t" + line.replace(",", "\t") for line in lines)],
        lambda lines: ["60", "energy,1.0,2.0,3.0", *("C," + line for line in lines)],
        lambda lines: ["30", *lines[:30], "30", *lines[30:]],
        lambda lines: ["30", "a", *("C," + row for row in lines[:30]), "30", "b", *("O," + row for row in lines[30:])],
        lambda lines: ["% of a matrix program", *lines[:9], "// half of it", *lines[9:]],
        lambda lines: ["x,y,z", *lines[:30], "x,y,z", *lines[30:]],
        lambda lines: [line + "D+00" for line in lines],
    ],
)
def test_usual_ways_to_write_rows(tmp_path, change):
    lines = text(POINTS, separator=",").splitlines()
    assert np.array_equal(read(tmp_path, "\n".join(change(lines)) + "\n").points, POINTS)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_encodings(tmp_path, encoding):
    content = ("id,x,y,z,Höhe\n" + text(np.hstack([INDEX, POINTS, INDEX]), separator=",")).encode(encoding)
    assert np.array_equal(read(tmp_path, content).points, POINTS)


def test_missing_values_are_nan(tmp_path):
    table = read(tmp_path, "x,y,z,i\n,,,\n1,2,3,\n4,,6,7\n7,8,9,NA\n")
    assert np.array_equal(table.points, [[1, 2, 3], [4, np.nan, 6], [7, 8, 9]], equal_nan=True)
    assert np.array_equal(table.attributes["i"], [np.nan, 7, np.nan], equal_nan=True)


def test_notes_tell_what_is_left_out(tmp_path):
    lines = text(POINTS, separator=",").splitlines()
    assert read(tmp_path, "x,y,z,label\n" + ",a\n".join(lines) + ",b\n").notes == (
        "Column 4 ('label') holds words and is left out.",
    )
    assert read(tmp_path, "\n".join(["30", *lines[:30], "30", *lines[30:]])).notes == (
        "The file holds 2 scans; all their points are read.",
    )
    assert read(tmp_path, "\n".join(["61", *lines])).notes == ("The header counts 61 points; the file holds 60.",)


def test_columns_of_other_names_are_told(tmp_path):
    table = read(tmp_path, "lon,lat,h,class\n" + text(np.hstack([POINTS, INDEX]), separator=","))
    assert np.array_equal(table.points, POINTS)
    assert np.array_equal(table.attributes["class"], np.arange(60))
    assert table.notes[0] == "The header names no x, y and z; 'lon', 'lat', 'h' are taken for them."


def test_pts_has_intensity_then_colors(tmp_path):
    colors = np.random.default_rng(2).integers(0, 2, (60, 3)).astype(float)
    table = read(tmp_path, "60\n" + text(np.hstack([POINTS, -INDEX, colors])), "a.pts")
    assert np.array_equal(table.attributes["intensity"], -np.arange(60))
    assert table.attributes["colors"].shape == (60, 3)


def test_xyzn_and_xyzrgb_mean_what_they_are_called(tmp_path):
    (tmp_path / "a.xyzn").write_text(text(np.hstack([POINTS, 5 * POINTS])))
    assert np.array_equal(read_normals_text(tmp_path / "a.xyzn").normals, 5 * POINTS)
    (tmp_path / "a.xyzrgb").write_text(text(np.hstack([POINTS, POINTS / 10])))
    colors = read_colors_text(tmp_path / "a.xyzrgb").attributes["colors"]
    assert np.abs(colors / 255 - POINTS / 10).max() <= 0.5 / 255 + 1e-9
    (tmp_path / "a.xyzrgb").write_text(text(np.hstack([POINTS, -POINTS])))
    with pytest.raises(ReadError, match="must be colours"):
        read_colors_text(tmp_path / "a.xyzrgb")
    (tmp_path / "a.xyzn").write_text(text(POINTS))
    with pytest.raises(ReadError, match="wants six numbers a row, got 3 columns"):
        read_normals_text(tmp_path / "a.xyzn")


@pytest.mark.parametrize("head", ["", "x,y,z\n"])
def test_digits_are_kept_far_from_the_origin(tmp_path, head):
    points = np.random.default_rng(3).normal(size=(20, 3)) + np.array([500123.456, 4512345.678, 321.5])
    assert np.array_equal(read(tmp_path, head + text(points, separator=",")).points, points)
