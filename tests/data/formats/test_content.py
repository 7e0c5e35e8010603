"""What each format holds: of the rest, what is given outright is refused, and what came along is told."""

import numpy as np
import pytest

from diffshape.data import Mesh, PointCloud, icosphere, read_mesh, read_points, write_mesh, write_points
from diffshape.data.formats.content import fields

from ..point_seeds import COLORS, NORMALS, POINTS

CLOUD = PointCloud(POINTS, NORMALS, (), {"colors": COLORS, "heat": np.arange(12.0)})
MESH = Mesh(*icosphere(0), attributes={"colors": COLORS, "heat": np.arange(12.0)})
LOST = {".obj": "heat", ".off": "heat", ".glb": "heat", ".stl": "colors, heat"}
LOST_OF_CLOUDS = {".npy": "colors, heat", ".xyzn": "colors, heat", ".xyzrgb": "normals, heat"}


@pytest.mark.parametrize("suffix", LOST)
def test_what_a_mesh_carries_is_left_out_with_a_warning(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with pytest.warns(UserWarning, match=f"write_mesh: a{suffix} is written without {LOST[suffix]}, which .* hold; .p"):
        write_mesh(path, MESH)
    again = read_mesh(path)
    assert len(again.faces) == 20
    assert again.attributes.keys() == ({"colors"} if suffix != ".stl" else set())


@pytest.mark.parametrize("suffix", LOST_OF_CLOUDS)
def test_what_a_cloud_carries_is_left_out_with_a_warning(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with pytest.warns(UserWarning, match=f"write_points: a{suffix} is written without {LOST_OF_CLOUDS[suffix]}, which"):
        write_points(path, CLOUD)
    again = read_points(path)
    assert len(again) == 12
    assert again.attributes.keys() == ({"colors"} if suffix == ".xyzrgb" else set())
    assert (again.normals is None) == (suffix == ".xyzrgb")


@pytest.mark.parametrize("suffix", [".ply", ".pcd", ".csv", ".txt", ".xyz", ".npz"])
def test_most_files_of_points_hold_all(tmp_path, suffix, recwarn):
    write_points(tmp_path / f"a{suffix}", CLOUD)
    again = read_points(tmp_path / f"a{suffix}")
    assert again.attributes.keys() == {"colors", "heat"}
    assert again.normals is not None
    assert not recwarn.list


def test_what_is_given_outright_is_refused(tmp_path):
    for call, message in (
        (lambda: write_points(tmp_path / "a.xyzrgb", CLOUD, normals=NORMALS), r"\.xyzrgb files hold no normals; leave"),
        (
            lambda: write_points(tmp_path / "a.npy", CLOUD, attributes=CLOUD.attributes),
            "hold no colors, heat; leave them",
        ),
        (lambda: write_mesh(tmp_path / "a.off", MESH, normals=MESH.vertices), r"\.off files hold no normals"),
        (lambda: write_mesh(tmp_path / "a.glb", MESH, attributes={"heat": np.ones(12)}), "hold no heat; leave it out"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("names", [("two words", "two_words"), ("Höhe", "H_he"), ("", "_")])
def test_names_of_fields_are_words_of_ascii(names):
    given, written = names
    assert list(fields({given: np.zeros(2)})) == [written]
    with pytest.raises(ValueError, match=f"two columns would be called '{written}'"):
        fields({given: np.zeros(2), written: np.zeros(2)})


def test_types_of_fields():
    columns = {"flag": [True, False], "id": [1, 2], "large": [2**40, 1], "half": np.ones(2, np.float16)}
    kinds = {
        name: column.dtype.str[1:] for name, column in fields({k: np.array(v) for k, v in columns.items()}).items()
    }
    assert kinds == {"flag": "u1", "id": "i4", "large": "f8", "half": "f4"}
    with pytest.raises(ValueError, match=r"'id' has integers beyond 2\^53"):
        fields({"id": np.array([2**53 + 1])})


def test_points_of_ply_and_glb_come_with_what_they_have(tmp_path):
    from ..point_seeds import glb

    (tmp_path / "a.glb").write_bytes(glb())
    assert np.array_equal(read_points(tmp_path / "a.glb").attributes["colors"][:, :3], COLORS)
    text = (
        "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
        "property float heat\nproperty list uchar int near\nend_header\n0 0 0 1 0\n1 0 0 2 0\n0 1 0 3 0\n0 0 1 4 0\n"
    )
    (tmp_path / "a.ply").write_text(text)
    cloud = read_points(tmp_path / "a.ply")
    assert cloud.attributes["heat"].tolist() == [1, 2, 3, 4]
    assert cloud.notes == ("Lists that belong to vertices are not read: near.",)


@pytest.mark.parametrize("suffix", [".csv", ".ply", ".npz"])
def test_numbers_that_are_only_called_colors(tmp_path, suffix):
    """Colours are always bytes of three or four channels, whatever else a file calls so."""
    path = tmp_path / f"a{suffix}"
    if suffix == ".npz":
        np.savez(path, points=POINTS, colors=np.arange(12.0))
    else:
        write_points(path, POINTS, attributes={"tint": np.arange(12.0)})
        path.write_bytes(path.read_bytes().replace(b"tint", b"colors"))
    cloud = read_points(path)
    assert "colors" not in cloud.attributes
    told = cloud.notes == ("Array 'colors' of shape (12,) holds no colours, and is left out.",)
    assert told if suffix == ".npz" else cloud.attributes["colors_"].tolist() == list(range(12))
