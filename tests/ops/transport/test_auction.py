"""The simultaneous auction that defines the one on CUDA: its bids by hand, its bound, and batches of unlike samples."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from diffshape.ops.transport.auction import auction, bid_by_definition, cost_table


def cloud(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def everyone(x):
    return torch.ones(x.shape[:2], dtype=torch.bool)


def test_bids_by_hand():
    x = torch.tensor([[[0.0], [9.0]], [[1.0], [5.0]]])
    y = torch.tensor([[[1.0], [4.0]], [[0.0], [2.0]]])
    prices = torch.tensor([[2.0, 0.5], [0.0, 0.0]])
    best, second, choice = bid_by_definition(x, y, prices, torch.tensor([0, 3, 2]), False)
    assert best.tolist() == [3.0, 3.0, 1.0]
    assert second.tolist() == [4.5, 5.0, 1.0]
    assert choice.tolist() == [0, 3, 2]  # of equal ones the lowest
    best, second, _ = bid_by_definition(x, y, torch.tensor([[2.0, torch.inf], [0.0, 0.0]]), torch.tensor([1]), True)
    assert (best.tolist(), second.tolist()) == ([66.0], [torch.inf])


@given(st.integers(0, 10_000), st.sampled_from([0.3, 0.01]), st.booleans(), st.sampled_from([1e-3, 1.0, 1e3]))
@settings(max_examples=25, deadline=None)
def test_the_cost_is_within_the_bound(seed, epsilon, squared, scale):
    x, y = scale * cloud(2, 30, 3, seed=seed), scale * torch.tensor([[[0.1]], [[1.0]]]) * cloud(2, 30, 3, seed=seed + 1)
    match, _, settled = auction(x, y, everyone(x), squared, epsilon)
    assert settled.all()
    for b in range(2):
        table = cost_table(x[b].double(), y[b].double(), squared)
        assert match[b].sort().values.tolist() == list(range(30))
        best = table[linear_sum_assignment(table.numpy())].sum()
        assert table[torch.arange(30), match[b]].sum() <= (1 + epsilon) * best * (1 + 1e-5)


def test_a_batch_of_unlike_samples_is_its_samples_one_by_one():
    x, y = cloud(3, 25, 3), cloud(3, 25, 3, seed=1)
    y[1] *= 0.01
    real = everyone(x)
    real[2, 18:] = False
    x[2, 18:], y[2, 18:] = 0, 0
    together = auction(x, y, real, False, 0.01)
    for b in range(3):
        count = int(real[b].sum())
        alone = auction(x[b : b + 1, :count], y[b : b + 1, :count], real[b : b + 1, :count], False, 0.01)
        assert torch.equal(together.match[b, :count], alone.match[0])
        assert torch.equal(together.prices[b, :count], alone.prices[0])
    assert together.match[2, 18:].tolist() == list(range(18, 25))
    assert together.prices[2, 18:].tolist() == [0.0] * 7


@pytest.mark.parametrize("count", [1, 2, 40])
def test_points_that_coincide_are_dealt_out(count):
    x = torch.ones(1, count, 3)
    match, _, settled = auction(x, x, everyone(x), False, 0.01)
    assert settled.all() == (count == 1)  # prices overpay by a step, which no part of an optimum of 0 allows
    assert match[0].sort().values.tolist() == list(range(count))


def test_it_says_when_rounding_keeps_it_from_the_bound():
    x, y = cloud(1, 100, 3), cloud(1, 100, 3, seed=1)
    match, _, settled = auction(x, y, everyone(x), False, 1e-12)
    assert not settled.any()
    assert match[0].sort().values.tolist() == list(range(100))
