"""GLB files made here, number by number, and by trimesh; what is decoded, refused and told."""

import json
import struct

import numpy as np
import pytest
import trimesh

from diffshape.data import ReadError, read_mesh, read_points
from diffshape.data.formats.glb.reader import read_glb

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], "<f4")
INDICES = np.array([0, 1, 2], "<u4")


def glb_bytes(description, block=b""):
    text = description if isinstance(description, bytes) else json.dumps(description).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I", len(text)) + b"JSON" + text + struct.pack("<I", len(block)) + b"BIN\0" + block
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


def triangle(**changes):
    """One triangle, with parts of its description replaced."""
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5125, "count": 3, "type": "SCALAR"},
        ],
        "bufferViews": [{"buffer": 0, "byteLength": 36}, {"buffer": 0, "byteOffset": 36, "byteLength": 12}],
        "buffers": [{"byteLength": 48}],
    } | changes


BLOCK = CORNERS.tobytes() + INDICES.tobytes()
POSITIONS, FACES = triangle()["accessors"]
NOWHERE = {name: value for name, value in POSITIONS.items() if name != "bufferView"}


@pytest.fixture
def read(tmp_path):
    def write_and_read(description, block=BLOCK):
        path = tmp_path / "a.glb"
        path.write_bytes(glb_bytes(description, block))
        return read_glb(path)

    return write_and_read


def test_a_triangle(read):
    polygons = read(triangle())
    assert sorted(polygons.vertices.tolist()) == sorted(CORNERS.tolist())
    assert np.array_equal(polygons.vertices[polygons.triangles()][0], CORNERS)
    assert polygons.notes == ()


