import os
import signal

import pytest
import torch

from diffshape.fitting import PriorConfig, train_scan_prior
from diffshape.fitting.scans.prior.training.settings import DrawnScans
from diffshape.fitting.scans.prior.training.training import scan_prior_crops
from diffshape.models import load, resume_training
from diffshape.training.run_folder import RunFolder

SMALL = PriorConfig(neighbors=32, width=4, wide=8, narrow=4, passes=2, batch=16)


def train(**options):
    return train_scan_prior(SMALL, **{"scans": 2, "steps": 6, "device": "cpu", "progress": False, **options})


def stop_after(step):
    """An observer that presses Ctrl-C."""
    return lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == step else None


def same(one, other):
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_training_gives_a_prior_and_keeps_it(tmp_path):
    result = train(folder=tmp_path)
    assert result.step == 6
    assert RunFolder(tmp_path).holds_weights
    assert RunFolder(tmp_path).read_settings(type(result.settings)) == result.settings


def test_training_twice_gives_the_same_bits_and_another_seed_others():
    assert same(train().model, train().model)
    assert not same(train().model, train(seed=1).model)


@pytest.mark.slow
@pytest.mark.parametrize("step", [2, 3])
def test_interrupted_and_resumed_it_ends_with_the_same_bits(step, tmp_path):
    whole = train().model
    stopped = train(folder=tmp_path, observers=[stop_after(step)])
    assert (stopped.step, stopped.interrupted) == (step, True)
    assert not RunFolder(tmp_path).holds_weights
    result = resume_training(tmp_path)
    assert (result.step, result.interrupted) == (6, False)
    assert same(result.model, whole)


def test_other_crops_are_refused(tmp_path):
    train(folder=tmp_path, observers=[stop_after(2)])
    with pytest.raises(ValueError, match="begun with other examples"):
        resume_training(tmp_path, scan_prior_crops(DrawnScans(scans=2, test_scans=1), seed=1)[0])
    with pytest.raises(TypeError, match="data must be a list of"):
        resume_training(tmp_path, "crops")


def test_a_prior_is_no_model_of_shapes(tmp_path):
    train(folder=tmp_path)
    with pytest.raises(ValueError, match="is the folder of a scan prior, which cleans scans and is no model of shapes"):
        load(tmp_path)


def test_learnt_from_and_tested_on_are_different():
    learn, test = scan_prior_crops(DrawnScans(scans=2, test_scans=3))
    assert (len(learn), len(test)) == (2, 3)
    assert not any(torch.equal(one.points, other.points) for one in learn for other in test)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"scans": 0}, "scans must be at least 1, got 0"),
        ({"scans": 10**12}, "scans must be at most"),
        ({"seconds": 1.0}, "give steps or seconds, not both"),
        ({"device": "gpu"}, "device must be"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong, sentence):
    with pytest.raises(ValueError, match=f"^train_scan_prior: {sentence}"):
        train(**wrong)


def test_a_folder_that_holds_a_run_is_refused_before_scans_are_drawn(tmp_path):
    (tmp_path / "config.yaml").touch()
    with pytest.raises(ValueError, match="already holds a run; resume it, or choose another folder"):
        train(folder=tmp_path, scans=1000)
