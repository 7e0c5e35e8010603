import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from diffshape._config import to_plain
from diffshape.data import shape_family
from diffshape.fields import LatentMLPConfig
from diffshape.models import DeepSDFConfig, resume_training, train_deep_sdf
from diffshape.training.run_folder import RunFolder

TINY = DeepSDFConfig(
    network=LatentMLPConfig(hidden_layers=2, width=16, latent=4, skip=(1,), dropout=0.2),
    batch=2,
    points=16,
    samples=400,
)


def same_weights(one, other):
    first, second = one.field.state_dict(), other.field.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_learning_rates_are_each_their_own_and_halve():
    heard = []
    config = replace(TINY, lr=1e-3, halve=0.25)
    train_deep_sdf(shape_family("ellipsoid", 2), config, steps=8, observers=[lambda report: heard.append(report.lr)])
    assert heard == pytest.approx([1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4, 1.25e-4, 1.25e-4])
    still, slow, fast = (
        train_deep_sdf(shape_family("ellipsoid", 2), replace(TINY, code_lr=lr), steps=3).model.codes
        for lr in (1e-12, 1e-8, 1e-1)
    )
    assert (slow - still).abs().max() < 1e-6 < 1e-2 < (fast - still).abs().max()


def test_codes_stay_within_the_unit_ball():
    config = replace(TINY, code_lr=0.5, code_weight=0.0)
    codes = train_deep_sdf(shape_family("ellipsoid", 2), config, steps=10).model.codes
    norms = codes.norm(dim=1)
    assert norms.max() <= 1 + 1e-6
    assert norms.max() > 0.99  # the limit was met


def test_only_shapes_of_the_batch_are_learnt():
    model = train_deep_sdf(shape_family("ellipsoid", 5), replace(TINY, code_lr=1e-2), steps=1).model
    start = train_deep_sdf(shape_family("ellipsoid", 5), replace(TINY, code_lr=1e-12), steps=1).model
    assert ((model.codes - start.codes).abs().amax(1) > 1e-6).sum() == 2


def test_the_same_seed_gives_the_same_bits(ellipsoids):
    one, again, other = (train_deep_sdf(ellipsoids[:2], TINY, steps=3, seed=seed).model for seed in (4, 4, 5))
    assert same_weights(one, again)
    assert not same_weights(one, other)


def test_the_callers_random_numbers_stay_where_they_were(ellipsoids):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    train_deep_sdf(ellipsoids[:2], TINY, steps=2)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.slow
def test_killed_and_resumed_it_ends_with_the_same_bits(tmp_path):
    """Dropout included, whose random numbers are torch's own."""
    family = shape_family("ellipsoid", 3)
    whole = train_deep_sdf(family, TINY, steps=6).model
    without = replace(TINY, network=replace(TINY.network, dropout=0.0))
    assert not same_weights(whole, train_deep_sdf(family, without, steps=6).model)
    script = Path(__file__).with_name("killed_deep_sdf.py")
    killed = subprocess.run(
        [sys.executable, script, tmp_path, json.dumps(to_plain(TINY))],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr
    assert max(RunFolder(tmp_path).checkpoints.paths()) == 4
    resumed = resume_training(tmp_path, family)
    assert resumed.step == 6
    assert same_weights(whole, resumed.model)


def test_a_budget_of_seconds():
    result = train_deep_sdf(shape_family("ellipsoid", 2), TINY, seconds=0.2)
    assert result.step >= 1
    assert result.seconds >= 0.2


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        ([], {}, "shapes must hold one mesh or more, got none"),
        ([([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])], {}, "shape 0 has 0 of 400 points inside"),
        ([3], {}, "a mesh must be a path"),
        (shape_family("ellipsoid", 2), {"steps": 3, "seconds": 3.0}, "give steps or seconds, not both, got 3 and 3.0"),
        (shape_family("ellipsoid", 2), {"steps": 0}, "steps must be at least 1, got 0"),
    ],
)
def test_what_is_wrong_is_said(shapes, options, message):
    with pytest.raises(ValueError, match=message):
        train_deep_sdf(shapes, TINY, **options)
