import pytest
import torch

from diffshape import fitting
from diffshape.models import Autoencoder, build_model, load, resume_training, train_landmarks
from diffshape.models.load import LOADERS


@pytest.fixture
def run(tmp_path, few, tiny):
    """The folder of a finished training."""
    train_landmarks(few, tiny, steps=1, folder=tmp_path / "run")
    return tmp_path / "run"


def test_every_kind_of_model_is_loaded_as_what_it_was(tmp_path, config, deep_sdf, run, few):
    models = {"auto": build_model(config), "deep": deep_sdf, "marks": load(run)}
    for name, model in models.items():
        model.save(tmp_path / name)
        assert type(load(tmp_path / name)) is type(model)
    assert {model.KIND for model in models.values()} < LOADERS.keys()
    assert isinstance(load(tmp_path / "auto"), Autoencoder)


def test_loading_draws_none_of_the_callers_random_numbers(run, tmp_path, config):
    build_model(config).save(tmp_path / "auto")
    before = torch.get_rng_state()
    load(run)
    load(tmp_path / "auto")
    assert torch.equal(torch.get_rng_state(), before)


def test_a_training_that_is_not_finished_says_how_to_go_on(run):
    for path in (run / "model").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match=rf"not finished; .*: diffshape train landmarks --resume {run}, or .*resume_t"):
        load(run)


@pytest.mark.parametrize("damage", [lambda content: b"torn", lambda content: content[:-5] + b"\0" + content[-4:]])
def test_a_damaged_model_of_a_training_is_made_anew_from_its_checkpoint(run, few, tiny, damage):
    whole, weights = load(run).detect(few.images).landmarks, run / "model" / "model.safetensors"
    weights.write_bytes(damage(weights.read_bytes()))
    with pytest.raises(
        ValueError, match=rf"read from {run}/model: .*; remove that folder .* --resume {run}, or .*resume_t"
    ):
        load(run)
    assert torch.equal(resume_training(run, few).model.detect(few.images).landmarks, whole)
    assert torch.equal(load(run).detect(few.images).landmarks, whole)


def test_a_fit_and_a_model_are_told_apart(tmp_path, run, ellipsoids, deep_sdf):
    fitting.fit_mesh(ellipsoids[0], steps=1, folder=tmp_path / "fit")
    with pytest.raises(ValueError, match=r"fit is the folder of a fit, not of a model; diffshape\.fitting\.load reads"):
        load(tmp_path / "fit")
    deep_sdf.save(tmp_path / "model")
    for folder, kind in ((run, "landmarks"), (tmp_path / "model", "deep-sdf")):
        with pytest.raises(ValueError, match=rf"a {kind} model, not a fit; diffshape\.models\.load reads it"):
            fitting.load(folder)


def test_what_holds_nothing_says_so(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(ValueError, match=f"load: no model can be read from {folder}: it has no config.yaml$"):
            load(folder)
