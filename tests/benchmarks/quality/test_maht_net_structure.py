"""MAHT-Net's structure terms by hand, with what they do not see."""

import pytest
import torch

from benchmarks.quality.maht_net_structure import maht_net_structure
from diffshape.losses import Skeleton
from drawn_spines import draw_spine

AP, LATERAL = Skeleton.anteroposterior(), Skeleton.lateral()


def parts(landmarks, skeleton=AP):
    return {name: value.item() for name, value in maht_net_structure(landmarks, skeleton).parts.items()}


def test_collapsed_points_cost_as_the_document_says_and_have_no_gradient():
    landmarks = torch.full((20, 2), 7.0, dtype=torch.float64, requires_grad=True)
    terms = maht_net_structure(landmarks, AP)
    terms.backward()
    assert terms.total.item() == pytest.approx(0.15, abs=1e-12)
    assert landmarks.grad.abs().max() == 0


def test_order_is_in_pixels_and_takes_s1_in():
    landmarks = draw_spine(lateral=True)
    landmarks[20:, 1] -= 40  # from 22 below the centroid of L5 to 18 above it
    assert parts(landmarks, LATERAL)["order"] == pytest.approx(18 / 5, abs=1e-9)
    assert parts(2 * landmarks, LATERAL)["order"] == pytest.approx(36 / 5, abs=1e-9)


def test_overlapping_bodies_in_order_of_their_centroids_cost_nothing():
    landmarks = draw_spine().unflatten(0, (5, 4))
    landmarks[..., 1] = torch.tensor([0.0, 0, 28, 28]) + torch.arange(5.0)[:, None]  # centroids 1 apart
    assert parts(landmarks.flatten(0, 1))["order"] == 0


def test_a_mirrored_spine_and_swapped_corners_are_not_seen():
    landmarks = draw_spine()
    assert maht_net_structure(landmarks * torch.tensor([-1.0, 1.0]), AP).total < 1e-7
    swapped = parts(landmarks[[0, 1, 3, 2, *range(4, 20)]])
    assert swapped["order"] + swapped["parallel"] < 1e-6


@pytest.mark.parametrize(("width", "cost"), [(0.01, 2e-4), (42.0, 4.76e-8)])
def test_parallel_edges_cost_more_the_smaller_they_are(width, cost):
    square = width * torch.tensor([[0.0, 0], [1, 0], [0, 1], [1, 1]], dtype=torch.float64)
    assert parts(square, Skeleton.anteroposterior(1))["parallel"] == pytest.approx(cost, rel=1e-2)


def test_ratio_limits_are_never_met():
    for stretch, cost in ((1 / 3, 0), (2.66, 0), (10 / 3, 1)):
        assert parts(draw_spine() * torch.tensor([stretch, 1.0]))["ratio"] == pytest.approx(cost, abs=1e-6)


def test_consistency_by_hand():
    assert parts(draw_spine(growth=0.05))["consistency"] == pytest.approx(0.5 * 0.05 / 1.1, rel=1e-6)  # 0.0227


def test_gradcheck():
    landmarks = draw_spine() + 4 * torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(lambda p: maht_net_structure(p, AP).total, landmarks.requires_grad_())
