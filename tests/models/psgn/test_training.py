import os
import signal
from dataclasses import replace

import pytest
import torch

from diffshape.models import PSGNConfig, PSGNNetwork, load, resume_training, train_psgn
from diffshape.models.psgn.model import PSGN
from diffshape.models.psgn.task import PSGNTask
from diffshape.models.psgn.views import views_of

SMALL = PSGNNetwork(size=(16, 16), widths=(4, 8, 16), hidden=(64,), points=100)
TINY = PSGNConfig(network=SMALL, target_points=100, batch=4)
SCHEMES = [
    {"scheme": "deterministic"},
    {"candidates": 2},
    {"candidates": 2, "relaxation": 0.1},
    {"scheme": "vae", "latent": 2},
    {"network": replace(SMALL, points=36, grid_level=1)},
    {"loss": "earth_mover"},
]
every_scheme = pytest.mark.parametrize("options", SCHEMES, ids=str)


def same(one, other):
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@every_scheme
def test_interrupted_and_resumed_it_ends_with_the_same_bits(boxes, tmp_path, options):
    config = replace(TINY, **options)
    whole = train_psgn(boxes, config, steps=4, seed=3).model
    train_psgn(
        boxes,
        config,
        steps=4,
        seed=3,
        folder=tmp_path,
        observers=[lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == 2 else None],
    )
    resumed = resume_training(tmp_path, boxes)
    assert resumed.step == 4
    assert same(whole, resumed.model)
    assert same(whole, load(tmp_path))
    assert not same(whole, train_psgn(boxes, config, steps=4, seed=4).model)


def test_other_shapes_are_refused_on_resume(boxes, tmp_path):
    stop = [lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == 1 else None]
    train_psgn(boxes, TINY, steps=3, folder=tmp_path, observers=stop)
    with pytest.raises(ValueError, match="begun with other examples"):
        resume_training(tmp_path, replace(boxes, points=boxes.points + 0.1))


@pytest.mark.parametrize(
    "options",
    [
        {"scheme": "deterministic"},
        {"candidates": 2, "latent": 1},
        {"scheme": "vae", "latent": 1, "kl_weight": 1e-4},
        {"scheme": "deterministic", "network": replace(SMALL, points=4, grid_level=1)},
    ],
    ids=["deterministic", "min_of_n", "vae", "hourglass"],
)
def test_two_shapes_are_overfitted(boxes, options):
    """Four clouds of 20 points: the two shapes, each in the frame of two cameras."""
    few = replace(boxes, points=boxes.points[:, :20])
    network = replace(SMALL, points=20)
    config = PSGNConfig(**{"network": network, "target_points": 20, "batch": 8, "lr": 5e-3, **options})
    first = train_psgn(few, config, steps=1).outcome.terms.total
    last = train_psgn(few, config, steps=100).outcome.terms.total
    assert last < 0.2 * first


def test_a_step_draws_points_and_views_anew(boxes):
    task = PSGNTask(PSGN(TINY), views_of(boxes, TINY, by="test"))
    first, again = (task.loss(0, 0.0).total.item() for _ in range(2))
    assert first != again


def test_the_callers_random_numbers_stay_where_they_were(boxes):
    before = torch.get_rng_state()
    train_psgn(boxes, TINY, steps=2)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"images": None}, {}, "train_psgn: shapes must have images"),
        ({}, {"steps": 3, "seconds": 3.0}, "give steps or seconds, not both"),
        ({}, {"steps": 0}, "steps must be at least 1, got 0"),
    ],
)
def test_what_is_wrong_is_said(boxes, change, options, message):
    with pytest.raises(ValueError, match=message):
        train_psgn(replace(boxes, **change), TINY, **options)