@pytest.mark.parametrize(
    ("kind", "code", "full"), [("<i2", 5122, 32767), ("<u2", 5123, 65535), ("<i1", 5120, 127), ("<u1", 5121, 255)]
)
def test_normalized_integers_are_shares_of_their_range(read, kind, code, full):
    values = np.zeros((3, 8 // np.dtype(kind).itemsize), kind)  # rows begin at multiples of eight bytes
    values[:, :3] = CORNERS * full
    positions = POSITIONS | {"componentType": code, "normalized": True}
    views = [{"buffer": 0, "byteLength": 24, "byteStride": 8}, {"buffer": 0, "byteOffset": 24, "byteLength": 12}]
    changes = {"accessors": [positions, FACES], "bufferViews": views, "extensionsRequired": ["KHR_mesh_quantization"]}
    polygons = read(triangle(**changes), values.tobytes() + INDICES.tobytes())
    assert np.array_equal(polygons.vertices[polygons.triangles()][0], CORNERS)
    del positions["normalized"]
    assert read(triangle(**changes), values.tobytes() + INDICES.tobytes()).vertices.max() == full


@pytest.mark.parametrize("based", [True, False])
def test_sparse_accessors_are_filled_in(read, based):
    sparse = {"count": 1, "indices": {"bufferView": 2, "componentType": 5121}, "values": {"bufferView": 3}}
    positions = POSITIONS | {"sparse": sparse}
    if not based:
        del positions["bufferView"]
    views = [*triangle()["bufferViews"], {"buffer": 0, "byteOffset": 48, "byteLength": 1}]
    views.append({"buffer": 0, "byteOffset": 52, "byteLength": 12})
    block = BLOCK + b"\1\0\0\0" + np.array([5, 6, 7], "<f4").tobytes()
    polygons = read(triangle(accessors=[positions, FACES], bufferViews=views), block)
    first, last = (CORNERS[0], CORNERS[2]) if based else ([0, 0, 0], [0, 0, 0])
    assert np.array_equal(polygons.vertices[polygons.triangles()][0], [first, [5, 6, 7], last])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"extensionsRequired": ["KHR_draco_mesh_compression"]}, "compressed by KHR_draco_mesh_compression"),
        ({"extensionsRequired": ["EXT_meshopt_compression"]}, "compressed by EXT_meshopt_compression"),
        ({"extensionsRequired": ["ACME_shape"]}, "requires the extension ACME_shape, which is not read"),
        ({"nodes": [{"mesh": 0, "extensions": {"EXT_mesh_gpu_instancing": {}}}]}, "EXT_mesh_gpu_instancing"),
        ({"accessors": [NOWHERE | {"count": 10**9}, FACES]}, "promises 1,000,000,000 rows, and none"),
        ({"accessors": [POSITIONS | {"count": 4}, FACES]}, "4 rows are promised, and the file holds fewer"),
        ({"accessors": [POSITIONS | {"count": -1}, FACES]}, "a size or an offset is -1"),
        ({"accessors": [POSITIONS | {"count": 10**400}, FACES]}, "a size or an offset is 1000"),
        ({"accessors": [POSITIONS | {"type": "VEC2"}, FACES]}, "accessor 0 has 2 numbers a row, where 3 are due"),
        ({"accessors": [POSITIONS | {"componentType": 7}, FACES]}, "its description is no glTF 2.0"),
        ({"accessors": [POSITIONS | {"bufferView": 9}, FACES]}, "it names number 9 of 2 bufferViews"),
        ({"accessors": [POSITIONS, FACES | {"componentType": 5122, "count": 6}]}, "indices that are no unsigned"),
        ({"accessors": [POSITIONS, FACES | {"count": 2}]}, "a mesh of triangles has 2 corners"),
        ({"bufferViews": [{"buffer": 0, "byteOffset": -36, "byteLength": 36}, {}]}, "a size or an offset is -36"),
        ({"bufferViews": [{"buffer": 0, "byteLength": 10**20}, {}]}, "a size or an offset is 1000"),
        ({"bufferViews": [{"buffer": 0, "byteLength": 36, "byteStride": 4}, {}]}, "the file holds fewer"),
        ({"buffers": [{"byteLength": 48, "uri": "a.bin"}]}, "are not in its own block"),
        ({"nodes": [{"mesh": 0, "children": [0]}]}, "node 0 stands in two places of its tree"),
        ({"nodes": [{"mesh": 7}]}, "it names number 7 of 1 meshes"),
        ({"nodes": [{"mesh": 0, "scale": ["a", 1, 1]}]}, "its description is no glTF 2.0"),
        ({"nodes": 5}, "nodes is no list"),
        ({"nodes": [{"mesh": 0}] * 90_000, "scenes": [{"nodes": list(range(90_000))}]}, "it repeats its meshes"),
    ],
)
def test_refusals(read, changes, message):
    with pytest.raises(ReadError, match=r"a\.glb: not a readable GLB file .*" + message):
        read(triangle(**changes))


def test_corners_that_name_no_vertex_are_refused(read):
    with pytest.raises(ReadError, match="not a readable GLB"):
        read(triangle(), CORNERS.tobytes() + np.array([0, 1, 3], "<u4").tobytes())


@pytest.mark.parametrize("description", [b"[" * 100_000, b"[]", b"{", b"\xff\xfe", b'{"nodes": [1]}'])
def test_descriptions_that_are_none(read, description):
    with pytest.raises(ReadError, match="not a readable GLB"):
        read(description)


def test_strips_fans_and_lines(read):
    square = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], "<f4")
    accessors, views = [POSITIONS | {"count": 4}], [{"buffer": 0, "byteLength": 48}]
    for mode, faces in [(5, [[0, 1, 2], [2, 1, 3]]), (6, [[0, 1, 2], [0, 2, 3]])]:
        meshes = [
            {"primitives": [{"attributes": {"POSITION": 0}, "mode": mode}, {"attributes": {"POSITION": 0}, "mode": 1}]}
        ]
        polygons = read(triangle(accessors=accessors, bufferViews=views, meshes=meshes), square.tobytes())
        assert np.array_equal(polygons.vertices[polygons.triangles()], square[faces])
        assert polygons.notes == ("Not read of this file: lines.",)


