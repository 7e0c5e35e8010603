from dataclasses import replace

import pytest
import torch

from diffshape.models import FlowConfig, train_flow

TINY = FlowConfig(hidden=(8,), batch=4, solver_steps=3)


@pytest.mark.parametrize(
    ("field", "value"),
    [("hidden", (9,)), ("frequencies", 2), ("lr", 1e-2), ("batch", 5), ("solver", "euler"), ("solver_steps", 4)],
)
def test_every_field_acts(field, value, autoencoder, shapes):
    one, other = (
        train_flow(autoencoder, shapes, config, steps=3, device="cpu").model.draw_codes(4)
        for config in (TINY, replace(TINY, **{field: value}))
    )
    assert not torch.equal(one, other)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FlowConfig(hidden=(0,)), "hidden must hold sizes of 1 or more"),
        (lambda: FlowConfig(frequencies=-1), "frequencies must be at least 0"),
        (lambda: FlowConfig(lr=0.0), "lr must be positive"),
        (lambda: FlowConfig(batch=0), "batch must be at least 1"),
        (lambda: FlowConfig(solver="rk4"), "solver must be one of euler, heun"),
        (lambda: FlowConfig(solver_steps=0), "solver_steps must be at least 1"),
    ],
)
def test_a_bad_value_raises_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()
