"""What trainings refuse before any work, and what they show meanwhile."""

import pytest
import torch

from diffshape.data import icosphere, spine_phantoms
from diffshape.models import (
    DeepSDFConfig,
    LandmarkDetector,
    LandmarkTraining,
    LandmarkUNetConfig,
    train_deep_sdf,
    train_detector,
    train_landmarks,
)

IMAGES = spine_phantoms(2)
SMALL = LandmarkUNetConfig(widths=(8, 8, 8))


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        ({"config": "small"}, TypeError, "config must be a DeepSDFConfig or None, got 'small'"),
        ({"device": "gpu"}, ValueError, "device must be"),
        ({"observers": print}, TypeError, "observers must be a list of functions"),
    ],
)
def test_a_deep_sdf_names_what_is_wrong(wrong, error, sentence):
    with pytest.raises(error, match=f"^train_deep_sdf: {sentence}"):
        train_deep_sdf([icosphere(1)], **wrong)


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        ({"data": IMAGES.images}, TypeError, "train_landmarks: data must be a LandmarkImages, got a Tensor"),
        (
            {"network": "unet"},
            TypeError,
            "train_landmarks: network must be a LandmarkUNetConfig, a LandmarkTransformerConfig or None",
        ),
        ({"objective": "nll"}, TypeError, "train_landmarks: objective must be a LandmarkObjective or None, got 'nll'"),
        ({"training": 3}, TypeError, "train_landmarks: training must be a LandmarkTraining or None, got 3"),
        ({"device": "gpu"}, ValueError, "train_landmarks: device must be"),
        ({"observers": print}, TypeError, "train_landmarks: observers must be a list of functions"),
    ],
)
def test_a_landmark_training_names_what_is_wrong(wrong, error, sentence):
    with pytest.raises(error, match=f"^{sentence}"):
        train_landmarks(**{"data": IMAGES, "network": SMALL, **wrong})


def test_a_network_is_no_detector():
    with pytest.raises(TypeError, match="train_detector: detector must be a LandmarkDetector, got a Linear"):
        train_detector(torch.nn.Linear(1, 1), IMAGES)


def test_trainings_show_what_they_do_and_where(capfd):
    detector = LandmarkDetector(IMAGES.skeleton, SMALL)
    train_detector(detector, IMAGES, LandmarkTraining(batch=1), steps=1, progress=True)
    train_deep_sdf([icosphere(1)], DeepSDFConfig(samples=50, points=8), steps=1, device="cpu", progress=True)
    told = capfd.readouterr().err
    assert "train_detector on cpu  100%  step 1/1" in told
    assert "train_deep_sdf on cpu  100%  step 1/1" in told


@pytest.mark.parametrize(("train", "nothing"), [(train_deep_sdf, []), (train_landmarks, IMAGES[:0])])
def test_a_folder_that_holds_a_run_is_refused_before_the_examples_are_looked_at(train, nothing, tmp_path):
    (tmp_path / "config.yaml").touch()
    with pytest.raises(ValueError, match="already holds a run; resume it, or choose another folder"):
        train(nothing, folder=tmp_path)
