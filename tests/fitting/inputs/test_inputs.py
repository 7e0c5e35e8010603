import json

import numpy as np
import pytest

from diffshape.data import icosphere, write_mesh
from diffshape.fields import HashGridConfig, MLPConfig
from diffshape.fitting import FitSettings, Supervised
from diffshape.fitting.fit_folder import FitFolder
from diffshape.fitting.fit_mesh import begin_mesh
from diffshape.fitting.inputs.inputs import read_inputs, remembered_inputs
from diffshape.models import DeepSDFSettings, VoxelConfig, build_model
from diffshape.training.run_folder import RunFolder


@pytest.fixture
def scan(tmp_path):
    np.save(tmp_path / "ball.npy", np.random.default_rng(0).normal(size=(1500, 3)))
    return tmp_path / "ball.npy"


def test_a_cloud_is_read_and_remembered(scan, tmp_path):
    inputs = read_inputs(scan, None, max_points=100, seed=3)
    assert inputs.kind == "scan"
    assert inputs.notes == (f"{scan}: 100 points.", "100 of 1,500 points were drawn at random.")
    inputs.remember(tmp_path)
    assert np.array_equal(remembered_inputs(tmp_path, truth=None).points(), inputs.points())


def test_a_folder_is_no_scan(tmp_path):
    with pytest.raises(ValueError, match="is a folder; give a file"):
        read_inputs(tmp_path, None, max_points=None, seed=0)


def test_the_folder_of_a_training_or_a_model_is_no_scan(tmp_path):
    RunFolder(tmp_path / "run").begin(DeepSDFSettings(steps=2))
    build_model(VoxelConfig()).save(tmp_path / "model")
    with pytest.raises(ValueError, match="go on with it: diffshape train deep-sdf --resume"):
        read_inputs(tmp_path / "run", None, max_points=None, seed=0)
    with pytest.raises(ValueError, match="model is the folder of a saved model, not a file"):
        read_inputs(tmp_path / "model", None, max_points=None, seed=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"points": 5}, "points must be text, got 5"),
        ({"points": ["scan.npy"]}, r"points must be text, got \['scan.npy'\]"),
        ({"truth": {}}, "truth must be text or None, got {}"),
        ({"max_points": "many"}, "max_points must be a whole number or None, got 'many'"),
        ({"max_points": True}, "max_points must be a whole number or None, got True"),
        ({"seed": 1.5}, "seed must be a whole number, got 1.5"),
        ({"as_scan": "no"}, "as_scan must be True or False, got 'no'"),
        ([1, 2], "holds no settings by name"),
    ],
)
def test_what_cannot_have_been_remembered_is_named(tmp_path, content, message):
    (tmp_path / "inputs.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message) as error:
        remembered_inputs(tmp_path, truth=None)
    assert "inputs.json is damaged" in str(error.value)


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b"\xff\xfe{}"])
def test_what_is_no_json_is_named(tmp_path, content):
    (tmp_path / "inputs.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"inputs\.json is damaged \(.* is not JSON"):
        remembered_inputs(tmp_path, truth=None)


def test_an_encoded_mesh_whose_file_is_gone_is_the_one_that_the_run_kept(tmp_path):
    write_mesh(tmp_path / "part.ply", *icosphere(2))
    run, settings = tmp_path / "run", FitSettings(method=Supervised(), field=HashGridConfig(), steps=1)
    inputs = read_inputs(tmp_path / "part.ply", None, max_points=None, seed=0)
    FitFolder(run).begin_fit(inputs.begin(settings))
    inputs.remember(run)
    (tmp_path / "part.ply").unlink()
    kept = remembered_inputs(run, truth=None)
    assert kept.kind == "mesh"
    assert np.array_equal(kept.points(), inputs.points())
    assert kept.truth is not None
    assert inputs.truth is not None
    assert np.array_equal(kept.truth.vertices, inputs.truth.vertices)
    assert kept.notes == (f"{tmp_path}/part.ply is no longer there; the picture shows what the run kept of it.",)


def test_a_fit_begun_in_python_has_no_file_that_could_be_missing(tmp_path):
    FitFolder(tmp_path).begin_fit(
        begin_mesh(icosphere(2), FitSettings(method=Supervised(), field=MLPConfig(), steps=1))
    )
    kept = remembered_inputs(tmp_path, truth=None)
    assert (kept.kind, kept.name, kept.notes, kept.truth_path) == ("mesh", tmp_path.name, (), None)


def test_a_true_surface_that_is_gone_is_named_and_not_needed(scan, tmp_path):
    write_mesh(tmp_path / "truth.ply", *icosphere(2))
    read_inputs(scan, tmp_path / "truth.ply", max_points=None, seed=0).remember(tmp_path)
    (tmp_path / "truth.ply").unlink()
    kept = remembered_inputs(tmp_path, truth=None)
    assert kept.truth is None
    assert kept.notes[-1] == f"{tmp_path}/truth.ply is no longer there; give the true surface anew with --truth."
