"""median_spacing: by hand, masked, and where there is none."""

import torch

from diffshape.ops.neighbors.spacing import median_spacing

POINTS = torch.tensor([[[0.0], [1.0], [4.0], [9.0]], [[0.0], [0.0], [0.0], [7.0]]])


def test_hand_computed_values():
    assert median_spacing(POINTS).tolist() == [1.0, 0.0]  # of 1, 1, 3, 5 the lower middle


def test_masked_points_are_as_good_as_gone():
    mask = torch.tensor([[False, True, True, True], [True, False, False, True]])
    points = torch.where(mask[..., None], POINTS, torch.nan)
    assert median_spacing(points, mask).tolist() == [3.0, 7.0]


def test_a_single_point_has_no_spacing():
    assert median_spacing(POINTS[:, :1]).tolist() == [0.0, 0.0]
    assert median_spacing(POINTS, torch.tensor([[True] + 3 * [False]] * 2)).tolist() == [0.0, 0.0]


def test_the_operator_keeps_its_promises_to_pytorch():
    torch.library.opcheck(median_spacing, (POINTS,))
