import pytest
import torch

from diffshape.losses.reduction import reduce_elements


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
