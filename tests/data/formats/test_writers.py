import numpy as np
import pytest
import trimesh

from diffshape.data import PointCloud, read_points, write_points

from ..point_seeds import COLORS, NORMALS, POINTS

FAR = POINTS + np.array([500123.456, 4512345.678, 321.5])
ATTRIBUTES = {"intensity": np.arange(12.0) / 3, "label": np.arange(12), "scanner id": np.arange(12, dtype=np.uint16)}


@pytest.mark.parametrize("suffix", ["csv", "txt", "xyz", "npz", "pcd"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clouds_with_attributes_come_back_to_the_bit(tmp_path, suffix, dtype):
    path, points = tmp_path / f"a.{suffix}", FAR.astype(dtype)
    write_points(path, points, normals=NORMALS, attributes={"colors": COLORS, **ATTRIBUTES})
    cloud = read_points(path)
    assert np.array_equal(cloud.points.astype(dtype), points)
    assert np.abs(cloud.normals - NORMALS).max() < (1e-6 if dtype == np.float32 else 1e-12)
    assert np.array_equal(cloud.attributes["colors"], COLORS)
    assert np.array_equal(cloud.attributes["intensity"], ATTRIBUTES["intensity"])
    name = "scanner id" if suffix in ("csv", "npz") else "scanner_id"
    assert np.array_equal(cloud.attributes[name], np.arange(12))


def test_ply_holds_all_columns(tmp_path):
    write_points(tmp_path / "a.ply", POINTS, normals=NORMALS, attributes={"colors": COLORS, **ATTRIBUTES})
    peer = trimesh.load(tmp_path / "a.ply")
    assert np.array_equal(peer.vertices, POINTS)
    assert np.array_equal(np.asarray(peer.colors)[:, :3], COLORS)


def test_a_cloud_is_written_with_all_that_it_has(tmp_path):
    cloud = PointCloud(POINTS, NORMALS, (), {"colors": COLORS, "time": np.arange(12.0)})
    write_points(tmp_path / "a.csv", cloud)
    head = (tmp_path / "a.csv").read_text().splitlines()[0]
    assert head == "x,y,z,nx,ny,nz,red,green,blue,time"
    write_points(tmp_path / "b.npz", tmp_path / "a.csv")
    assert np.array_equal(read_points(tmp_path / "b.npz").attributes["time"], np.arange(12.0))


def test_open3d_formats(tmp_path):
    write_points(tmp_path / "a.xyzn", POINTS, normals=NORMALS)
    assert np.abs(read_points(tmp_path / "a.xyzn").normals - NORMALS).max() < 1e-15
    write_points(tmp_path / "a.xyzrgb", POINTS, attributes={"colors": COLORS})
    assert np.array_equal(read_points(tmp_path / "a.xyzrgb").attributes["colors"], COLORS)


def test_numbers_are_as_short_as_they_can_be(tmp_path):
    write_points(tmp_path / "a.csv", np.array([[0.1, 2, 1e-300]]), attributes={"seen": [True]})
    assert (tmp_path / "a.csv").read_text() == "x,y,z,seen\n0.1,2,1e-300,1\n"
    write_points(tmp_path / "a.xyz", np.array([[0.1, 2, np.nan]], np.float32))
    assert (tmp_path / "a.xyz").read_text() == "0.1 2 nan\n"


@pytest.mark.parametrize("suffix", ["ply", "pcd", "xyz", "csv"])
def test_names_may_be_words_of_any_language(tmp_path, suffix):
    write_points(tmp_path / f"a.{suffix}", POINTS, attributes={"Höhe über Null": np.arange(12)})
    assert np.array_equal(read_points(tmp_path / f"a.{suffix}").points, POINTS)


def test_vectors_are_columns_of_their_own(tmp_path):
    write_points(tmp_path / "a.csv", POINTS, attributes={"flow": NORMALS})
    assert (tmp_path / "a.csv").read_text().startswith("x,y,z,flow_0,flow_1,flow_2\n")


@pytest.mark.parametrize(
    ("suffix", "options", "message"),
    [
        ("npy", {"attributes": ATTRIBUTES}, ".npy files hold no intensity, label, scanner id"),
        ("xyzn", {}, "points and normals; give normals"),
        ("xyzrgb", {}, "points and colours; give attributes with colors"),
        ("csv", {"attributes": {"x": np.zeros(12)}}, "two columns would be called 'x'"),
        ("ply", {"attributes": {"a b": np.zeros(12), "a_b": np.zeros(12)}}, "two columns would be called 'a_b'"),
        ("pcd", {"attributes": {"red": np.zeros(12), "colors": COLORS, "rgb": np.zeros(12)}}, "be called 'rgb'"),
        ("npz", {"attributes": {"points": np.zeros(12)}}, "two columns would be called 'points'"),
        ("npz", {"attributes": {"file": np.zeros(12)}}, "called 'file'"),
        ("csv", {"attributes": {"a": np.zeros(5)}}, r"attributes\['a'\] must hold real numbers of shape \(12,\)"),
        ("csv", {"attributes": {"a": ["b"] * 12}}, r"attributes\['a'\] must hold real numbers"),
        ("csv", {"attributes": {"colors": np.zeros(12)}}, r"'colors'\] must have shape \(12, 3\) or \(12, 4\)"),
    ],
)
def test_refuses_and_writes_nothing(tmp_path, suffix, options, message):
    with pytest.raises(ValueError, match=message):
        write_points(tmp_path / f"a.{suffix}", POINTS, **options)
    assert not list(tmp_path.iterdir())
