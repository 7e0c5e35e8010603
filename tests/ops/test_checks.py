"""What functions ask of the numbers in tensors."""

import pytest
import torch

from diffshape.ops.checks import require, require_mask

POINTS = torch.zeros(4, 3)


@pytest.mark.parametrize("mask", [torch.ones(4), torch.ones(3, dtype=torch.bool), torch.ones(1, 4, dtype=torch.bool)])
def test_masks_have_one_truth_a_point(mask):
    require_mask("f", "mask", torch.ones(4, dtype=torch.bool), POINTS)
    require_mask("f", "mask", None, POINTS)
    with pytest.raises(ValueError, match=r"^f: mask must be boolean with shape \(4,\), got torch\.\w+ with shape \("):
        require_mask("f", "mask", mask, POINTS)


def test_what_is_required_keeps_its_promises_to_pytorch():
    values = torch.rand(3, 4)
    torch.library.opcheck(require, (values <= 1, values, "f: x must be at most 1"))


def test_what_is_required_names_the_ends_of_the_values():
    values = torch.tensor([[-2.0, 0.5], [3.5, 1.0]])
    with pytest.raises(ValueError, match=r"^f: x must lie between 0 and 1, got -2 to 3\.5$"):
        require((values >= 0) & (values <= 1), values, "f: x must lie between 0 and 1, got {low} to {high}")
    assert require(values[:0] > 0, values[:0], "nothing can be wrong").item() == 1
