from dataclasses import fields, replace

import pytest
import torch

from diffshape.data import box_mesh
from diffshape.fields import HashGridConfig
from diffshape.fitting import Supervised, fit_mesh

FIELD = HashGridConfig(
    levels=3, base=4, finest=16, log2_entries=9, width=8, beta=float("inf"), reads_point=False, box=(-1.05, 1.05)
)
METHOD = Supervised(batch=64, pool=2000, fresh=300)
CHANGED = {
    "loss": "l1",
    "batch": 32,
    "near": 0.3,
    "surface": 0.2,
    "sigma": 0.05,
    "perturbation": "logistic",
    "pool": 1000,
    "fresh": 500,
    "normalization": "diagonal",
    "learning_rate": 1e-3,
    "final": 0.5,
}


@pytest.fixture(scope="module")
def box():
    return box_mesh(1, sides=(2.0, 1.0, 1.5))


def weights(box, method, steps=12):
    return torch.cat([each.flatten() for each in fit_mesh(box, method, FIELD, steps=steps).field.parameters()])


def test_the_table_of_changes_is_complete():
    assert set(CHANGED) == {each.name for each in fields(Supervised)}


@pytest.mark.parametrize("name", CHANGED)
def test_every_setting_acts(name, box):
    changed = weights(box, replace(METHOD, **{name: CHANGED[name]}))
    assert torch.isfinite(changed).all()
    assert not torch.equal(changed, weights(box, METHOD))


@pytest.mark.parametrize("loss", ["mape", "l1", "clamped_l1", "relative_l2"])
def test_every_loss_learns(box, loss):
    result = fit_mesh(box, replace(METHOD, loss=loss, batch=512, pool=20_000), FIELD, steps=150)
    inside, outside = result.query(torch.tensor([[0.0, 0.0, 0.0], [1.05, 0.55, 0.8]]))
    assert inside < 0 < outside
