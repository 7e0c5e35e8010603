import pytest
import torch

from diffshape.losses.reduction import read_elements, reduce_elements


def test_hand_values():
    values = torch.tensor([1.0, 2.0, 6.0])
    assert reduce_elements(values, None, "mean") == 3
    assert reduce_elements(values, None, "sum") == 9
    assert torch.equal(reduce_elements(values, None, "none"), values)


def test_mask_divides_by_what_is_real():
    values = torch.tensor([[1.0, torch.nan], [5.0, torch.inf]], requires_grad=True)
    mask = torch.tensor([[True, False], [True, False]])
    assert reduce_elements(values, mask, "none").tolist() == [[1, 0], [5, 0]]
    assert reduce_elements(values, mask, "sum") == 6
    mean = reduce_elements(values, mask, "mean")
    mean.backward()
    assert mean == 3
    assert values.grad.tolist() == [[0.5, 0], [0.5, 0]]


@pytest.mark.parametrize("mask", [None, torch.zeros(0, dtype=torch.bool)])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_nothing_is_zero(mask, reduction):
    values = torch.zeros(0, requires_grad=True)
    result = reduce_elements(values, mask, reduction)
    result.backward()
    assert result == 0
    assert values.grad.shape == (0,)


def test_all_masked_is_zero_with_zero_gradient():
    values = torch.tensor([torch.nan, 3.0], requires_grad=True)
    result = reduce_elements(values, torch.tensor([False, False]), "mean")
    result.backward()
    assert result == 0
    assert values.grad.tolist() == [0, 0]


def test_unknown_reduction():
    with pytest.raises(ValueError, match=r"reduction must be .* got 'median'"):
        reduce_elements(torch.zeros(2), None, "median")


def test_weights_divide_by_their_sum_over_what_is_real():
    values = torch.tensor([1.0, 2.0, 6.0, torch.nan])
    weights = torch.tensor([3.0, 1.0, 0.0, torch.nan])
    mask = torch.tensor([True, True, True, False])
    assert reduce_elements(values, mask, "mean", weights=weights) == 1.25
    assert reduce_elements(values, mask, "sum", weights=weights) == 5
    assert reduce_elements(values, mask, "none", weights=weights).tolist() == [3, 2, 0, 0]
    assert reduce_elements(values[:3], None, "mean", weights=torch.zeros(3)) == 0


@pytest.mark.parametrize("mask_shape", [(2,), (2, 3)])
def test_elements_are_read_masked_and_in_single_precision(mask_shape):
    x, y = torch.ones(2, 3, dtype=torch.float16), torch.full((2, 3), torch.nan, dtype=torch.float64)
    mask = torch.zeros(mask_shape, dtype=torch.bool)
    mask[0] = True
    (x, y), full = read_elements("f", {"x": x, "y": y}, mask, inner=1)
    assert (x.dtype, y.dtype) == (torch.float32, torch.float64)
    assert full.tolist() == [[True] * 3, [False] * 3]
    assert x.tolist() == [[1] * 3, [0] * 3]
    assert y[1].tolist() == [0, 0, 0]


def test_elements_that_do_not_fit_are_refused():
    x = torch.zeros(2, 3)
    with pytest.raises(ValueError, match=r"f: y must have shape \(2, 3\) like x, got \(2, 1\)"):
        read_elements("f", {"x": x, "y": torch.zeros(2, 1)}, None, inner=1)
    with pytest.raises(
        ValueError, match=r"f: mask must have shape \(2,\) like x without its last dimension, got \(3,\)"
    ):
        read_elements("f", {"x": x}, torch.ones(3, dtype=torch.bool), inner=1)
    with pytest.raises(ValueError, match=r"f: mask must have shape \(2, 3\) like x, got \(\)"):
        read_elements("f", {"x": x}, torch.tensor(True), inner=1)
    with pytest.raises(ValueError, match="f: mask must be boolean"):
        read_elements("f", {"x": x}, torch.ones(2), inner=1)
