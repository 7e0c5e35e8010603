import pytest
import torch

from diffshape.data import SpinePhantomConfig
from diffshape.data.landmarks.anatomy import spine_bones


def bones(count=64, seed=0, **config):
    return spine_bones(count, SpinePhantomConfig(**config), torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("view", ["ap", "lateral"])
def test_axes_are_orthonormal_and_corners_run_around(view):
    drawn = bones(view=view)
    torch.testing.assert_close(drawn.across.norm(dim=-1), torch.ones(64, 7))
    torch.testing.assert_close((drawn.across * drawn.down).sum(-1), torch.zeros(64, 7), atol=1e-6, rtol=0)
    falling, rising = (drawn.corners[..., b, :] - drawn.corners[..., a, :] for a, b in ((0, 3), (1, 2)))
    assert (falling[..., 0] * rising[..., 1] - falling[..., 1] * rising[..., 0] > 0).all()  # signed area


def test_sizes_are_as_promised():
    drawn = bones()
    ratio = drawn.widths / drawn.heights
    assert ratio.min() >= 1.35
    assert ratio.max() <= 1.75
    torch.testing.assert_close(drawn.heights[:, 2] / drawn.heights[:, 1], torch.full((64,), 1.03))
    first = drawn.heights[:, 1] / 128
    assert first.min() >= 0.088
    assert first.max() <= 0.108


def test_the_lumbar_part_is_centred():
    middle = bones(height=128, width=96).corners[:, 1:6].mean((1, 2))
    assert (middle[:, 0] - 47.5).abs().max() <= 0.03 * 96 + 1e-3
    assert (middle[:, 1] - 63.5).abs().max() <= 0.03 * 128 + 1e-3


def test_a_lateral_spine_is_a_lordosis_facing_left():
    centers = bones(rotation=0.0).centers
    straight = (centers[:, 1] + centers[:, 5]) / 2
    assert (centers[:, 3, 0] < straight[:, 0]).all()


def test_rotation_turns_l3_by_at_most_its_limit():
    right = bones(rotation=30.0).across[:, 3]
    degrees = torch.rad2deg(torch.atan2(right[:, 1], right[:, 0]))
    assert 20 < degrees.abs().max() < 33  # wedges and jitter of corners come on top


def test_a_slip_is_25_to_50_percent_forward_along_the_end_plate_below():
    slipped, whole = bones(slip=1.0, rotation=0.0), bones(rotation=0.0)
    back = ((slipped.corners[..., 2:, :] - slipped.corners.roll(-1, 1)[..., :2, :]).mean(-2))[:, :6]
    share = -(back * slipped.across.roll(-1, 1)[:, :6]).sum(-1) / slipped.widths[:, :6]
    most, level = share.max(-1)
    assert set(level.tolist()) == {4, 5}
    usual = -((whole.corners[..., 2:, :] - whole.corners.roll(-1, 1)[..., :2, :]).mean(-2))[:, :6]
    bend = ((usual * whole.across.roll(-1, 1)[:, :6]).sum(-1) / whole.widths[:, :6]).abs().max().item()
    assert 0.25 - bend <= most.min()  # the curve itself moves end-plates by no more than the bend
    assert most.max() <= 0.5 + bend
    assert bend < 0.12


def test_the_shutter_hides_up_to_so_many_levels_at_one_end():
    shut = bones(count=300, missing=2).shut
    assert set(shut[:, 1:6].sum(-1).tolist()) == {0, 1, 2}
    assert not (shut[:, 1] & shut[:, 5]).any()
    assert not shut[:, 3].any()
    assert not bones(missing=0).shut.any()