def test_a_mirrored_node_turns_its_triangles(read):
    polygons = read(triangle(nodes=[{"mesh": 0, "scale": [-1, 1, 1], "translation": [0, 0, 5]}]))
    a, b, c = polygons.vertices[polygons.triangles()[0]]
    assert np.cross(b - a, c - a).tolist() == [0, 0, 1]
    assert polygons.vertices.min(axis=0).tolist() == [-1, 0, 5]


def test_coincident_vertices_of_other_colors_are_told(tmp_path):
    mesh = trimesh.Trimesh(CORNERS[[0, 1, 2, 2, 1, 0]], [[0, 1, 2], [3, 4, 5]], process=False)
    mesh.visual.vertex_colors = np.repeat(np.array([[255, 0, 0, 255], [0, 0, 255, 255]], np.uint8), 3, axis=0)
    polygons = read_glb(written(tmp_path, "a.glb", mesh.export(file_type="glb")))
    assert polygons.attributes["colors"].shape == (3, 4)
    assert polygons.notes[-1] == "Of coincident vertices that differ in colors one is kept."


def test_what_is_left_out_is_told(read):
    primitive = {"attributes": {"POSITION": 0, "TEXCOORD_0": 0}, "indices": 1, "targets": [{}]}
    changes = {
        "meshes": [{"primitives": [primitive]}],
        "materials": [{}],
        "skins": [{}],
        "scenes": [{"nodes": [0]}, {}],
    }
    told = "materials and textures, morph targets, scenes other than the default one, skins and animations"
    assert read(triangle(**changes)).notes == (f"Not read of this file: {told}, texture coordinates.",)


def test_points_alone_are_a_cloud(tmp_path, read):
    meshes = [{"primitives": [{"attributes": {"POSITION": 0, "NORMAL": 0, "_HEAT": 1}, "mode": 0}]}]
    accessors = [POSITIONS, FACES | {"componentType": 5126}]
    polygons = read(
        triangle(meshes=meshes, accessors=accessors), CORNERS.tobytes() + np.arange(3, dtype="<f4").tobytes()
    )
    assert np.array_equal(polygons.vertices, CORNERS)
    assert np.array_equal(polygons.normals, CORNERS)
    assert polygons.attributes["HEAT"].tolist() == [0, 1, 2]
    assert len(polygons.counts) == 0
    with pytest.raises(ReadError, match="holds 3 points and no faces"):
        read_mesh(tmp_path / "a.glb")
    cloud = np.random.default_rng(0).random((20, 3))
    (tmp_path / "b.glb").write_bytes(trimesh.Scene(trimesh.PointCloud(cloud)).export(file_type="glb"))
    np.testing.assert_allclose(read_points(tmp_path / "b.glb").points, cloud, atol=1e-7)


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_a_tree_of_turned_and_stretched_nodes_as_trimesh_reads_it(tmp_path):
    rng, turn = np.random.default_rng(1), trimesh.transformations.random_rotation_matrix
    outer, inner = turn(rng.random(3)), turn(rng.random(3)) @ np.diag([1, 2, -3, 1.0])
    outer[:3, 3] = 3, 1, 2
    scene = trimesh.Scene()
    scene.add_geometry(trimesh.creation.box(), node_name="a", transform=outer)
    scene.add_geometry(trimesh.creation.icosphere(1), node_name="b", parent_node_name="a", transform=inner)
    path = written(tmp_path, "a.glb", scene.export(file_type="glb"))
    ours = trimesh.Trimesh(*read_mesh(path), process=False)
    theirs = trimesh.load(path, process=False, force="mesh")
    np.testing.assert_allclose(ours.bounds, theirs.bounds, atol=1e-12)
    assert ours.volume == pytest.approx(theirs.volume)
    assert ours.volume > 0


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
