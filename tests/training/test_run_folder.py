import json

import pytest
import torch

from diffshape.models import DeepSDFSettings, LandmarkSettings, VoxelConfig, build_model
from diffshape.training.run_folder import RunFolder


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "run")


def test_settings_come_back(run):
    run.begin(DeepSDFSettings(steps=2))
    assert run.read_settings(DeepSDFSettings) == DeepSDFSettings(steps=2)
    assert {path.name for path in run.path.iterdir()} == {"config.yaml", "environment.json"}
    assert json.loads((run.path / "environment.json").read_text())["packages"]["torch"] == torch.__version__
    assert (run.log, run.checkpoints.folder) == (run.path / "log.csv", run.path / "checkpoints")


def test_a_run_is_begun_once_and_is_of_one_kind(run):
    run.begin(DeepSDFSettings(steps=2))
    with pytest.raises(ValueError, match="already holds a run"):
        run.begin(DeepSDFSettings())
    assert run.read_settings(DeepSDFSettings).steps == 2
    with pytest.raises(ValueError, match=r"is not the config.yaml of a landmark training: .*'train deep-sdf'"):
        run.read_settings(LandmarkSettings)


@pytest.mark.parametrize("text", ["", "- 1", "version: 2", "{", "version: 2\nkind: train deep-sdf\nspeed: 3\n"])
def test_damaged_settings_name_their_file(run, text):
    run.path.mkdir()
    (run.path / "config.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"config.yaml is not the config.yaml of a DeepSDF training"):
        run.read_settings(DeepSDFSettings)


def test_what_is_no_run_says_so(run):
    with pytest.raises(ValueError, match=r"is not the folder of a DeepSDF training: it has no config.yaml"):
        run.read_settings(DeepSDFSettings)


def test_no_run_is_begun_beside_a_saved_model(run):
    build_model(VoxelConfig()).save(run.path)
    with pytest.raises(ValueError, match="already holds a saved model; choose another folder"):
        run.begin(DeepSDFSettings())
