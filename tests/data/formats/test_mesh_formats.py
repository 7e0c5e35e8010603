import numpy as np
import pytest
import trimesh

from diffshape.data.arrays import ReadError
from diffshape.data.formats.mesh_formats import read_obj, read_off, read_polygons, read_stl

SQUARE = [[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_obj_corners_of_every_kind(tmp_path):
    text = "# a\no one\nv 0 0 0\nv\t1 0 0 0.5 0.5 0.5\nv 1 1 0\n\nvn 0 0 1\nvt 0 0\ng two\nv 0 1 0\n"
    text += "usemtl paint\nf 1/1/1 2//1 3/1\nf -4 -2 -1\nl 1 2\n"
    polygons = read_obj(written(tmp_path, "a.obj", text))
    assert polygons.vertices.tolist() == SQUARE
    assert polygons.triangles().tolist() == [[0, 1, 2], [0, 2, 3]]


@pytest.mark.parametrize("line", ["v 1 2", "v 1 2 x", "f 1 a 2"])
def test_obj_names_the_bad_line(tmp_path, line):
    with pytest.raises(ReadError, match=r"a\.obj: line 2 is not readable"):
        read_obj(written(tmp_path, "a.obj", f"v 0 0 0\n{line}\n"))


@pytest.mark.parametrize(
    "head", ["OFF\n4 2 0\n", "OFF 4 2 0\n", "OFF4 2 0\n", "# c\nOFF # d\n# e\n4 2 0\n\n", "COFF\n4 2 0\n"]
)
def test_off_headers(tmp_path, head):
    color = " 255 0 0 255" if head.startswith("C") else ""
    rows = "".join(f"{x} {y} {z}{color}\n" for x, y, z in SQUARE) + "4 0 1 2 3 0.5 0.5 0.5\n3 0 1 2\n"
    polygons = read_off(written(tmp_path, "a.off", head + rows))
    assert polygons.vertices.tolist() == SQUARE
    assert polygons.counts.tolist() == [4, 3]
    assert polygons.corners.tolist() == [0, 1, 2, 3, 0, 1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "OFF\n4 2 0\n0 0 0\n1 0 0\n",
        "OFF\n3 2 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n",
        "hello",
        "OFF\n",
        "OFF\n1 1 0\n0 0 0\n3 0 0\n",
    ],
)
def test_off_cut_short(tmp_path, text):
    with pytest.raises(ReadError, match="not a readable OFF"):
        read_off(written(tmp_path, "a.off", text))


@pytest.mark.parametrize("binary", [True, False])
def test_stl_merges_corners(tmp_path, binary):
    box = trimesh.creation.box()
    content = box.export(file_type="stl" if binary else "stl_ascii")
    polygons = read_stl(written(tmp_path, "a.stl", content))
    again = trimesh.Trimesh(polygons.vertices, polygons.triangles(), process=False)
    assert polygons.vertices.shape == (8, 3)
    assert again.is_watertight
    assert again.volume == pytest.approx(1.0)


@pytest.mark.parametrize("cut", [1, 30, 500])
@pytest.mark.parametrize("kind", ["stl", "stl_ascii"])
def test_stl_cut_short(tmp_path, kind, cut):
    content = trimesh.creation.box().export(file_type=kind)
    content = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(ReadError, match="STL"):
        read_stl(written(tmp_path, "a.stl", content[: -cut - 20]))


def test_stl_merges_plus_and_minus_zero(tmp_path):
    facets = ["0 0 0 1 0 0 0 1 0", "-0 -0 0 0 1 0 -1 0 0"]
    text = "solid a\n"
    for facet in facets:
        numbers = facet.split()
        corners = "".join(f"vertex {' '.join(numbers[i : i + 3])}\n" for i in (0, 3, 6))
        text += f"facet normal 0 0 1\nouter loop\n{corners}endloop\nendfacet\n"
    assert len(read_stl(written(tmp_path, "a.stl", text + "endsolid a\n")).vertices) == 4


BOX = trimesh.creation.box()
V_LINES = "".join(f"v {x:g} {y:g} {z:g}\n" for x, y, z in BOX.vertices)
F_LINES = "".join(f"f {a + 1} {b + 1} {c + 1}\n" for a, b, c in BOX.faces)
V_ROWS, F_ROWS = V_LINES.replace("v ", ""), "".join(f"3 {a} {b} {c}\n" for a, b, c in BOX.faces)


def text_stl(name="box", end="endsolid box\n"):
    corners = ("".join(f"vertex {x:g} {y:g} {z:g}\n" for x, y, z in facet) for facet in BOX.triangles)
    facets = "".join(f"facet normal 0 0 0\nouter loop\n{each}endloop\nendfacet\n" for each in corners)
    return f"solid {name}\n{facets}{end}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("continued.obj", V_LINES + F_LINES.replace(" ", " \\\n ")),
        ("commented.obj", (V_LINES + F_LINES).replace("\n", " # why\n")),
        ("path.obj", "# C:\\parts\\\n" + V_LINES + F_LINES),
        ("utf-16.obj", (V_LINES + F_LINES).encode("utf-16")),
        ("mac.obj", (V_LINES + F_LINES).replace("\n", "\r")),
        ("upper.stl", text_stl().upper()),
        ("no_end.stl", text_stl(end="")),
        ("named.stl", text_stl("vertex 1 2 3 facet")),
        ("mark.stl", b"\xef\xbb\xbf" + text_stl().encode()),
        ("mac.stl", text_stl().replace("\n", "\r")),
        ("one_line.stl", text_stl().replace("\n", " ")),
        ("behind.stl", BOX.export(file_type="stl") + b"\0" * 92),
        ("solid.stl", b"solid".ljust(80) + BOX.export(file_type="stl")[80:]),
        ("lower.off", f"off\n8 12 0\n{V_ROWS}{F_ROWS}"),
        ("no_word.off", f"8 12 0\n{V_ROWS}{F_ROWS}"),
        ("utf-16.off", f"OFF\n8 12 0\n{V_ROWS}{F_ROWS}".encode("utf-16")),
    ],
)
def test_what_other_programs_write_is_read(tmp_path, name, content):
    polygons = read_polygons(written(tmp_path, name, content))
    again = trimesh.Trimesh(polygons.vertices, polygons.triangles(), process=False)
    assert again.is_watertight
    assert again.volume == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("a.obj", "mtllib a.mtl\n" + V_LINES + F_LINES, "Texture coordinates and materials are not read."),
        ("b.obj", V_LINES.replace("v ", "v 1 1 1 ", 1) + F_LINES, "What follows the coordinates of some vertices"),
        ("a.off", f"OFF\n8 12 0\n{V_ROWS}{F_ROWS.replace(chr(10), ' 255 0 0' + chr(10))}", "Colours of faces"),
        ("b.off", f"OFF\n8 12 0\n{V_ROWS.replace(chr(10), ' 1 2' + chr(10))}{F_ROWS}", "What follows the coord"),
        ("a.stl", text_stl(end=""), "without 'endsolid'"),
        ("b.stl", BOX.export(file_type="stl") + b"\0" * 92, "Bytes behind the last facet are not read, 92 of them."),
    ],
)
def test_what_is_not_read_is_told(tmp_path, name, content, note):
    assert any(note in each for each in read_polygons(written(tmp_path, name, content)).notes)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 0\nv 0 0 1\n", "line 4 .* names vertex 0 of 3; OBJ counts from 1"),
        ("a.obj", "v 0 0 0\nf -1 -2 -3\n", "line 2 .* names vertex -2 of 1"),
        ("a.obj", "v 0 0 0\nf 1 1.9 1\n", "line 2 is not readable"),
        ("a.obj", "v 0 0 \\\n0\nf 1 \\\n1.9 1\n", "line 4 is not readable"),
        ("a.obj", "v 0 0 0\nf 1 1 99999999999999999999\n", "line 2 is not readable"),
        ("a.obj", "v 0 0 0\nf 1 1 9999999999999999999\n", "line 2 is not readable"),
        ("a.obj", "v 0 0 1_0\n", "line 1 is not readable"),
        ("a.obj", b"v 0 0 0\n\0\0", "no text"),
        ("a.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 99999999999999999999\n", "is no whole number"),
        ("a.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 1.9\n", "'1.9' is no whole number"),
        ("a.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n-1 0 1 2\n", "a face of -1 corners"),
        ("a.off", "OFF\n1000000000000 1 0\n0 0 0\n", "1000000000000 vertices and 1 faces promised"),
        ("a.off", "OFF\n-1 2 0\n0 0 0\n0 0 0\n", "-1 vertices"),
        ("a.off", "4OFF\n1 0 0\n0 0 0 1\n", "4OFF has vertices of other than three coordinates"),
        ("a.off", "OFF BINARY\n1 0 0\n", "binary OFF"),
        ("a.stl", text_stl().replace("vertex", "vertex x", 1), "'x' is no number"),
        ("a.stl", text_stl().replace("endfacet\n", "", 1), "without three corners"),
        ("a.stl", b"binary".ljust(80) + b"\0\0\0\0" + b"x" * 100, "cut short or of another format"),
        (
            "._a.obj",
            b"\0\5\x16\7\0\2\0\0Mac OS X        ",
            "hidden file that a Mac keeps beside a.obj; give that one",
        ),
    ],
)
def test_refusals_say_what_is_wrong(tmp_path, name, content, message):
    with pytest.raises(ReadError, match=message) as told:
        read_polygons(written(tmp_path, name, content))
    assert str(told.value).startswith(str(tmp_path / name))


