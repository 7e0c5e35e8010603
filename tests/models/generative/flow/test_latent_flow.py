import math

import pytest
import torch

from diffshape.models.generative.flow.config import FlowConfig
from diffshape.models.generative.flow.latent_flow import VelocityNetwork, carried

START = torch.tensor([[1.0, 2.0], [0.5, -1.0]])


def test_a_constant_velocity_carries_straight():
    for solver in ("euler", "heun"):
        found = carried(lambda places, times: torch.ones_like(places), START, steps=7, solver=solver)
        assert torch.allclose(found, START + 1, atol=1e-6)


def test_times_are_those_of_the_steps():
    seen = []

    def velocity(places, times):
        seen.append(times.tolist())
        return torch.zeros_like(places)

    carried(velocity, START, steps=2, solver="euler")
    carried(velocity, START, steps=2, solver="heun")
    assert [times[0] for times in seen] == pytest.approx([0, 0.5, 0, 0.5, 0.5, 1])


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("heun", 2)])
def test_the_order_of_the_solver(solver, order):
    """dx/dt = x grows by e; half the step makes 2^order less error."""
    start = torch.ones(1, 1, dtype=torch.float64)
    errors = [
        abs(carried(lambda places, times: places, start, steps=steps, solver=solver).item() - math.e)
        for steps in (40, 80)
    ]
    assert errors[0] / errors[1] == pytest.approx(2**order, rel=0.05)


def test_the_network_knows_the_time():
    network = VelocityNetwork(FlowConfig(hidden=(16,)), 2)
    torch.nn.init.ones_(network.layers[-1].weight)
    early, late = (network(START, torch.full((2,), time)) for time in (0.1, 0.6))
    assert early.shape == (2, 2)
    assert (early - late).abs().max() > 1e-3


def test_before_training_nothing_moves():
    network = VelocityNetwork(FlowConfig(hidden=(16,)), 2)
    assert (network(START, torch.rand(2)) == 0).all()
