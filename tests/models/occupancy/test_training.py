import signal
from dataclasses import replace

import pytest
import torch

from diffshape.metrics import occupancy_iou
from diffshape.models import OccupancyConfig, load, resume_training, train_occupancy
from diffshape.models.occupancy.task import volume_logits

TINY = OccupancyConfig(
    code=4, width=8, blocks=1, encoder_width=4, encoder_blocks=2, inputs=20, points=16, batch=1, validation=0.0
)


def same_weights(one, other):
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("kind", "options", "steps"),
    [
        ("points", {}, 400),
        ("voxels", {}, 400),
        ("images", {}, 500),
        ("occupancies", {"code": 2, "encoder_width": 32, "kl_weight": 0.01}, 500),
    ],
)
def test_two_shapes_are_learnt(two_boxes, kind, options, steps):
    config = OccupancyConfig(
        input=kind, code=4, conditioning="film", encoder_width=16, encoder_blocks=2, points=500, lr=5e-3, validation=0.0
    )
    model = train_occupancy(two_boxes, replace(config, **options), steps=steps).model
    iou = occupancy_iou(volume_logits(model, two_boxes), two_boxes.occupancies)
    assert iou.min() > 0.9
    codes = model.codes_of(two_boxes)
    swapped = model.occupied(two_boxes.volume_points, codes.flip(0))
    assert occupancy_iou(swapped, two_boxes.occupancies).max() < iou.min() - 0.1  # the code decides


@pytest.mark.parametrize("way", ["additive", "batch_norm"])
def test_interrupted_and_resumed_it_ends_with_the_same_bits(two_boxes, tmp_path, way):
    config = replace(TINY, conditioning=way)
    whole = train_occupancy(two_boxes, config, steps=6).model

    def stop(report):
        if report.step == 3:
            signal.raise_signal(signal.SIGINT)

    stopped = train_occupancy(two_boxes, config, steps=6, folder=tmp_path, observers=[stop])
    assert stopped.interrupted
    assert stopped.step == 3
    assert not same_weights(whole, stopped.model)
    resumed = resume_training(tmp_path, two_boxes)
    assert resumed.step == 6
    assert same_weights(whole, resumed.model)
    assert same_weights(whole, load(tmp_path))


def test_the_same_seed_gives_the_same_bits(two_boxes):
    one, again, other = (train_occupancy(two_boxes, TINY, steps=3, seed=seed).model for seed in (4, 4, 5))
    assert same_weights(one, again)
    assert not same_weights(one, other)


def test_the_callers_random_numbers_stay_where_they_were(two_boxes):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    train_occupancy(two_boxes, TINY, steps=2)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_learning_rate_rises_and_falls_or_stays(two_boxes):
    heard = []
    for last in (0.1, 1.0):
        config = replace(TINY, lr=1e-3, last_lr=last)
        train_occupancy(two_boxes, config, steps=100, observers=[lambda report: heard.append(report.lr)])
    falls, stays = heard[:100], heard[100:]
    assert falls[0] < 1e-4
    assert max(falls) == falls[2] == pytest.approx(1e-3)
    assert falls[-1] == pytest.approx(1e-4, rel=0.1)
    assert stays == [1e-3] * 100


def test_what_is_missing_is_said_before_anything_is_written(two_boxes, tmp_path):
    bare = type(two_boxes)(names=two_boxes.names, points=two_boxes.points)
    with pytest.raises(ValueError, match="train_occupancy: shapes must have volume_points, occupancies"):
        train_occupancy(bare, TINY, steps=1, folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()
