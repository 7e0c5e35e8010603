"""Masks of points."""

import pytest
import torch

from diffshape.ops.checks import require_mask

POINTS = torch.zeros(4, 3)


@pytest.mark.parametrize("mask", [torch.ones(4), torch.ones(3, dtype=torch.bool), torch.ones(1, 4, dtype=torch.bool)])
def test_masks_have_one_truth_a_point(mask):
    require_mask("f", "mask", torch.ones(4, dtype=torch.bool), POINTS)
    require_mask("f", "mask", None, POINTS)
    with pytest.raises(ValueError, match=r"^f: mask must be boolean with shape \(4,\), got torch\.\w+ with shape \("):
        require_mask("f", "mask", mask, POINTS)
