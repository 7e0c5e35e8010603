import shutil

import numpy as np
import pytest

from diffshape import fitting
from diffshape.data import icosphere, read_mesh, write_mesh
from diffshape.fields import HashGridConfig
from diffshape.report.scene.layers import Surface
from diffshape.report.scene.run import scene_of_run


def test_a_scored_scan_has_points_truth_and_surface(watched):
    scene = scene_of_run(watched)
    points, _, surface = scene.layers
    assert [layer.name for layer in scene.layers] == ["input points", "true surface", "surface"]
    assert [layer.shown for layer in scene.layers] == [False, False, True]
    assert points.colorings.keys() == {"distance to the surface"}
    assert surface.colorings.keys() == {"distance to the true surface", "confidence"}
    assert (surface.vertices == read_mesh(watched / "mesh.ply").vertices).all()
    ideal = np.abs(np.linalg.norm(surface.vertices, axis=1) - 0.5)
    assert surface.colorings["distance to the true surface"].values == pytest.approx(ideal, abs=2e-3)


def test_surfaces_along_the_way_share_the_scale_of_the_last(watched):
    scene = scene_of_run(watched)
    assert [step for step, _ in scene.along_the_way] == [3, 6]
    scales = {each.colorings["distance to the true surface"].high for _, each in scene.along_the_way}
    assert scales == {scene.layers[-1].colorings["distance to the true surface"].high}


def test_of_many_surfaces_along_the_way_some_are_chosen(watched, tmp_path):
    run = shutil.copytree(watched, tmp_path / "run")
    for step in range(7, 40):
        shutil.copy(run / "meshes" / "step_000003.ply", run / "meshes" / f"step_{step:06d}.ply")
    steps = [step for step, _ in scene_of_run(run).along_the_way]
    assert (len(steps), steps[0], steps[-1]) == (12, 3, 39)


def test_a_run_without_a_mesh_is_meshed_and_one_without_weights_has_its_input(watched, tmp_path):
    run = shutil.copytree(watched, tmp_path / "run")
    (run / "mesh.ply").unlink()
    assert len(scene_of_run(run).layers[-1].faces) > 1000
    (run / "field.safetensors").unlink()
    shutil.rmtree(run / "checkpoints", ignore_errors=True)
    scene = scene_of_run(run)
    assert [layer.name for layer in scene.layers] == ["input points", "true surface"]
    assert scene.layers[0].shown


def test_a_fit_of_a_mesh_has_the_mesh_and_no_other_truth(tmp_path):
    ball = icosphere(3)
    result = fitting.fit_mesh(ball, steps=3, folder=tmp_path / "run")
    write_mesh(tmp_path / "run" / "mesh.ply", result.mesh(32))
    scene = scene_of_run(tmp_path / "run")
    assert [layer.name for layer in scene.layers] == ["input mesh", "surface"]
    assert isinstance(scene.layers[0], Surface)
    assert "distance to the true surface" in scene.layers[1].colorings


def test_a_scan_without_truth_has_no_errors(tmp_path):
    fitting.fit_points(icosphere(3).vertices, field=HashGridConfig(), steps=3, folder=tmp_path / "run")
    scene = scene_of_run(tmp_path / "run")
    assert [layer.name for layer in scene.layers] == ["input points", "surface"]
    assert scene.layers[1].colorings.keys() == {"confidence"}


def test_a_folder_that_is_no_run_is_said(tmp_path):
    with pytest.raises(ValueError, match="not the folder of a fit"):
        scene_of_run(tmp_path)
