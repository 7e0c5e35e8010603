"""Both directions in one search: the bits of two searches, and derivatives of every order that is promised."""

import pytest
import torch

from diffshape import losses, ops
from diffshape.ops.neighbors.both_ways import can_search_both_ways, mean_both_ways, search_both_ways


def clouds(n, m, batch=2, dtype=torch.float32):
    generator = torch.Generator().manual_seed(n)
    return (torch.rand(batch, count, 3, generator=generator, dtype=dtype) for count in (n, m))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("counts", [(1, 1), (30, 30), (700, 700), (40, 900)])
def test_the_bits_of_two_searches(dtype, counts):
    x, y = clouds(*counts, dtype=dtype)
    for found, pair in zip(search_both_ways(x, y), ((x, y), (y, x))):
        expected = ops.nearest_neighbors(*pair)
        assert torch.equal(found[0], expected.squared_distances)
        assert torch.equal(found[1], expected.indices)


def test_clouds_far_apart_are_answered_by_the_tree():
    x, y = clouds(6000, 6000, batch=1)
    (_, there), (_, back) = search_both_ways(x, 0.001 * y + 40)
    assert torch.equal(there, ops.nearest_neighbors(x, 0.001 * y + 40).indices)
    assert torch.equal(back, ops.nearest_neighbors(0.001 * y + 40, x).indices)


@pytest.mark.parametrize("counts", [(7, 7), (4, 9)])
def test_first_and_second_derivatives(counts):
    x, y = (each.requires_grad_() for each in clouds(*counts, dtype=torch.float64))
    for function in (mean_both_ways, lambda *pair: torch.cat([each for each, _ in search_both_ways(*pair)], -1)):
        assert torch.autograd.gradcheck(function, (x, y))
        assert torch.autograd.gradgradcheck(function, (x, y))


def test_the_gradient_of_the_mean_is_that_of_its_distances():
    x, y = (each.requires_grad_() for each in clouds(300, 300, dtype=torch.float64))
    scale = torch.tensor([2.0, -3.0], dtype=torch.float64)
    (there, _), (back, _) = search_both_ways(x, y)
    expected = torch.autograd.grad((scale * (there.mean(-1) + back.mean(-1))).sum(), (x, y))
    for found, wanted in zip(torch.autograd.grad((scale * mean_both_ways(x, y)).sum(), (x, y)), expected):
        torch.testing.assert_close(found, wanted)


def test_only_what_is_wanted_has_a_gradient():
    x, y = clouds(20, 20)
    mean_both_ways(x, y.requires_grad_()).sum().backward()
    assert x.grad is None
    assert y.grad is not None


def test_the_same_bits_for_any_number_of_threads():
    x, y = (each.requires_grad_() for each in clouds(3000, 3000))
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            value = losses.chamfer_distance(x, y)
            found.append((value, *torch.autograd.grad(value, (x, y))))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, other) for each in found[1:] for one, other in zip(found[0], each))


def test_what_is_observed_goes_by_operators():
    x, y = clouds(5, 5)
    assert can_search_both_ways(x, y)
    assert not can_search_both_ways(x.half(), y.half())
    assert not torch.func.vmap(lambda x, y: torch.tensor(can_search_both_ways(x, y)))(x[None], y[None]).any()
    with torch._subclasses.FakeTensorMode():
        assert not can_search_both_ways(torch.empty(1, 5, 3), torch.empty(1, 5, 3))
