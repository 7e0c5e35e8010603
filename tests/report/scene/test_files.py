import pytest

from diffshape.data import icosphere, write_mesh, write_points
from diffshape.report.scene.files import scene_of_files
from diffshape.report.scene.layers import Points, Surface


def test_a_file_is_a_layer_of_its_kind(tmp_path):
    ball = icosphere(1)
    write_mesh(tmp_path / "ball.glb", ball)
    write_points(tmp_path / "scan.ply", ball.vertices)
    scene = scene_of_files([tmp_path / "ball.glb", tmp_path / "scan.ply"])
    assert [(type(layer), layer.name) for layer in scene.layers] == [(Surface, "ball.glb"), (Points, "scan.ply")]
    assert scene.up == "y"
    assert scene_of_files([tmp_path / "scan.ply"], up="x").up == "x"


def test_no_file_and_a_missing_one_are_said(tmp_path):
    with pytest.raises(ValueError, match="one file or more"):
        scene_of_files([])
    with pytest.raises(FileNotFoundError, match="none"):
        scene_of_files([tmp_path / "none.ply"])
