from dataclasses import replace

import pytest
import torch

from diffshape.data import Frame
from diffshape.fields import LatentMLP, LatentMLPConfig
from diffshape.models import DeepSDF, DeepSDFConfig
from diffshape.models.deep_sdf.samples import SidedPool
from diffshape.models.deep_sdf.task import DeepSDFTask

TINY = DeepSDFConfig(
    network=LatentMLPConfig(hidden_layers=2, width=16, latent=4, skip=(1,), dropout=0.2),
    batch=2,
    points=16,
    samples=400,
)


def constant_task(value, codes, **options):
    """A field that has one value everywhere, on two points of each shape: -0.05 inside and 0.3 outside."""
    config = replace(TINY, network=replace(TINY.network, tanh=False, dropout=0.0, latent=2), points=2, **options)
    field = LatentMLP(config.network, shapes=len(codes))
    field.decoder.directions[-1].data.zero_()
    field.decoder.biases[-1].data.fill_(value)
    field.codes.data = torch.tensor(codes)
    pool = SidedPool.of(torch.zeros(len(codes), 2, 3), torch.tensor([[0.3, -0.05]]).repeat(len(codes), 1))
    return DeepSDFTask(DeepSDF(field, Frame((0.0, 0.0, 0.0), 1.0), config), pool)


def test_the_loss_by_hand():
    """f = 0.02: |0.02 + 0.05| = 0.07 inside, |0.02 - 0.1| = 0.08 outside, where the target is clamped."""
    terms = constant_task(0.02, [[0.3, 0.4], [0.0, 0.1]], code_weight=0.5).loss(0, progress=1.0)
    assert terms.parts["distance"].item() == pytest.approx(0.075)
    assert terms.parts["code_norm"].item() == pytest.approx((0.5 + 0.1) / 2)  # the norm, not its square
    assert terms.total.item() == pytest.approx(0.075 + 0.5 * 0.3)


def test_beyond_the_clamp_nothing_is_learnt():
    task = constant_task(0.7, [[0.1, 0.1]])
    terms = task.loss(0, progress=0.0)
    assert terms.parts["distance"].item() == pytest.approx((0.15 + 0) / 2)
    terms.backward()
    assert task.field.decoder.biases[-1].grad.item() == 0


@pytest.mark.parametrize(("progress", "share"), [(0.0, 0.0), (0.05, 0.25), (0.2, 1.0), (0.9, 1.0)])
def test_the_weight_of_the_codes_grows_over_a_share_of_the_budget(progress, share):
    task = constant_task(0.02, [[0.6, 0.8]], code_weight=0.5, code_ramp=0.2)
    assert task.loss(0, progress).total.item() == pytest.approx(0.075 + 0.5 * share)
    task = constant_task(0.02, [[0.6, 0.8]], code_weight=0.5, code_ramp=0.0)
    assert task.loss(0, progress).total.item() == pytest.approx(0.075 + 0.5)


def test_a_code_of_zero_has_a_finite_gradient():
    task = constant_task(0.02, [[0.0, 0.0]], code_weight=0.5)
    task.loss(0, progress=1.0).backward()
    assert task.field.codes.grad.tolist() == [[0.0, 0.0]]
