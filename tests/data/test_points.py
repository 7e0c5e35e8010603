import subprocess
import sys

import numpy as np
import pytest
import torch
import trimesh

from diffshape.data import (
    PointCloud,
    ReadError,
    as_points,
    clean_points,
    read_mesh,
    read_points,
    write_mesh,
    write_points,
)

CLOUD = np.random.default_rng(0).normal(size=(50, 3))


@pytest.mark.parametrize("suffix", ["ply", "xyz", "txt", "csv", "npy"])
@pytest.mark.parametrize("with_normals", [False, True])
def test_written_points_come_back_to_the_bit(tmp_path, suffix, with_normals):
    normals = CLOUD / np.linalg.norm(CLOUD, axis=1, keepdims=True) if with_normals else None
    path = tmp_path / f"a.{suffix}"
    write_points(path, CLOUD, normals=normals)
    cloud = read_points(path)
    assert np.array_equal(cloud.points, CLOUD)
    assert cloud.notes == ()
    if normals is None:
        assert cloud.normals is None
    else:
        assert np.abs(cloud.normals - normals).max() < 1e-15


def test_a_mesh_is_sampled_on_its_surface(tmp_path):
    path = tmp_path / "a.off"
    write_mesh(path, [[0, 0, 5], [1, 0, 5], [0, 1, 5]], [[0, 1, 2]])
    cloud = read_points(path)
    assert len(cloud) == 30_000
    assert (cloud.points[:, 2] == 5).all()
    assert cloud.points[:, :2].sum(axis=1).max() <= 1 + 1e-12
    assert cloud.points.mean(axis=0) == pytest.approx([1 / 3, 1 / 3, 5], abs=0.01)
    assert "a mesh of 1 faces; 30,000 points" in cloud.notes[0]
    assert "one plane" in cloud.notes[1]
    assert len(read_points(path, max_points=70_000)) == 70_000
    assert not np.array_equal(read_points(path, seed=1).points, cloud.points)
    assert np.array_equal(read_points(path).points, cloud.points)


def test_max_points_draws_and_says_so(tmp_path):
    path = tmp_path / "a.npy"
    write_points(path, CLOUD, normals=CLOUD / np.linalg.norm(CLOUD, axis=1, keepdims=True))
    cloud = read_points(path, max_points=20, seed=3)
    assert cloud.notes == ("20 of 50 points were drawn at random.",)
    rows = [int(np.flatnonzero((point == CLOUD).all(axis=1))[0]) for point in cloud.points]
    assert rows == sorted(set(rows))
    assert np.allclose(cloud.normals, CLOUD[rows] / np.linalg.norm(CLOUD[rows], axis=1, keepdims=True))
    assert read_points(path, max_points=50).notes == ()
    assert not np.array_equal(read_points(path, max_points=20, seed=4).points, cloud.points)
    with pytest.raises(ValueError, match="max_points must be at least 4, got 0"):
        read_points(path, max_points=0)
    with pytest.raises(ValueError, match="count must be at least 4"):
        cloud.subset(1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_rows_that_are_no_places_are_dropped(value):
    rows = CLOUD.copy()
    rows[[3, 7], 1] = value
    cloud = clean_points(rows, normals=CLOUD)
    assert np.array_equal(cloud.points, np.delete(CLOUD, [3, 7], axis=0))
    assert len(cloud.normals) == 48
    assert cloud.notes == ("2 of 50 points were dropped: NaN, infinite or beyond 1e30.",)


def test_normals_become_unit_or_zero():
    normals = 5 * CLOUD
    normals[0], normals[1] = 0, np.nan
    cloud = clean_points(CLOUD, normals=normals)
    assert np.allclose(np.linalg.norm(cloud.normals, axis=1), [0, 0] + 48 * [1])
    assert cloud.notes == ("2 of 50 normals are zero or not finite.",)


def test_takes_tensors_and_keeps_duplicates():
    tensor = torch.tensor(np.vstack([CLOUD, CLOUD]), requires_grad=True)
    assert len(clean_points(tensor)) == 100


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.empty((0, 3)), "scan has 0 distinct points; a shape needs at least 4"),
        (np.zeros((1, 3)), "scan has 1 distinct points"),
        (np.ones((2000, 3)), "all 2,000 points of scan are the same point"),
        (np.repeat(np.eye(3), 1000, axis=0), "scan has 3 distinct points"),
        (np.full((9, 3), np.nan), "scan has 0 distinct points after rows that are not finite"),
        (CLOUD[:, :2], r"scan must have shape \(N, 3\), got \(50, 2\)"),
        (CLOUD.T, r"scan must have shape \(N, 3\), got \(3, 50\); transpose it"),
    ],
)
def test_what_is_no_shape(array, message):
    with pytest.raises(ValueError, match=message):
        clean_points(array, name="scan")


