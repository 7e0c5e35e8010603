import errno
import os
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from diffshape.data import Mesh, atomic_path, read_mesh, write_mesh, write_points
from diffshape.data.formats.ply.elements import read_ply
from diffshape.data.synthetic.objects import procedural_object

SPHERE = procedural_object("sphere").mesh(12)


def write_half(path, error):
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        raise error


def test_the_old_file_survives_a_full_disk(tmp_path):
    path = tmp_path / "a.ply"
    write_points(path, SPHERE.vertices)
    old = path.read_bytes()
    with pytest.raises(OSError, match="No space left"):
        write_half(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["a.ply"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_real_full_disk(tmp_path, monkeypatch):
    path = tmp_path / "a.ply"
    write_points(path, SPHERE.vertices)
    old = path.read_bytes()
    monkeypatch.setattr("diffshape.data.formats.writers.write_ply", lambda *_: Path("/dev/full").write_bytes(b"x"))
    with pytest.raises(OSError, match="No space left"):
        write_points(path, SPHERE.vertices)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["a.ply"]


def test_ctrl_c_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "a.txt", KeyboardInterrupt())
    assert os.listdir(tmp_path) == []


def test_temporary_is_a_hidden_sibling_of_the_same_suffix(tmp_path):
    with atomic_path(tmp_path / "deep" / "a.tar.gz") as temporary:
        assert temporary.parent == tmp_path / "deep"
        assert temporary.suffix == ".gz"
        assert temporary.name.startswith(".")
        temporary.touch()
    mode = (tmp_path / "deep" / "a.tar.gz").stat().st_mode & 0o777
    (tmp_path / "plain").touch()
    assert mode == (tmp_path / "plain").stat().st_mode & 0o777


@pytest.mark.filterwarnings("ignore:write_mesh. a.stl holds 7 digits")
@pytest.mark.parametrize("suffix", ["ply", "obj", "off", "stl", "glb"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_meshes_come_back(tmp_path, suffix, dtype):
    path = tmp_path / f"a.{suffix}"
    vertices = (1000 + SPHERE.vertices).astype(dtype)
    write_mesh(path, torch.tensor(vertices), torch.tensor(SPHERE.faces))
    ours = read_mesh(path)
    if suffix in ("stl", "glb"):  # float32, and their vertices in another order
        assert trimesh.Trimesh(*ours, process=False).is_watertight
        assert np.abs(ours.vertices[ours.faces] - vertices[SPHERE.faces]).max() < 1e-4
    else:
        assert np.array_equal(ours.vertices.astype(dtype), vertices)
        assert np.array_equal(ours.faces, SPHERE.faces)
    peer = trimesh.load(path, process=False, force="mesh")
    assert np.abs(np.asarray(peer.triangles) - vertices[SPHERE.faces]).max() < 1e-4


@pytest.mark.parametrize("suffix", ["ply", "obj", "glb"])
def test_normals_are_written_beside_their_vertices(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    normals = 2 * SPHERE.vertices
    write_mesh(path, *SPHERE, normals=normals)
    peer = trimesh.load(path, process=False, force="mesh")
    assert np.abs(peer.vertices - peer.vertex_normals / 2).max() < 0.05
    assert len(read_mesh(path).faces) == len(SPHERE.faces)


COLORS = np.random.default_rng(0).integers(0, 256, (len(SPHERE.vertices), 4)).astype(np.uint8)


@pytest.mark.parametrize("suffix", ["ply", "glb"])
def test_a_confidence_is_kept(tmp_path, suffix):
    sure = np.linspace(0, 1, len(SPHERE.vertices)).astype(np.float32)
    write_mesh(tmp_path / f"a.{suffix}", Mesh(*SPHERE, attributes={"confidence": sure}))
    again = read_mesh(tmp_path / f"a.{suffix}")
    order, back = (np.lexsort(np.float32(each.vertices).T) for each in (SPHERE, again))
    np.testing.assert_array_equal(again.attributes["confidence"][back], sure[order])


def test_a_glb_holds_one_confidence_a_vertex(tmp_path):
    with pytest.raises(ValueError, match=r"one confidence a vertex, got \(\d+, 2\)"):
        write_mesh(tmp_path / "a.glb", *SPHERE, attributes={"confidence": np.zeros((len(SPHERE.vertices), 2))})


@pytest.mark.parametrize("suffix", ["ply", "obj", "off", "glb"])
@pytest.mark.parametrize("channels", [3, 4])
def test_colors_come_back_beside_their_vertices(tmp_path, suffix, channels):
    path, colors = tmp_path / f"a.{suffix}", COLORS[:, :channels]
    write_mesh(path, SPHERE.vertices.astype(np.float32), SPHERE.faces, attributes={"colors": colors})
    mesh = read_mesh(path)
    assert mesh.notes == ()
    assert np.array_equal(mesh.attributes["colors"][mesh.faces], colors[SPHERE.faces])
    assert mesh.attributes["colors"].dtype == np.uint8
    if suffix != "off":  # which trimesh reads without its colours
        peer = trimesh.load(path, process=False, force="mesh")
        assert np.array_equal(np.asarray(peer.visual.vertex_colors)[:, :3], COLORS[:, :3])


def test_ply_holds_every_attribute(tmp_path):
    count = len(SPHERE.vertices)
    given = {
        "colors": COLORS,
        "heat": np.linspace(0, 1, count),
        "label": np.arange(count) - 5,
        "uv": np.ones((count, 2), np.float32),
        "sharp": torch.arange(count) % 2 == 0,
    }
    write_mesh(tmp_path / "a.ply", *SPHERE, attributes=given, normals=SPHERE.vertices)
    found = read_mesh(tmp_path / "a.ply").attributes
    assert found.keys() == {"colors", "heat", "label", "uv_0", "uv_1", "sharp"}
    for name in ("colors", "heat", "label", "sharp"):
        assert np.array_equal(found[name], np.asarray(given[name]))
    assert (found["label"].dtype, found["uv_1"].dtype) == (np.int32, np.float32)


def test_a_whole_mesh_is_written_with_its_attributes(tmp_path):
    mesh = Mesh(*SPHERE, attributes={"colors": COLORS})
    peer = trimesh.Trimesh(*SPHERE, process=False)
    for number, thing in enumerate([mesh, peer, tuple(SPHERE), tmp_path / "0.ply"]):
        write_mesh(tmp_path / f"{number}.ply", thing)
        again = read_mesh(tmp_path / f"{number}.ply")
        assert np.array_equal(again.vertices, SPHERE.vertices)
        assert again.attributes.keys() == ({"colors"} if number in (0, 3) else set())


FAR = SPHERE.vertices + np.array([500123.456, 4512345.678, 321.5])


@pytest.mark.parametrize("suffix", ["ply", "obj", "off", "glb"])
def test_a_mesh_far_from_the_origin_keeps_its_digits(tmp_path, suffix, recwarn):
    write_mesh(tmp_path / f"a.{suffix}", FAR, SPHERE.faces)
    mesh = read_mesh(tmp_path / f"a.{suffix}")
    assert np.abs(mesh.vertices[mesh.faces] - FAR[SPHERE.faces]).max() < 1e-7
    assert not recwarn.list


def test_stl_tells_that_it_does_not(tmp_path, recwarn):
    with pytest.warns(UserWarning, match=r"write_mesh: a.stl holds 7 digits .* by up to 0\.25, .* write .ply"):
        write_mesh(tmp_path / "a.stl", FAR, SPHERE.faces)
    recwarn.clear()
    write_mesh(tmp_path / "a.stl", *SPHERE)
    assert not recwarn.list


def test_precision_follows_the_input(tmp_path):
    path, numbers = tmp_path / "a.ply", 6 * len(SPHERE.vertices)
    sizes = []
    for dtype in (np.float32, np.float64):
        write_mesh(path, SPHERE.vertices.astype(dtype), SPHERE.faces, normals=SPHERE.vertices)
        sizes.append(path.stat().st_size)
    assert sizes[1] - sizes[0] == 4 * numbers + 6  # "double" has a letter more than "float", six times


@pytest.mark.parametrize("suffix", ["ply", "xyz", "csv", "npy"])
def test_no_points_make_a_file_too(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    write_points(path, np.empty((0, 3)))
    assert path.exists()
    if suffix == "ply":
        assert len(read_ply(path)["vertex"]["x"]) == 0


@pytest.mark.parametrize("suffix", [".ply", ".obj", ".glb"])
def test_normals_that_a_mesh_carries_are_its_normals(tmp_path, suffix):
    write_mesh(tmp_path / f"a{suffix}", Mesh(*SPHERE, attributes={"normals": 2 * SPHERE.vertices}))
    write_mesh(tmp_path / f"b{suffix}", *SPHERE, normals=2 * SPHERE.vertices)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_stl_normals_point_outside(tmp_path):
    write_mesh(tmp_path / "a.stl", *SPHERE)
    rows = np.frombuffer(
        (tmp_path / "a.stl").read_bytes()[84:], [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("_", "<u2")]
    )
    assert ((rows["normal"] * rows["corners"].mean(axis=1)).sum(axis=1) > 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: write_mesh(p / "a.xyz", *SPHERE), "write_mesh: unknown suffix of 'a.xyz'; it writes .ply"),
        (lambda p: write_points(p / "a.obj", SPHERE.vertices), "write_points: unknown suffix"),
        (lambda p: write_mesh(p / "a.stl", *SPHERE, normals=SPHERE.vertices), ".stl files hold no normals"),
        (lambda p: write_mesh(p / "a.ply", *SPHERE, normals=SPHERE.vertices[1:]), "normals must have shape"),
        (lambda p: write_mesh(p / "a.stl", *SPHERE, attributes={"colors": COLORS}), ".stl files hold no colors"),
        (
            lambda p: write_mesh(p / "a.obj", *SPHERE, attributes={"heat": COLORS[:, 0]}),
            ".obj files hold no heat",
        ),
        (
            lambda p: write_mesh(p / "a.ply", *SPHERE, attributes={"heat": COLORS[1:]}),
            r"attributes\['heat'\]",
        ),
        (lambda p: write_mesh(p / "a.obj", *SPHERE, attributes={"colors": COLORS - 300.0}), "numbers from 0 to 1"),
        (lambda p: write_mesh(p / "a.ply", *SPHERE, attributes={"x": COLORS[:, 0]}), "two columns would be called 'x'"),
        (
            lambda p: write_mesh(p / "a.ply", [*SPHERE.vertices, [np.nan] * 3], SPHERE.faces),
            "vertices that no face uses",
        ),
        (lambda p: write_mesh(p / "a.ply", SPHERE.vertices, SPHERE.faces[:0]), "faces is empty"),
        (lambda p: write_points(p / "a.ply", SPHERE.vertices[:, :2]), r"points must have shape \(N, 3\)"),
    ],
)
def test_refuses_and_writes_nothing(tmp_path, call, message):
    with pytest.raises(ValueError, match=message):
        call(tmp_path)
    assert os.listdir(tmp_path) == []
