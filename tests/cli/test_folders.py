import pytest

from diffshape.cli.errors import UsageError
from diffshape.cli.folders import fresh_folder
from diffshape.models import DeepSDFSettings, VoxelConfig, build_model
from diffshape.training.run_folder import RunFolder


def test_an_interrupted_run_goes_on_by_the_command_that_began_it(tmp_path):
    RunFolder(tmp_path / "run").begin(DeepSDFSettings(steps=2))
    with pytest.raises(UsageError, match=f"go on with it: diffshape train deep-sdf --resume {tmp_path}/run$"):
        fresh_folder(tmp_path / "run", tmp_path)


def test_a_saved_model_is_no_run_that_could_go_on(tmp_path):
    build_model(VoxelConfig()).save(tmp_path / "model")
    with pytest.raises(UsageError, match="model is not empty; choose a folder that is new or empty"):
        fresh_folder(tmp_path / "model", tmp_path)
