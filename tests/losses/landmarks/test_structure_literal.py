import pytest
import torch

from diffshape.losses import Skeleton, structure_loss

AP, LATERAL = Skeleton.anteroposterior(), Skeleton.lateral()


def parts(landmarks, skeleton=AP):
    return {name: value.item() for name, value in structure_loss(landmarks, skeleton, kind="literal").parts.items()}


def test_collapsed_points_cost_as_the_document_says_and_have_no_gradient():
    landmarks = torch.full((20, 2), 7.0, dtype=torch.float64, requires_grad=True)
    terms = structure_loss(landmarks, AP, kind="literal", order_weight=1, parallel_weight=0.1, ratio_weight=0.1)
    terms.backward()
    assert terms.total.item() == pytest.approx(0.15, abs=1e-12)
    assert landmarks.grad.abs().max() == 0


def test_order_is_in_pixels_and_takes_s1_in(spine):
    landmarks = spine(lateral=True)
    landmarks[20:, 1] -= 40  # from 22 below the centroid of L5 to 18 above it
    assert parts(landmarks, LATERAL)["order"] == pytest.approx(18 / 5, abs=1e-9)
    assert parts(2 * landmarks, LATERAL)["order"] == pytest.approx(36 / 5, abs=1e-9)


@pytest.mark.parametrize(("width", "cost"), [(0.01, 2e-4), (42.0, 4.76e-8)])
def test_parallel_edges_cost_more_the_smaller_they_are(width, cost):
    square = width * torch.tensor([[0.0, 0], [1, 0], [0, 1], [1, 1]], dtype=torch.float64)
    assert parts(square, Skeleton.anteroposterior(1))["parallel"] == pytest.approx(cost, rel=1e-2)


def test_trap_s8_ratio_limits_are_never_met(spine):
    for stretch, cost in ((1 / 3, 0), (2.66, 0), (10 / 3, 1)):
        assert parts(spine() * torch.tensor([stretch, 1.0]))["ratio"] == pytest.approx(cost, abs=1e-6)


def test_consistency_by_hand(spine):
    assert parts(spine(growth=0.05))["consistency"] == pytest.approx(0.5 * 0.05 / 1.1, rel=1e-6)


def test_gradcheck(spine):
    landmarks = (spine() + 4 * torch.randn(20, 2, generator=torch.Generator().manual_seed(0))).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: structure_loss(p, AP, kind="literal").total, landmarks)
