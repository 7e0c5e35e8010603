"""The pieces that losses on point sets share."""

import torch

from diffshape import losses
from diffshape.losses.point_sets import (
    distances_both_ways,
    distances_to_nearest,
    read_point_sets,
)


def clouds(n, m):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(2, n, 3, generator=generator), torch.rand(2, m, 3, generator=generator)


def test_one_search_for_both_directions_gives_what_two_give():
    x, y = clouds(40, 40)
    x_mask = torch.arange(40) < torch.tensor([[40], [25]])
    for masks in ({}, {"x_mask": x_mask}, {"x_mask": x_mask, "y_mask": x_mask.flip(1)}):
        x_set, y_set = read_point_sets("loss", x, y, **masks)
        expected = [distances_to_nearest(*pair, squared=True) for pair in ((x_set, y_set), (y_set, x_set))]
        for actual, wanted in zip(distances_both_ways(x_set, y_set, squared=True), expected):
            assert all(torch.equal(a, b) for a, b in zip(actual, wanted))


def test_masked_and_weighted_points_weigh_what_they_should():
    x, y = clouds(3, 4)
    weights = torch.tensor([[1.0, 2.0, float("nan")]] * 2)
    x_set, y_set = read_point_sets("loss", x, y, x_mask=~weights.isnan(), x_weights=weights)
    assert x_set.weights.tolist() == [[1.0, 2.0, 0.0]] * 2
    assert x_set.mean(torch.tensor([[3.0, 6.0, 9.0]] * 2)).tolist() == [5.0, 5.0]
    assert y_set.weights is None
    assert torch.equal(y_set.masses, torch.ones(2, 4))


def test_an_empty_batch_costs_nothing():
    x, y = (each[:0].requires_grad_() for each in clouds(3, 4))
    value = losses.chamfer_distance(x, y)
    value.backward()
    assert (value.item(), x.grad.shape) == (0.0, (0, 3, 3))


def test_autocast_does_not_cost_digits():
    x, y = clouds(30, 30)
    for loss in (losses.chamfer_distance, losses.sliced_wasserstein_distance, losses.sinkhorn_divergence):
        torch.manual_seed(0)
        expected = loss(x, y)
        with torch.autocast("cpu", torch.bfloat16):
            torch.manual_seed(0)
            assert torch.equal(loss(x, y), expected)
