import math
from dataclasses import replace

import pytest
import torch

from diffshape.data import ShapeSet
from diffshape.models import OccupancyConfig, OccupancyNetwork
from diffshape.models.occupancy.task import OccupancyTask, kept_out, occupancy_entropy

SMALL = OccupancyConfig(code=4, width=8, blocks=1, encoder_width=4, encoder_blocks=2, inputs=20, points=16)


def test_the_entropy_is_summed_over_points_and_averaged_over_shapes():
    logits = torch.tensor([[0.0, 2.0, -3.0], [1.0, 0.0, 0.0]])
    occupied = torch.tensor([[True, False, False], [True, True, False]])
    by_hand = [
        math.log(2) + math.log(1 + math.exp(2)) + math.log(1 + math.exp(-3)),
        math.log(1 + math.exp(-1)) + 2 * math.log(2),
    ]
    assert occupancy_entropy(logits, occupied).item() == pytest.approx(sum(by_hand) / 2)
    twice = occupancy_entropy(logits.repeat(1, 2), occupied.repeat(1, 2))
    assert twice.item() == pytest.approx(sum(by_hand))  # so the divergence weighs half as much beside it


def test_a_saturated_wrong_logit_keeps_its_gradient():
    logits = torch.tensor([[200.0]], requires_grad=True)
    occupancy_entropy(logits, torch.tensor([[False]])).backward()
    assert logits.grad.item() == 1.0


@pytest.mark.parametrize("kind", ["points", "occupancies"])
def test_the_total_is_the_sum_of_its_parts(two_boxes, kind):
    config = replace(SMALL, input=kind, kl_weight=0.5)
    terms = OccupancyTask(OccupancyNetwork(config), two_boxes).loss(0, 0.0)
    assert list(terms.parts) == (["entropy"] if kind == "points" else ["entropy", "divergence"])
    total = terms.parts["entropy"] + 0.5 * terms.parts.get("divergence", 0.0)
    assert terms.total.item() == pytest.approx(total.item())


def test_a_share_is_kept_out_and_sets_the_threshold():
    names = tuple(f"shape {n}" for n in range(10))
    points = 1.1 * torch.rand(10, 50, 3, generator=torch.Generator().manual_seed(0)) - 0.55
    shapes = ShapeSet(names=names, points=points, volume_points=points, occupancies=points[..., 0] > 0)
    learn, kept = kept_out(shapes, 0.2, seed=3)
    assert len(kept) == 2
    assert {*learn.names, *kept.names} == {*names}
    assert len(kept_out(shapes[:5], 0.05, seed=3)[1]) == 0
    task = OccupancyTask(OccupancyNetwork(replace(SMALL, near=0.0, validation=0.2)), shapes)
    torch.nn.init.constant_(task.model.decoder.last.weight, 0.0)
    torch.nn.init.constant_(task.model.decoder.last.bias, math.log(0.3 / 0.7))
    assert task.model.threshold == 0.5
    assert task.trained().threshold == pytest.approx(0.3)  # all occupied, which is better than none


def test_the_same_examples_are_asked_for_on_resuming(two_boxes):
    task = OccupancyTask(OccupancyNetwork(SMALL), two_boxes)
    other = OccupancyTask(OccupancyNetwork(SMALL), two_boxes[:1])
    with pytest.raises(ValueError, match="begun with other examples"):
        other.load_state(task.state())
