"""The run folders of trainings, the same for every kind: begun from Python, kept, and gone on with."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

from box_clouds import box_clouds
from diffshape.data import shape_family, spine_phantoms
from diffshape.fields import LatentMLPConfig
from diffshape.models import (
    DeepSDFConfig,
    DeepSDFSettings,
    DrawnShapes,
    FlowConfig,
    LandmarkUNetConfig,
    LatentGANConfig,
    PointNetConfig,
    PointNetNetwork,
    RawGANConfig,
    build_model,
    deep_sdf_shapes,
    load,
    resume_training,
    train_autoencoder,
    train_deep_sdf,
    train_flow,
    train_landmarks,
    train_latent_gan,
    train_raw_gan,
)
from diffshape.models.trainings import TRAININGS, training_of
from diffshape.training import read_log
from diffshape.training.models.run import run_training
from diffshape.training.run_folder import RunFolder

TINY_DEEP_SDF = DeepSDFConfig(
    network=LatentMLPConfig(hidden_layers=2, width=16, latent=4, skip=(1,), dropout=0.2),
    batch=2,
    points=16,
    samples=400,
)
SHAPES = [shape_family("ellipsoid", 3), shape_family("ellipsoid", 3, seed=1), shape_family("ellipsoid", 2)]
IMAGES = [spine_phantoms(6), spine_phantoms(6, seed=1), spine_phantoms(5)]
CLOUDS = [box_clouds(3, 20), box_clouds(3, 20, seed=1), box_clouds(2, 20)]
TINY_POINT_NET = PointNetConfig(network=PointNetNetwork(points=16, encoder=(8,), latent=4, decoder=(8,)), batch=2)
CODED = [(build_model(TINY_POINT_NET), clouds) for clouds in CLOUDS]


def stop_after(step):
    """An observer that presses Ctrl-C."""
    return lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == step else None


class DeepSDFCase:
    data = SHAPES

    @staticmethod
    def train(data, **options):
        return train_deep_sdf(data, TINY_DEEP_SDF, **options)

    @staticmethod
    def weights(model):
        return list(model.field.state_dict().values())


class StateCase:
    @staticmethod
    def weights(model):
        return list(model.state_dict().values())


class LandmarkCase(StateCase):
    data = IMAGES

    @staticmethod
    def train(data, **options):
        return train_landmarks(data, LandmarkUNetConfig(widths=(8, 8, 8)), **options)


class AutoencoderCase(StateCase):
    data = CLOUDS

    @staticmethod
    def train(data, **options):
        return train_autoencoder(data, TINY_POINT_NET, **options)


class RawGANCase(StateCase):
    data = CLOUDS

    @staticmethod
    def train(data, **options):
        return train_raw_gan(data, RawGANConfig(points=16, critic_steps=1, batch=2), **options)


class LatentGANCase(StateCase):
    data = CODED

    @staticmethod
    def train(data, **options):
        return train_latent_gan(*data, LatentGANConfig(critic_steps=1, batch=2), **options)


class FlowCase(StateCase):
    data = CODED

    @staticmethod
    def train(data, **options):
        return train_flow(*data, FlowConfig(batch=2), **options)


@pytest.fixture(params=[DeepSDFCase, LandmarkCase, AutoencoderCase, RawGANCase, LatentGANCase, FlowCase])
def case(request):
    return request.param


def same(one, other):
    return len(one) == len(other) and all(map(torch.equal, one, other))


def test_a_training_keeps_its_settings_log_and_model(case, tmp_path):
    result = case.train(case.data[0], steps=3, seed=2, folder=tmp_path / "run")
    assert result.folder == tmp_path / "run"
    names = {"config.yaml", "environment.json", "log.csv", "checkpoints", "model"}
    assert {path.name for path in result.folder.iterdir() if path.name != ".lock"} == names
    assert read_log(result.folder / "log.csv")["step"][-1] == 3
    assert same(case.weights(load(result.folder)), case.weights(result.model))
    plain = yaml.safe_load((result.folder / "config.yaml").read_text())
    assert (plain["data"], plain["steps"], plain["seconds"], plain["seed"]) == (None, 3, None, 2)
    assert RunFolder(result.folder).read_settings(type(result.settings)) == result.settings


def test_a_folder_changes_no_bit(case, tmp_path):
    kept, not_kept = (case.train(case.data[0], steps=3, folder=folder).model for folder in (tmp_path, None))
    assert same(case.weights(kept), case.weights(not_kept))


def test_interrupted_and_resumed_it_ends_with_the_same_bits(case, tmp_path):
    whole = case.train(case.data[0], steps=4).model
    stopped = case.train(case.data[0], steps=4, folder=tmp_path, observers=[stop_after(2)])
    assert (stopped.step, stopped.interrupted) == (2, True)
    assert "2 steps" in repr(stopped)
    assert repr(stopped).endswith("interrupted)")
    with pytest.raises(ValueError, match="is not finished"):
        load(tmp_path)
    before = torch.get_rng_state()
    result = resume_training(tmp_path, case.data[0])
    assert torch.equal(torch.get_rng_state(), before)
    assert (result.step, result.interrupted, result.folder) == (4, False, tmp_path)
    assert same(case.weights(result.model), case.weights(whole))
    assert same(case.weights(load(tmp_path)), case.weights(whole))
    assert read_log(tmp_path / "log.csv")["step"].tolist() == [1, 4]


def test_what_is_finished_makes_no_more_steps(case, tmp_path):
    whole = case.train(case.data[0], steps=2, folder=tmp_path)
    again = resume_training(tmp_path, case.data[0])
    assert (again.step, again.outcome.terms) == (2, None)
    assert same(case.weights(again.model), case.weights(whole.model))


def test_a_folder_that_holds_a_run_is_refused(case, tmp_path):
    case.train(case.data[0], steps=1, folder=tmp_path)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"}
    with pytest.raises(ValueError, match="already holds a run; resume it, or choose another folder"):
        case.train(case.data[0], steps=2, folder=tmp_path)
    assert {path: path.stat().st_mtime_ns for path in files} == files


def test_other_data_are_refused(case, tmp_path):
    case.train(case.data[0], steps=3, folder=tmp_path, observers=[stop_after(1)])
    for other in case.data[1:]:
        with pytest.raises(ValueError, match=r"begun with other examples than the \d that were given; go on with the"):
            resume_training(tmp_path, other)
    with pytest.raises(ValueError, match="was begun with data that are in no file; give the same data again"):
        resume_training(tmp_path)


def test_corrected_landmarks_are_other_data(tmp_path):
    LandmarkCase.train(IMAGES[0], steps=2, folder=tmp_path, observers=[stop_after(1)])
    moved = replace(IMAGES[0], landmarks=IMAGES[0].landmarks + torch.tensor([1.0, 0.0]))
    with pytest.raises(ValueError, match="other examples"):
        resume_training(tmp_path, moved)


def test_data_that_are_rounded_otherwise_are_the_same(tmp_path):
    """Another processor draws points and distances that differ in their last bits."""
    vertices, faces = SHAPES[0].meshes()
    DeepSDFCase.train([(each, faces) for each in vertices], steps=2, folder=tmp_path, observers=[stop_after(1)])
    rounded = [(np.nextafter(each, 9), faces) for each in vertices]
    assert resume_training(tmp_path, rounded).step == 2


def test_data_of_another_model_are_refused(tmp_path):
    DeepSDFCase.train(SHAPES[0], steps=2, folder=tmp_path / "shapes", observers=[stop_after(1)])
    LandmarkCase.train(IMAGES[0], steps=2, folder=tmp_path / "images", observers=[stop_after(1)])
    with pytest.raises(TypeError, match="shapes must be"):
        resume_training(tmp_path / "shapes", IMAGES[0])
    with pytest.raises(TypeError, match="data must be a LandmarkImages"):
        resume_training(tmp_path / "images", SHAPES[0])


def test_a_training_of_the_command_line_needs_no_data(tmp_path):
    data = DrawnShapes(family="torus", shapes=2, test_shapes=1)
    settings = DeepSDFSettings(data=data, config=TINY_DEEP_SDF, steps=3)
    known, _ = deep_sdf_shapes(data)
    whole = train_deep_sdf(known, TINY_DEEP_SDF, steps=3).model
    make = training_of("train deep-sdf").prepare(settings, known)
    run_training(settings, make, tmp_path, device=torch.device("cpu"), observers=[stop_after(1)])
    assert same(DeepSDFCase.weights(resume_training(tmp_path).model), DeepSDFCase.weights(whole))


@pytest.mark.parametrize("kind", TRAININGS)
def test_a_training_stands_under_the_command_that_begins_it(kind):
    verb = training_of(kind).settings.VERB
    assert verb == kind


def test_what_is_no_training_says_so(tmp_path):
    for content in (None, "", "version: 2\nkind: fit\n"):
        if content is not None:
            (tmp_path / "config.yaml").write_text(content)
        with pytest.raises(ValueError, match=r"is not the folder of a training \(diffshape train autoencoder, "):
            resume_training(tmp_path)
    (tmp_path / "config.yaml").write_text("version: 2\nkind: train landmarks\nspeed: 3\n")
    with pytest.raises(ValueError, match=r"config\.yaml is not the config\.yaml of a landmark training"):
        resume_training(tmp_path, IMAGES[0])


def test_a_result_saves_its_model(case, tmp_path):
    result = case.train(case.data[0], steps=1)
    assert result.folder is None
    result.save(tmp_path / "model")
    assert same(case.weights(load(tmp_path / "model")), case.weights(result.model))
