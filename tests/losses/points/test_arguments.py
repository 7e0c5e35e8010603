"""The pieces that losses on point sets share."""

import pytest
import torch

from diffshape import losses
from diffshape.losses.points.arguments import (
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


MASKED_LOSSES = {
    "chamfer": losses.chamfer_distance,
    "hausdorff": losses.hausdorff_distance,
    "density-aware": losses.density_aware_chamfer_distance,
    "softmin": losses.soft_chamfer_distance,
    "sinkhorn": lambda x, y, **masks: losses.sinkhorn_divergence(x, y, blur=0.3, **masks),
    "normals": lambda x, y, **masks: losses.chamfer_normal_loss(x, y, x, y, **masks),
}


@pytest.mark.parametrize("name", MASKED_LOSSES)
def test_two_threads_give_the_masked_value_and_gradient_of_one(name):
    generator, found, before = torch.Generator().manual_seed(0), [], torch.get_num_threads()
    x, y = torch.rand(4, 60, 3, generator=generator), torch.rand(4, 60, 3, generator=generator)
    x_mask, y_mask = torch.rand(4, 60, generator=generator) > 0.2, torch.rand(4, 60, generator=generator) > 0.2
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            leaf = x.clone().requires_grad_()
            value = MASKED_LOSSES[name](leaf, y, x_mask=x_mask, y_mask=y_mask)
            found.append((value.detach(), torch.autograd.grad(value, leaf)[0]))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])


@pytest.mark.parametrize("name", MASKED_LOSSES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_prediction_in_half_precision_meets_a_target_in_float32(name, dtype):
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(2, 9, 3, generator=generator).to(dtype).requires_grad_(), torch.rand(2, 9, 3, generator=generator)
    value = MASKED_LOSSES[name](x, y)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, MASKED_LOSSES[name](x.float(), y))
    assert torch.autograd.grad(value, x)[0].dtype == dtype


@pytest.mark.parametrize("name", MASKED_LOSSES)
def test_a_batch_of_nothing_costs_nothing(name):
    x, mask = torch.zeros(0, 5, 3), torch.zeros(0, 5, dtype=torch.bool)
    assert MASKED_LOSSES[name](x, x) == 0
    assert MASKED_LOSSES[name](x, x, x_mask=mask, y_mask=mask) == 0


def test_coordinates_whose_squares_overflow_are_refused_and_smaller_ones_right():
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(2, 20, 3, generator=generator), torch.rand(2, 20, 3, generator=generator)
    for function in (losses.hausdorff_distance, lambda x, y: losses.chamfer_distance(x, y, squared=False)):
        torch.testing.assert_close(function(x * 1e18, y * 1e18) / 1e18, function(x, y))
        with pytest.raises(ValueError, match=r"x is too large, squared distances overflow torch\.float32"):
            function(x * 1e20, y * 1e20)
        torch.testing.assert_close(function(x.double() * 1e20, y.double() * 1e20).float() / 1e20, function(x, y))