def test_a_long_number_takes_little_memory(tmp_path):
    text = text_stl().replace("0.5", "1" * 100_000, 1)
    assert np.isinf(read_stl(written(tmp_path, "a.stl", text)).vertices).sum() == 1


def test_numbers_that_are_none_are_no_warning(tmp_path):
    """Some NaNs make the processor complain when they are widened."""
    content = bytearray(BOX.export(file_type="stl"))
    content[96:100] = b"\x01\x00\x80\x7f"
    assert np.isnan(read_stl(written(tmp_path, "a.stl", bytes(content))).vertices).sum() == 1


def test_colors_of_obj_and_off(tmp_path):
    rows = ["0 0 0 1 0 0.5", "1 0 0 0 1 0", "0 1 0 0 0 0"]
    obj = read_obj(written(tmp_path, "a.obj", "".join(f"v {row}\n" for row in rows) + "f 1 2 3\n"))
    assert obj.attributes["colors"].tolist() == [[255, 0, 128], [0, 255, 0], [0, 0, 0]]
    assert obj.attributes["colors"].dtype == np.uint8
    off = read_off(written(tmp_path, "a.off", "CNOFF\n1 0 0\n0 0 0 0 0 2 255 1 0 9\n"))
    assert off.attributes["colors"].tolist() == [[255, 1, 0, 9]]
    assert off.normals is not None
    assert off.normals.tolist() == [[0, 0, 2]]
    assert (obj.notes, off.notes) == ((), ())


def test_normals_of_obj_where_each_vertex_has_its_own(tmp_path):
    text = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvn 0 0 1\nvn 0 0 2\nvn 0 1 0\n"
    own = read_obj(written(tmp_path, "a.obj", text + "f 1//1 2//2 3//3\n")).normals
    assert own is not None
    assert own.tolist() == [[0, 0, 1], [0, 0, 2], [0, 1, 0]]
    assert read_obj(written(tmp_path, "a.obj", text + "f 1//1 2//1 3//1\n")).normals is None


def test_a_folder_and_no_file(tmp_path):
    (tmp_path / "a.obj").mkdir()
    with pytest.raises(ReadError, match="is a folder; give one of its files"):
        read_polygons(tmp_path / "a.obj")
    with pytest.raises(FileNotFoundError, match=r"no such file.*b\.obj"):
        read_polygons(tmp_path / "b.obj")
