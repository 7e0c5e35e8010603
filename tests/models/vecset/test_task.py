import math
from dataclasses import replace

import pytest
import torch

from diffshape.models import VecSet
from diffshape.models.vecset.task import VecSetTask


def constant_task(shapes, config, logit):
    """A decoder that gives one logit everywhere, and an encoder whose numbers have mean 2 and variance e."""
    model = VecSet(config)
    for name, value in (("weight", 0.0), ("bias", logit)):
        torch.nn.init.constant_(getattr(model.decoder.to_logit, name), value)
    if config.network.bottleneck:
        for layer, value in ((model.encoder.mean, 2.0), (model.encoder.log_variance, 1.0)):
            torch.nn.init.zeros_(layer.weight)
            torch.nn.init.constant_(layer.bias, value)
    return VecSetTask(model, shapes)


def test_the_loss_by_hand(tiny, two):
    """BCE of a logit of 1 is ln(1 + 1/e) inside and ln(1 + e) outside."""
    network = replace(tiny.network, bottleneck=3)
    config = replace(tiny, network=network, volume=1000, near=1000, near_weight=0.25, kl_weight=0.5)
    terms = constant_task(two, config, logit=1.0).loss(0, 0.0)
    inside, outside = math.log(1 + math.exp(-1)), math.log(1 + math.e)
    shares = two.occupancies.float().mean().item(), two.near_occupancies.float().mean().item()
    volume, near = (share * inside + (1 - share) * outside for share in shares)
    divergence = 0.5 * (4 + math.e - 1 - 1)
    assert terms.parts["volume"].item() == pytest.approx(volume, abs=0.04)
    assert terms.parts["near"].item() == pytest.approx(near, abs=0.04)
    assert terms.parts["divergence"].item() == pytest.approx(divergence, rel=1e-5)
    parts = {name: part.item() for name, part in terms.parts.items()}
    total = parts["volume"] + 0.25 * parts["near"] + 0.5 * parts["divergence"]
    assert terms.total.item() == pytest.approx(total, rel=1e-5)


def test_without_near_points_and_bottleneck_only_the_volume_counts(tiny, two):
    shapes = replace(two, near_points=None, near_occupancies=None)
    terms = constant_task(shapes, replace(tiny, near=0), logit=1.0).loss(0, 0.0)
    assert list(terms.parts) == ["volume"]
    assert terms.total.item() == terms.parts["volume"].item()


def test_every_parameter_is_trained_and_the_trained_model_is_in_evaluation_mode(tiny, two):
    task = VecSetTask(VecSet(replace(tiny, network=replace(tiny.network, bottleneck=3))), two)
    task.loss(0, 0.0).backward()
    assert all(parameter.grad is not None for parameter in task.model.parameters())
    assert task.model.training
    assert not task.trained().training