def test_four_distinct_points_are_found_late():
    rows = np.vstack([np.zeros((5000, 3)), np.eye(3)])
    assert len(clean_points(rows)) == 5003


def test_normals_must_match():
    with pytest.raises(ValueError, match="normals of points must be 50 like the points, got 49"):
        clean_points(CLOUD, normals=CLOUD[1:])


@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_flat_clouds_are_told(shift):
    turn = np.linalg.qr(CLOUD[:3])[0]
    assert "one plane" in clean_points((CLOUD * [1, 1, 0]) @ turn + shift).notes[0]
    assert "one line" in clean_points((CLOUD * [1, 0, 0]) @ turn + shift).notes[0]
    assert clean_points((CLOUD * [1, 1, 1e-3]) @ turn + shift).notes == ()


@pytest.mark.parametrize("name", ["a.ply", "a.xyz", "a.npy", "a.npz", "a.stl"])
def test_missing_empty_and_damaged_files(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(FileNotFoundError):
        read_points(path)
    path.touch()
    with pytest.raises(ReadError, match=f"{name}: the file is empty"):
        read_points(path)
    path.write_bytes(b"\x00\x01\x02 nothing of this kind")
    with pytest.raises(ReadError, match=name):
        read_points(path)
    with pytest.raises(ReadError, match="unknown point format; diffshape reads"):
        read_points(tmp_path / "a.step")


@pytest.mark.parametrize("name", ["m.ply", "m.obj", "m.off", "m.stl", "p.ply", "p.csv", "p.npy", "p.npz"])
def test_damaged_bytes_are_read_or_refused(tmp_path, name):
    """No other exception, no warning, nothing that is not finite, whatever bytes are changed or missing."""
    path = tmp_path / name
    if name == "p.npz":
        np.savez_compressed(path, points=CLOUD)
    elif name.startswith("p"):
        write_points(path, CLOUD)
    else:
        write_mesh(path, CLOUD, np.arange(48).reshape(16, 3))
    whole, rng, refused = path.read_bytes(), np.random.default_rng(0), 0
    for trial in range(100):
        damaged = bytearray(whole)
        for place in rng.integers(len(whole) if trial % 2 else min(len(whole), 300), size=3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(len(damaged)) if trial % 4 == 0 else None])
        try:
            cloud = read_points(path, max_points=100)
        except ReadError:
            refused += 1
        else:
            assert np.isfinite(cloud.points).all()
    assert refused > 20


def test_an_error_about_content_names_the_file(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.ones((9, 3)))
    with pytest.raises(ReadError, match=r"a\.npy: all 9 points of the cloud are the same"):
        read_points(path)


def test_import_is_free_of_torch():
    code = "import sys; from diffshape.data import read_points, Frame, demo_scan; sys.exit('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, env={"PYTHONPATH": ":".join(sys.path)}).returncode
        == 0
    )


@pytest.mark.shared_data
def test_real_scans(shared):
    data = shared / "data"
    scan = read_points(data / "scans" / "spot_0.ply")
    assert scan.points.shape == (30_000, 3)
    assert scan.notes == ()
    truth = read_mesh(data / "meshes" / "spot.ply").vertices
    assert np.abs(scan.points.max(axis=0) - truth.max(axis=0)).max() < 0.02
    assert len(read_points(data / "abc" / "00011084_scan.ply")) == 59_979
    assert "mesh" in read_points(data / "meshes" / "dc.ply", max_points=100).notes[0]


WHOLE = PointCloud(
    CLOUD, CLOUD, (), {"colors": np.tile(np.arange(50, dtype=np.uint8)[:, None], 3), "id": np.arange(50)}
)


