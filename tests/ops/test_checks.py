"""Masks of points, and checks that compiled code makes too."""

import pytest
import torch
from torch import Tensor

from diffshape.ops.checks import kept_when_compiled, require_mask

POINTS = torch.zeros(4, 3)


@pytest.mark.parametrize("mask", [torch.ones(4), torch.ones(3, dtype=torch.bool), torch.ones(1, 4, dtype=torch.bool)])
def test_masks_have_one_truth_a_point(mask):
    require_mask("f", "mask", torch.ones(4, dtype=torch.bool), POINTS)
    require_mask("f", "mask", None, POINTS)
    with pytest.raises(ValueError, match=r"^f: mask must be boolean with shape \(4,\), got torch\.\w+ with shape \("):
        require_mask("f", "mask", mask, POINTS)


@kept_when_compiled
def check_below(function: str, values: Tensor, limit: float, more: Tensor | None) -> None:
    if (values >= limit).any() or (more is not None and (more >= limit).any()):
        raise ValueError(f"{function}: values must be below {limit}")


def test_a_check_gives_back_its_first_tensor():
    values = torch.ones(3, requires_grad=True)
    assert check_below("f", values, 2.0, None) is values
    with pytest.raises(ValueError, match="f: values must be below 2"):
        check_below("f", torch.ones(3), 2.0, values * 3)


@pytest.mark.parametrize("more", [None, torch.zeros(2)])
def test_a_check_is_an_operator_that_keeps_its_promises(more):
    torch.library.opcheck(torch.ops.diffshape.check_below.default, ("f", torch.rand(3), 2.0, more))


def test_compiled_code_makes_the_check_and_goes_on_with_the_values():
    twice = torch.compile(lambda values: 2 * check_below("f", values, 2.0, None), fullgraph=True, backend="aot_eager")
    values = torch.ones(3, requires_grad=True)
    twice(values).sum().backward()
    assert values.grad.tolist() == [2, 2, 2]
    assert twice(values.detach()).tolist() == [2, 2, 2]
    with pytest.raises(ValueError, match="f: values must be below 2"):
        twice(torch.tensor([1.0, 5.0, 1.0]))


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_transforms_check_too():
    square = torch.func.vmap(torch.func.grad(lambda values: check_below("f", values, 2.0, None).square().sum()))
    assert square(torch.ones(2, 3)).tolist() == [[2, 2, 2]] * 2
    with pytest.raises(ValueError, match="f: values must be below 2"):
        square(torch.full((2, 3), 4.0))
