import numpy as np
import pytest

from diffshape.data.formats.columns import axis_columns, named_table, unnamed_table, with_colors

POINTS = np.random.default_rng(0).normal(size=(20, 3))
UNIT = POINTS / np.linalg.norm(POINTS, axis=1, keepdims=True)
NUMBERS = np.random.default_rng(1).integers(0, 256, (20, 3)).astype(float)


@pytest.mark.parametrize(
    ("names", "places"),
    [
        (["z", "y", "x"], (2, 1, 0)),
        (["", "X", "Y", "Z"], (1, 2, 3)),
        (["Point ID", "X (m)", "Y (m)", "Z (m)"], (1, 2, 3)),
        (["x[mm]", "y [mm]", "z {mm}"], (0, 1, 2)),
        (["x_m", "y_m", "z_m"], (0, 1, 2)),
        (["pos_x", "pos_y", "pos_z", "nx", "ny", "nz"], (0, 1, 2)),
        (["Points:0", "Points:1", "Points:2", "Normals:0"], (0, 1, 2)),
        (["X Coordinate", "Y Coordinate", "Z Coordinate"], (0, 1, 2)),
        (['"x"', '"y"', '"z"'], (0, 1, 2)),
        (["//X", "Y", "Z"], (0, 1, 2)),
        (["Northing", "Easting", "Elevation"], (1, 0, 2)),
        (["easting", "northing", "height", "x", "y", "z"], (3, 4, 5)),
        (["x", "y", "intensity"], None),
        (["t", "pose.position.x", "pose.position.y", "pose.position.z", "vel_x", "vel_y", "vel_z"], (1, 2, 3)),
        (["x_utm", "y_utm", "z_utm"], (0, 1, 2)),
        (["left_x", "left_y", "left_z", "right_x", "right_y", "right_z"], None),
        (["x", "y", "z", "X", "Y"], None),
        (["nx", "ny", "nz"], None),
        (["a", "b", "c"], None),
    ],
)
def test_axes_are_found_by_name(names, places):
    assert axis_columns(names) == places


def test_named_columns_are_points_normals_colors_and_the_rest():
    columns = {"time": np.arange(20), "z": POINTS[:, 2], "y": POINTS[:, 1], "x": POINTS[:, 0]}
    columns |= {f"normal_{axis}": UNIT[:, place] for place, axis in enumerate("xyz")}
    columns |= {"Red": NUMBERS[:, 0], "Green": NUMBERS[:, 1], "Blue": NUMBERS[:, 2]}
    table = named_table(columns)
    assert np.array_equal(table.points, POINTS)
    assert np.array_equal(table.normals, UNIT)
    assert np.array_equal(table.attributes["colors"], NUMBERS.astype(np.uint8))
    assert list(table.attributes) == ["colors", "time"]
    assert table.attributes["time"].dtype == np.arange(20).dtype


def test_columns_without_axes_are_listed():
    with pytest.raises(ValueError, match="no columns named x, y and z, each once; its columns are 'a', 'b'"):
        named_table({"a": POINTS[:, 0], "b": POINTS[:, 1]})
    with pytest.raises(ValueError, match="column 'x' holds no real numbers"):
        named_table({"x": np.array(["a"]), "y": np.zeros(1), "z": np.zeros(1)})


@pytest.mark.parametrize(
    ("three", "kind"),
    [
        (UNIT, "normals"),
        (np.round(UNIT, 2), "normals"),
        (np.where(np.arange(20)[:, None] == 3, 0.0, UNIT), "normals"),
        (NUMBERS, "colors"),
        (NUMBERS / 255, "colors"),
        (UNIT * 1e200, "neither"),
        (np.where(np.arange(20)[:, None] == 3, 5.0, UNIT), "neither"),
        (np.where(np.arange(20)[:, None] == 3, 256.0, NUMBERS), "neither"),
        (np.zeros((20, 3)), "neither"),
        (np.full((20, 3), np.nan), "neither"),
    ],
)
def test_three_unnamed_columns_are_what_all_rows_say(three, kind):
    table = unnamed_table(np.hstack([POINTS, three]))
    assert (table.normals is not None) == (kind == "normals")
    assert ("colors" in table.attributes) == (kind == "colors")
    if kind == "colors":
        assert table.attributes["colors"].tolist() == NUMBERS.tolist()
        assert table.notes == ("Columns 4 to 6 are taken as colours, as all lie in their range.",)
    if kind == "neither":
        assert list(table.attributes) == ["column 4", "column 5", "column 6"]
        assert "no normals" in table.notes[0]


def test_intensity_colors_and_normals_stand_in_any_order():
    table = unnamed_table(np.hstack([POINTS, np.arange(20)[:, None] * 100, NUMBERS, UNIT]))
    assert np.array_equal(table.normals, UNIT)
    assert np.array_equal(table.attributes["colors"], NUMBERS)
    assert np.array_equal(table.attributes["column 4"], np.arange(20) * 100)


def test_no_table_of_points():
    with pytest.raises(ValueError, match="transpose them"):
        unnamed_table(np.zeros((3, 50)))
    with pytest.raises(ValueError, match="1001 columns are more than"):
        unnamed_table(np.zeros((5, 1001)))


def test_alpha_is_the_fourth_color():
    columns = {name: np.array([place], np.uint8) for place, name in enumerate(("red", "green", "blue", "alpha"))}
    assert with_colors(columns)["colors"].tolist() == [[0, 1, 2, 3]]


def test_columns_that_hold_no_colors_stay():
    columns = {"red": np.array([-1.0, 2.0]), "green": np.zeros(2), "blue": np.zeros(2)}
    assert with_colors(columns).keys() == columns.keys()


def test_dark_bytes_stay_dark():
    columns = dict.fromkeys(("red", "green", "blue"), np.array([0, 1], np.uint8))
    assert with_colors(columns)["colors"].tolist() == [[0, 0, 0], [1, 1, 1]]


def test_columns_that_are_no_numbers_are_no_colors():
    day = np.array(["2020-01-01"], "datetime64[D]")
    columns = {"red": np.ones(1), "green": day, "blue": np.ones(1)}
    assert with_colors(columns).keys() == columns.keys()