def test_attributes_keep_their_rows():
    rows = CLOUD.copy()
    rows[[3, 7]] = np.nan
    cloud = clean_points(rows, normals=CLOUD, attributes=WHOLE.attributes)
    assert np.array_equal(cloud.attributes["id"], np.delete(np.arange(50), [3, 7]))
    assert cloud.attributes["colors"].dtype == np.uint8
    drawn = cloud.subset(20)
    assert np.array_equal(drawn.points, CLOUD[drawn.attributes["id"]])
    assert np.array_equal(drawn.attributes["colors"][:, 0], drawn.attributes["id"])
    with pytest.raises(ValueError, match=r"attribute 'a' of points must have 50 rows like the points, got \(2,\)"):
        clean_points(CLOUD, attributes={"a": [1, 2]})


def test_masked_rows_are_no_points():
    masked = np.ma.masked_array(CLOUD, np.zeros_like(CLOUD, bool), fill_value=-9999)
    assert clean_points(masked).notes == ()
    masked[4, 1] = np.ma.masked
    cloud = clean_points(masked)
    assert np.array_equal(cloud.points, np.delete(CLOUD, 4, axis=0))
    assert cloud.notes == ("1 of 50 points was dropped: masked, NaN, infinite or beyond 1e30.",)
    integers = np.ma.masked_equal(np.arange(60).reshape(20, 3) ** 2, 9)
    assert len(clean_points(integers)) == 19


@pytest.mark.parametrize("length", [1e200, 1e-200, 5e-324, 1.7e308])
def test_normals_of_any_length_become_unit(length):
    with np.errstate(under="ignore"):
        normals = np.sign(CLOUD) * length
    cloud = clean_points(CLOUD, normals=normals)
    assert np.allclose(cloud.normals, np.sign(CLOUD) / np.sqrt(3), atol=1e-15)
    assert cloud.notes == ()


def test_what_may_be_given(tmp_path):
    write_points(tmp_path / "a.csv", WHOLE)
    for given in (CLOUD, CLOUD.tolist(), torch.tensor(CLOUD), WHOLE, tmp_path / "a.csv", str(tmp_path / "a.csv")):
        assert np.array_equal(clean_points(given).points, CLOUD)
    assert as_points(WHOLE) is WHOLE
    assert np.array_equal(clean_points(tmp_path / "a.csv").attributes["id"], np.arange(50))
    assert np.array_equal(as_points(trimesh.PointCloud(CLOUD)).points, CLOUD)
    assert as_points(torch.ones(2, 3, dtype=torch.bfloat16)).points.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert len(as_points(np.empty((0, 3)))) == 0


def test_a_mesh_object_is_drawn_from_as_a_mesh_file_is(tmp_path):
    mesh = trimesh.creation.box()
    cloud = clean_points(mesh)
    assert len(cloud) == 30_000
    assert cloud.notes == ("This is a mesh of 12 faces; 30,000 points were drawn from it, evenly by area.",)
    assert np.abs(np.abs(cloud.points).max(axis=1) - 0.5).max() < 1e-12
    write_mesh(tmp_path / "a.ply", mesh.vertices, mesh.faces)
    assert np.array_equal(read_points(tmp_path / "a.ply").points, cloud.points)


@pytest.mark.parametrize("given", [None, 5, "none.xyz", object(), {"x": 1}, torch.ones(4, 3, device="meta")])
def test_what_may_not_be_given(given):
    with pytest.raises((ValueError, FileNotFoundError)):
        clean_points(given)


def test_cleaning_twice_says_things_once():
    flat = CLOUD * [1, 1, 0]
    assert clean_points(clean_points(flat)).notes == clean_points(flat).notes


def test_colors_of_a_cloud_are_bytes():
    points = np.random.default_rng(0).normal(size=(5, 3))
    cloud = clean_points(points, attributes={"colors": np.full((5, 3), 0.5)})
    assert cloud.attributes["colors"].tolist() == [[128] * 3] * 5
    with pytest.raises(ValueError, match=r"scan: attributes\['colors'\] must have shape \(5, 3\) or \(5, 4\)"):
        clean_points(points, name="scan", attributes={"colors": np.zeros(5)})
