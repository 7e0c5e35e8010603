import pytest

from diffshape.data.formats.text.header import column_names, split_cells

COUNTED = [[str(number), "a", "b", "c"] for number in range(5, 12)]
MEASURED = [["0.5", "a", "b", "c"], ["0.7", "a", "b", "c"]]


@pytest.mark.parametrize(
    ("lines", "width", "rows", "names"),
    [
        (["# x y z"], 3, [], ["x", "y", "z"]),
        (["made here", "ID,X,Y,Z", "", "m,m,m,m", "60"], 4, [], ["ID", "X", "Y", "Z"]),
        (["//X Y Z Intensity"], 4, [], ["X", "Y", "Z", "Intensity"]),
        (["Point ID\tX\tY\tZ"], 4, [], ["Point ID", "X", "Y", "Z"]),
        (["ID X (m) Y (m) Z (m)"], 4, [], ["ID", "X", "Y", "Z"]),
        (["t vel_x vel_y vel_z"], 4, [], None),
        (["Point ID X Y Z"], 4, [], ["ID", "X", "Y", "Z"]),
        (["# file format: x y z per line"], 3, [], ["x", "y", "z"]),
        (['"x" "y" "z"'], 4, COUNTED, ["row number", "x", "y", "z"]),
        (["x y z"], 4, MEASURED, ["x", "y", "z", "column 4"]),
        (["# x: 1..2, y: 3..4, z: 5..6", "x;y;z"], 3, [], ["x", "y", "z"]),
        (["# the x axis, the y axis and z up"], 3, [], ["x", "y", "z"]),
        (["no names at all"], 3, [], None),
        ([], 3, [], None),
    ],
)
def test_names_of_columns(lines, width, rows, names):
    assert column_names(lines, width, rows, None) == names


@pytest.mark.parametrize(
    ("line", "width", "rows", "message"),
    [
        ("# x y z", 5, COUNTED, "line 1 names x, y and z, but not each of the 5 columns"),
        ("y x z", 4, MEASURED, "not each of the 4 columns"),
        ("name x y z more", 4, [], "not each of the 4 columns"),
        ("x y intensity", 3, [], "line 1 does not name x, y and z, each once, but x, y, intensity; rename"),
        ("x y z x y z", 6, [], "line 1 does not name x, y and z, each once"),
        ("left_x left_y left_z right_x right_y right_z", 6, [], "line 1 does not name x, y and z, each once"),
    ],
)
def test_names_that_cannot_be_placed(line, width, rows, message):
    with pytest.raises(ValueError, match=message):
        column_names([line], width, rows, None)


@pytest.mark.parametrize(
    ("text", "separator", "cells"),
    [
        ("1,2,3,", ",", ["1", "2", "3", ""]),
        ('"a, b",2', ",", ["a, b", "2"]),
        ("1\t\t3", "\t", ["1", "", "3"]),
        ("  1 2\t3 ", None, ["1", "2", "3"]),
    ],
)
def test_cells(text, separator, cells):
    assert split_cells(text, separator) == cells
