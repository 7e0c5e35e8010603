import os
import signal
from dataclasses import replace

import pytest
import torch

from diffshape.models import load, resume_training, train_imnet
from diffshape.training import CheckpointFolder


def stop_after(step):
    """An observer that presses Ctrl-C."""
    return lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == step else None


def same(one, other):
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("stopped", [2, 3])
def test_interrupted_and_resumed_across_a_change_of_resolution_it_ends_with_the_same_bits(tiny, two, tmp_path, stopped):
    """Of 8 steps, 2 are of the coarsest cells, 2 of the next: Adam's moments go on from one to the other."""
    network = replace(tiny.network, version="original")  # whose batch normalisation has statistics to keep, too
    config = replace(tiny, network=network)
    whole = train_imnet(two, config, steps=8).model
    train_imnet(two, config, steps=8, folder=tmp_path, observers=[stop_after(stopped)])
    state = CheckpointFolder(tmp_path / "checkpoints").newest().tensors
    moments = [value for name, value in state.items() if name.endswith("/exp_avg")]
    assert any(bool(moment.any()) for moment in moments)
    result = resume_training(tmp_path, two)
    assert (result.step, result.interrupted) == (8, False)
    assert same(result.model, whole)
    assert same(load(tmp_path), whole)
    assert not result.model.training


def test_other_shapes_are_refused(tiny, two, tmp_path):
    train_imnet(two, tiny, steps=3, folder=tmp_path, observers=[stop_after(1)])
    with pytest.raises(ValueError, match="begun with other examples"):
        resume_training(tmp_path, replace(two, voxels=~two.voxels))
    with pytest.raises(ValueError, match="data that are in no file"):
        resume_training(tmp_path)


def test_the_seed_decides_and_the_callers_random_numbers_stay(tiny, two):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, again, other = (train_imnet(two, tiny, steps=2, seed=seed).model for seed in (4, 4, 5))
    assert torch.equal(torch.get_rng_state(), before)
    assert same(one, again)
    assert not same(one, other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stages": (4, 8, 32)}, r"a multiple of config\.stages = 4, 8, 32, got 16"),
        ({"resolution": 32}, r"a multiple of config\.network\.resolution = 32, got 16"),
    ],
)
def test_voxels_that_do_not_fit_are_refused(tiny, two, change, message):
    config = replace(tiny, **change) if "stages" in change else replace(tiny, network=replace(tiny.network, **change))
    with pytest.raises(ValueError, match=f"train_imnet: voxels a side must be {message}"):
        train_imnet(two, config, steps=1)


def test_shapes_without_voxels_are_refused(tiny, two):
    with pytest.raises(ValueError, match="train_imnet: shapes must have voxels"):
        train_imnet(replace(two, voxels=None), tiny, steps=1)
    with pytest.raises(ValueError, match="must hold one shape or more"):
        train_imnet(two[:0], tiny, steps=1)
    with pytest.raises(TypeError, match="shapes must be a ShapeSet"):
        train_imnet([1], tiny, steps=1)
