import pytest
import torch

from diffshape.models.generative.flow.task import flow_error

NOISE = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
CODES = torch.tensor([[3.0, 4.0], [1.0, 0.0]])
TIMES = torch.tensor([0.25, 1.0])


def test_the_objective_by_hand():
    """Places (1.5, 1) and (1, 0); wanted (2, 4) and (1, -2)."""
    seen = {}

    def velocity(places, times):
        seen.update(places=places, times=times)
        return torch.zeros_like(places)

    assert flow_error(velocity, NOISE, CODES, TIMES) == pytest.approx((4 + 16 + 1 + 4) / 4)
    assert torch.allclose(seen["places"], torch.tensor([[1.5, 1.0], [1.0, 0.0]]))
    assert torch.equal(seen["times"], TIMES)


def test_the_true_velocity_has_no_error():
    assert flow_error(lambda places, times: CODES - NOISE, NOISE, CODES, TIMES) == 0
