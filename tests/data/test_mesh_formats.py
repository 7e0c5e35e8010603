import numpy as np
import pytest
import trimesh

from diffshape.data.arrays import ReadError
from diffshape.data.mesh_formats import Polygons, read_glb, read_obj, read_off, read_ply_mesh, read_stl

SQUARE = [[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_fans_of_mixed_polygons():
    corners = np.array([0, 1, 2, 3, 4, 5, 6, 0, 1, 0, 2, 4, 6, 1])
    polygons = Polygons(np.zeros((7, 3)), np.array([3, 4, 2, 5]), corners)
    assert polygons.triangles().tolist() == [[0, 1, 2], [3, 4, 5], [3, 5, 6], [0, 2, 4], [0, 4, 6], [0, 6, 1]]


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


def test_glb_places_all_meshes(tmp_path):
    box = trimesh.creation.box()
    scene = trimesh.Scene()
    scene.add_geometry(box)
    scene.add_geometry(box, transform=trimesh.transformations.translation_matrix([3, 0, 0]))
    polygons = read_glb(written(tmp_path, "a.glb", scene.export(file_type="glb")))
    assert polygons.vertices.shape == (16, 3)
    assert polygons.vertices.max(axis=0).tolist() == [3.5, 0.5, 0.5]


@pytest.mark.parametrize("content", [b"glTF", b"junk" * 30])
def test_glb_broken(tmp_path, content):
    with pytest.raises(ReadError, match=r"a\.glb: not a readable GLB"):
        read_glb(written(tmp_path, "a.glb", content))


def test_glb_cut_short(tmp_path):
    content = trimesh.Scene(trimesh.creation.box()).export(file_type="glb")
    with pytest.raises(ReadError, match="not a readable GLB"):
        read_glb(written(tmp_path, "a.glb", content[:-50]))


def test_ply_without_points_or_with_strips(tmp_path):
    empty = "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n"
    with pytest.raises(ReadError, match="holds no points"):
        read_ply_mesh(written(tmp_path, "a.ply", empty))
    axes = "".join(f"property float {axis}\n" for axis in "xyz")
    strips = f"ply\nformat ascii 1.0\nelement vertex 1\n{axes}element tristrips 1\n"
    strips += "property list int int vertex_indices\nend_header\n0 0 0\n3 0 0 0\n"
    with pytest.raises(ReadError, match="triangle strips"):
        read_ply_mesh(written(tmp_path, "a.ply", strips))
