"""Rows of tables and sums into them: values by hand, derivatives, and the same bits for any number of threads."""

import pytest
import torch

from diffshape.ops.table_rows import rows_at, sum_at

PLACES = torch.tensor([2, 0, 2])


def test_rows_by_hand():
    table = torch.arange(12.0).reshape(2, 3, 2)
    assert rows_at(table, PLACES).tolist() == [[[4, 5], [0, 1], [4, 5]], [[10, 11], [6, 7], [10, 11]]]
    assert torch.equal(rows_at(table[0], PLACES.reshape(3, 1)), table[0][PLACES.reshape(3, 1)])
    assert rows_at(table[:0], PLACES).shape == (0, 3, 2)
    assert rows_at(table, PLACES[:0]).shape == (2, 0, 2)


def test_sums_by_hand():
    values = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]] * 2)
    assert sum_at(values, PLACES, 4)[1].tolist() == [[3, 4], [0, 0], [6, 8], [0, 0]]
    assert sum_at(values[..., 0], PLACES, 3).tolist() == [[3, 0, 6]] * 2
    assert sum_at(values[:, :0], PLACES[:0], 2).tolist() == [[[0, 0], [0, 0]]] * 2


@pytest.mark.parametrize("call", [lambda v: rows_at(v, PLACES), lambda v: sum_at(v, PLACES, 4)], ids=["rows", "sums"])
def test_derivatives(call):
    values = torch.randn(2, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(call, values)
    assert torch.autograd.gradgradcheck(lambda v: call(v).square(), values)


def test_threads_do_not_change_a_bit():
    generator, before, results = torch.Generator().manual_seed(0), torch.get_num_threads(), []
    table = torch.randn(1, 5000, 3, generator=generator)
    places = torch.randint(0, 5000, (60_000,), generator=generator)
    weights = torch.randn(1, 60_000, 3, generator=generator)
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            leaf = table.clone().requires_grad_()
            (rows_at(leaf, places) * weights).sum().backward()
            results.append((leaf.grad, sum_at(weights, places, 5000)))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, other) for result in results[1:] for one, other in zip(result, results[0]))
