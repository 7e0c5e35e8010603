from dataclasses import fields, replace

import pytest
import torch

from diffshape.data import spine_phantoms
from diffshape.models import (
    LandmarkObjective,
    LandmarkTraining,
    resume_training,
    score_landmarks,
    train_detector,
    train_landmarks,
)
from diffshape.training import CheckpointFolder, Steps
from diffshape.training.run_folder import RunFolder

OTHER = {"batch": 3, "lr": 1e-2, "weight_decay": 0.5, "clip": 1e-3, "rotate": 20.0, "zoom": 0.3, "shift": 0.2}
OTHER["gain"] = 0.6


def weights(detector):
    return torch.cat([parameter.flatten() for parameter in detector.network.parameters()]).detach()


def trained(few, tiny, **options):
    training = LandmarkTraining(**{"batch": 2, "clip": 0.1, **options})
    return weights(train_landmarks(few, tiny, training=training, steps=3).model)


@pytest.mark.parametrize("name", [field.name for field in fields(LandmarkTraining)])
def test_every_setting_changes_the_weights(few, tiny, name):
    assert not torch.equal(trained(few, tiny), trained(few, tiny, **{name: OTHER[name]}))


def test_the_same_seed_gives_the_same_bits(few, tiny):
    first, again, other = (weights(train_landmarks(few, tiny, steps=2, seed=seed).model) for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_callers_random_numbers_stay_where_they_were(few, tiny):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    trained(few, tiny)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_resumed_training_ends_with_the_same_bits(few, tiny, tmp_path, monkeypatch):
    whole = train_landmarks(few, tiny, steps=4).model

    class StopError(Exception):
        pass

    def stop(report):
        if report.step == 3:
            raise StopError

    often = property(lambda run: CheckpointFolder(run.path / "checkpoints", every=Steps(2)))
    monkeypatch.setattr(RunFolder, "checkpoints", often)
    with pytest.raises(StopError):
        train_landmarks(few, tiny, steps=4, folder=tmp_path, observers=[stop])
    assert max(RunFolder(tmp_path).checkpoints.paths()) == 2
    resumed = resume_training(tmp_path, few)
    assert resumed.step == 4
    assert torch.equal(weights(whole), weights(resumed.model))


def test_learnt_weights_are_learnt(few, tiny):
    detector = train_landmarks(few, tiny, LandmarkObjective(learn_weights=True), steps=3).model
    start = -torch.tensor(2 * 1.0).log()
    assert set(detector.objective.log_weights) == {"heatmap", "coordinate", "anatomical"}
    assert detector.objective.log_weights["heatmap"].item() != pytest.approx(start.item(), abs=1e-6)


def test_terms_join_as_training_goes_on(few, tiny):
    heard = []
    train_landmarks(few, tiny, steps=10, observers=[lambda report: heard.append(set(report.terms.parts))])
    assert heard[0] == {"heatmap"}
    assert heard[-1] == {"heatmap", "coordinate", "anatomical", "uncertainty"}


def test_masked_landmarks_never_reach_the_weights(few, tiny):
    mask = few.mask.clone()
    mask[:, 3] = False
    results = []
    for value in (0.0, torch.nan):
        hidden = few[:]
        landmarks = few.landmarks.clone()
        landmarks[:, 3] = value
        object.__setattr__(hidden, "landmarks", landmarks)
        object.__setattr__(hidden, "mask", mask)
        results.append(weights(train_landmarks(hidden, tiny, steps=6).model))
    assert torch.isfinite(results[1]).all()
    assert torch.equal(*results)


@pytest.mark.slow
def test_it_learns_where_vertebrae_are():
    """Some 20 seconds: every level is told apart, to a few pixels."""
    result = train_landmarks(spine_phantoms(128), steps=150)
    score = score_landmarks(result.model.detect(spine_phantoms(32, seed=1).images), spine_phantoms(32, seed=1))
    assert result.outcome.skipped == 0
    assert score.error.mean < 3
    assert score.error.detection_rates[4.0] > 0.8
    assert score.violations.order == 0


def test_no_image_is_refused(few, tiny):
    with pytest.raises(ValueError, match="data must hold at least one image"):
        train_landmarks(few[:0], tiny)
    detector = train_landmarks(few, tiny, steps=1).model
    with pytest.raises(ValueError, match="data must hold at least one image"):
        train_detector(detector, few[:0])


def test_a_budget_of_seconds(few, tiny):
    result = train_landmarks(few, tiny, seconds=0.2)
    assert result.step >= 1
    assert result.seconds >= 0.2
    assert (result.settings.steps, result.settings.seconds) == (None, 0.2)


def test_a_detector_is_trained_further(few, tiny):
    detector = train_landmarks(few, tiny, steps=1).model
    before = weights(detector)
    result = train_detector(detector, few, steps=2, seed=4)
    assert result.model is detector
    assert (result.step, result.settings.network, result.settings.seed) == (2, tiny, 4)
    assert not detector.training
    assert not torch.equal(weights(detector), before)


def test_images_that_do_not_suit_the_network_leave_no_folder(few, tmp_path):
    narrow = replace(few, images=few.images[..., :100])
    with pytest.raises(ValueError, match="train_landmarks: the images' height and width must be multiples of 32"):
        train_landmarks(narrow, steps=1, folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()
