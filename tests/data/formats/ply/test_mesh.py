"""Which elements and properties of a PLY file are vertices, faces, normals, colours and other attributes."""

import numpy as np
import pytest

from diffshape.data import ReadError, as_mesh, read_mesh
from diffshape.data.formats.ply.elements import write_ply
from diffshape.data.formats.ply.mesh import read_ply_mesh

AXES = "property float x\nproperty float y\nproperty float z\n"
FACES = "property list uchar int vertex_indices\n"
ROWS = "0 0 0\n1 0 0\n0 1 0\n0 0 1\n"
TRIANGLES = "3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 2\n"


@pytest.fixture
def ply(tmp_path):
    def write(body, *, vertex=AXES, vertices=4, rest=f"element face 4\n{FACES}"):
        path = tmp_path / "a.ply"
        header = f"ply\nformat ascii 1.0\nelement vertex {vertices}\n{vertex}{rest}end_header\n"
        path.write_bytes(body(header) if callable(body) else (header + body).encode())
        return path

    return write


def test_lines_of_any_kind(ply):
    whole = read_ply_mesh(ply(ROWS + TRIANGLES))
    for change in (
        lambda text: text.replace(TRIANGLES, "\n\n" + TRIANGLES),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("float x", "float X").replace("float y", "float Y").replace("float z", "float Z"),
    ):
        polygons = read_ply_mesh(ply(lambda header, change=change: change(header + ROWS + TRIANGLES).encode()))
        assert np.array_equal(polygons.vertices, whole.vertices)
        assert np.array_equal(polygons.corners, whole.corners)


def test_unused_vertices_that_are_no_places_are_dropped_with_their_attributes(ply):
    rows = "nan 0 0 7\n" + ROWS.replace("\n", " 5\n")
    faces = TRIANGLES.translate(str.maketrans("012", "124"))
    mesh = read_mesh(ply(rows + faces.replace(" 3", " 3"), vertex=AXES + "property short label\n", vertices=5))
    assert len(mesh.vertices) == 4
    assert mesh.attributes["label"].tolist() == [5] * 4
    assert mesh.attributes["label"].dtype == np.int16
    assert mesh.notes == ("1 of 5 vertices, NaN, infinite or beyond 1e30 and used by no face, were dropped.",)


def test_used_ones_are_an_error(ply):
    with pytest.raises(ReadError, match=r"a\.ply: not a usable mesh \(1 of 4 vertices are NaN"):
        read_mesh(ply(ROWS.replace("0 0 1", "0 0 nan") + TRIANGLES))


def test_strips_are_triangles(ply):
    strips = "element tristrips 1\nproperty list int int vertex_indices\n"
    polygons = read_ply_mesh(ply(ROWS + "9 0 2 1 3 -1 0 1 3 2\n", rest=strips))
    assert polygons.triangles().tolist() == [[0, 2, 1], [1, 2, 3], [0, 1, 3], [3, 1, 2]]


@pytest.mark.parametrize("kind", ["uchar", "ushort", "float"])
def test_colors_and_other_attributes(tmp_path, kind):
    full, dtype = {"uchar": (255, np.uint8), "ushort": (65535, np.uint16), "float": (1, np.float32)}[kind]
    columns = {axis: np.eye(3)[number] for number, axis in enumerate("xyz")}
    columns |= {name: np.array([0, full, full // 255], dtype) for name in ("red", "green", "blue")}
    write_ply(tmp_path / "a.ply", {"vertex": {**columns, "quality": np.arange(3.0), "nx": np.ones(3)}})
    polygons = read_ply_mesh(tmp_path / "a.ply")
    assert polygons.attributes["colors"].tolist() == [[0] * 3, [255] * 3, [1 if full > 1 else 0] * 3]
    assert polygons.attributes["colors"].dtype == np.uint8
    assert polygons.attributes["quality"].tolist() == [0, 1, 2]
    assert polygons.attributes.keys() == {"colors", "quality", "nx"}  # one column alone is no normal
    assert polygons.normals is None


@pytest.mark.parametrize(
    ("options", "body", "message"),
    [
        (
            {"vertex": "property float x\n", "rest": ""},
            "1\n" * 4,
            "without the numbers x, y and z of vertices holds no points",
        ),
        ({"vertex": AXES.replace("float x", "list char int x"), "rest": ""}, "1 0 0 0\n" * 4, "holds no points"),
        ({"rest": "element face 1\nproperty int material\n"}, ROWS + "3\n", "have no lists vertex_indices"),
        ({}, ROWS + TRIANGLES.replace("0 2 1", "0 1.9 1"), "is declared int, and has 1.9"),
        ({"rest": f"element face 1\n{FACES.replace('int', 'float')}"}, ROWS + "3 0 1.9 1\n", "names vertex 1.9"),
        ({}, ROWS + TRIANGLES.replace("3 0 2 1", "3 0 2 1 3"), "row 1 of face is not what the header declares"),
        ({}, ROWS + TRIANGLES.replace("3 0 2 1", "-3 0 2 1"), "row 1 of face is not what the header declares"),
        ({}, ROWS.replace("1 0 0", "1 0 O") + TRIANGLES, "row 2 of vertex is not 3 numbers: '1 0 O'"),
        (
            {"vertex": AXES + "property uchar red\n"},
            "0 0 0 256\n" * 4 + TRIANGLES,
            "red is declared uchar, and",
        ),
        ({"vertex": AXES + "property float x\n"}, "0 0 0 0\n" * 4, "property of vertex 'x' is declared twice"),
    ],
)
def test_refusals(ply, options, body, message):
    with pytest.raises(ReadError, match=message):
        read_ply_mesh(ply(body, **options))


def test_digits_written_as_text_are_kept(ply):
    mesh = read_mesh(ply(ROWS.replace("1 0 0", "500123.456789 0 0") + TRIANGLES))
    assert mesh.vertices[1, 0] == 500123.456789


def test_attributes_survive_as_mesh(ply):
    mesh = as_mesh(read_mesh(ply(ROWS.replace("\n", " 9\n") + TRIANGLES, vertex=AXES + "property uchar label\n")))
    assert mesh.attributes["label"].tolist() == [9] * 4


def test_what_is_not_read_is_told(ply):
    faces = f"element face 4\n{FACES}property uchar red\nproperty list uchar float texcoord\n"
    vertex = AXES + "property list uchar int rings\n"
    body = ROWS.replace("\n", " 1 5\n") + TRIANGLES.replace("\n", " 7 0\n")
    assert read_ply_mesh(ply(body, vertex=vertex, rest=faces)).notes == (
        "Lists that belong to vertices are not read: rings.",
        "What belongs to faces beside their corners is not read: red, texcoord.",
    )
