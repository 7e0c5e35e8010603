import math

import pytest
import torch

from diffshape.losses import Skeleton
from diffshape.metrics import radial_error, structure_violations


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


OFFSETS = tensor([[3.0, 4.0], [0.0, 2.0]], [[1.0, 0.0], [0.0, 0.0]])


def test_hand_values():
    found = radial_error(OFFSETS, torch.zeros_like(OFFSETS))
    assert (found.mean, found.median, found.count) == (2, 1, 4)
    assert found.deviation == pytest.approx(math.sqrt((9 + 0 + 1 + 4) / 4))
    assert found.detection_rates == {2.0: 0.75, 2.5: 0.75, 3.0: 0.75, 4.0: 0.75}
    assert radial_error(OFFSETS, torch.zeros_like(OFFSETS), thresholds=(5,)).detection_rates == {5.0: 1.0}  # <=
    assert radial_error(OFFSETS, torch.zeros_like(OFFSETS), thresholds=(4.99,)).detection_rates == {4.99: 0.75}
    assert str(found).startswith("MRE 2.00 +- 1.87, SDR@2 75.0 %")


def test_spacing_of_each_image_in_millimetres():
    zero = torch.zeros_like(OFFSETS)
    assert radial_error(OFFSETS, zero, spacing=0.5).mean == 1
    assert radial_error(OFFSETS, zero, spacing=tensor(0.5, 2)).mean == (2.5 + 1 + 2 + 0) / 4
    pairs = tensor([1, 0.25], [3, 1])
    assert radial_error(OFFSETS, zero, spacing=pairs).mean == pytest.approx((math.sqrt(10) + 0.5 + 3) / 4)


def test_masks_and_missing_predictions():
    pred = OFFSETS.clone()
    pred[0, 0] = torch.nan
    mask = torch.tensor([[False, True], [True, True]])
    assert radial_error(pred, torch.zeros_like(pred), mask=mask).mean == 1
    lost = radial_error(pred, torch.zeros_like(pred))  # a prediction that is not there is not left out
    assert (lost.mean, lost.deviation, lost.detection_rates[4.0]) == (math.inf, math.inf, 0.75)
    none = radial_error(pred, torch.zeros_like(pred), mask=torch.zeros_like(mask))
    assert (none.mean, none.count, none.detection_rates[2.0], str(none)) == (None, 0, None, "no landmark")


def test_invariances():
    generator = torch.Generator().manual_seed(0)
    pred, target = (torch.randn(3, 5, 2, dtype=torch.float64, generator=generator) for _ in range(2))
    turn = tensor([0.6, 0.8], [-0.8, 0.6])
    moved = radial_error((pred @ turn + 7).flip(1), (target @ turn + 7).flip(1))
    assert moved.mean == pytest.approx(radial_error(pred, target).mean)
    assert radial_error(3 * pred, 3 * target).mean == pytest.approx(3 * moved.mean)


def test_wrong_arguments():
    zero = torch.zeros(2, 4, 2)
    with pytest.raises(ValueError, match="radial_error: truth must have shape"):
        radial_error(zero, zero[0])
    with pytest.raises(ValueError, match=r"pred must have shape \(\.\.\., K, 2\)"):
        radial_error(torch.zeros(2), torch.zeros(2))
    with pytest.raises(ValueError, match="spacing must be a number or have shape"):
        radial_error(zero, zero, spacing=torch.ones(4))
    with pytest.raises(ValueError, match="spacing must be positive"):
        radial_error(zero, zero, spacing=0.0)
    with pytest.raises(ValueError, match="mask must have shape"):
        radial_error(zero, zero, mask=torch.ones(2, 4, 2, dtype=torch.bool))


SQUARE = tensor([0, 0], [1.5, 0], [0, 1], [1.5, 1])
TWO = torch.cat([SQUARE, SQUARE + tensor(0, 1.3)])
SKELETON = Skeleton.anteroposterior(2)


def test_violations_by_hand():
    right = structure_violations(TWO, SKELETON)
    assert (right.order, right.orientation, right.sides) == (0, 0, 0)
    crossed = structure_violations(TWO[[0, 1, 3, 2, 4, 5, 6, 7]], SKELETON)
    assert (crossed.order, crossed.orientation, crossed.sides) == (0, 0.5, 0.25)
    swapped = structure_violations(TWO[[4, 5, 6, 7, 0, 1, 2, 3]], SKELETON)
    assert (swapped.order, swapped.orientation, swapped.sides) == (pytest.approx(1 / 3), 0, 0)
    mirrored = structure_violations(TWO * tensor(-1, 1), SKELETON)
    assert (mirrored.order, mirrored.orientation, mirrored.sides) == (0, 1, 1)


def test_violations_in_the_frame_of_the_truth():
    lying = TWO @ tensor([0, 1], [-1, 0])
    found = structure_violations(lying, SKELETON, reference=lying)
    assert (found.order, found.orientation, found.sides) == (0, 0, 0)
    upside_down = structure_violations(-TWO, SKELETON, reference=TWO)
    assert (upside_down.order, upside_down.orientation, upside_down.sides) == (1, 0, 1)


def test_violations_of_collapsed_and_hidden_landmarks():
    collapsed = structure_violations(torch.zeros(8, 2), SKELETON)
    assert (collapsed.order, collapsed.orientation, collapsed.sides) == (1, 1, 1)
    mask = torch.ones(8, dtype=torch.bool)
    mask[4:] = False
    broken = torch.where(mask[:, None], TWO, torch.nan)
    assert structure_violations(broken, SKELETON, mask=mask).order == 0
    nothing = structure_violations(broken, SKELETON, mask=torch.zeros_like(mask))
    assert (nothing.order, nothing.orientation, nothing.sides) == (None, None, None)


def test_violations_refuse_wrong_shapes():
    with pytest.raises(ValueError, match="structure_violations: landmarks must be"):
        structure_violations(SQUARE, SKELETON)
    with pytest.raises(ValueError, match="reference must have shape"):
        structure_violations(TWO, SKELETON, reference=SQUARE)
