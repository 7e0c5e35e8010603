import os
import signal
from dataclasses import replace

import pytest
import torch

from diffshape.models import load, resume_training, train_vecset


def stop_after(step):
    """An observer that presses Ctrl-C."""
    return lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == step else None


def same(one, other):
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_interrupted_and_resumed_it_ends_with_the_same_bits(tiny, two, tmp_path):
    """Also where codes are random and layers are left out at random."""
    config = replace(tiny, network=replace(tiny.network, bottleneck=3, drop_path=0.3))
    whole = train_vecset(two, config, steps=5).model
    train_vecset(two, config, steps=5, folder=tmp_path, observers=[stop_after(2)])
    result = resume_training(tmp_path, two)
    assert (result.step, result.interrupted) == (5, False)
    assert same(result.model, whole)
    assert same(load(tmp_path), whole)
    assert not result.model.training


def test_other_shapes_are_refused(tiny, two, tmp_path):
    train_vecset(two, tiny, steps=3, folder=tmp_path, observers=[stop_after(1)])
    with pytest.raises(ValueError, match="begun with other examples"):
        resume_training(tmp_path, replace(two, points=2 * two.points + 1))


def test_the_seed_decides_and_the_callers_random_numbers_stay(tiny, two):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, again, other = (train_vecset(two, tiny, steps=2, seed=seed).model for seed in (4, 4, 5))
    assert torch.equal(torch.get_rng_state(), before)
    assert same(one, again)
    assert not same(one, other)


def test_the_learning_rate_warms_up_and_falls(tiny, two):
    heard = []
    train_vecset(two, replace(tiny, warmup=0.25, lr=0.1), steps=8, observers=[lambda report: heard.append(report.lr)])
    assert heard[:3] == pytest.approx([0.0, 0.05, 0.1])
    assert heard[3:] == sorted(heard[3:], reverse=True)
    assert heard[-1] < 0.02


def test_shapes_that_lack_a_part_are_refused(tiny, two):
    with pytest.raises(ValueError, match="train_vecset: shapes must have near_points"):
        train_vecset(replace(two, near_points=None, near_occupancies=None), tiny, steps=1)
    with pytest.raises(TypeError, match="shapes must be a ShapeSet"):
        train_vecset([1], tiny, steps=1)
