import pytest
import torch

from diffshape.losses import Skeleton, StructureLimits, structure_loss

AP = Skeleton.anteroposterior()


def jittered(spine, count=200):
    generator = torch.Generator().manual_seed(0)
    return spine() + 2 * torch.randn(count, 20, 2, dtype=torch.float64, generator=generator)


def test_limits_from_landmarks_leave_out_the_tails(spine):
    truth = jittered(spine)
    limits = StructureLimits.from_landmarks(truth, AP)
    assert 1.2 < limits.ratio[0] < 1.5 < limits.ratio[1] < 1.9
    assert 1 < limits.step < 1.4
    assert 5 < limits.wedge_degrees < 15
    everything = StructureLimits.from_landmarks(truth, AP, tail=0)
    terms = structure_loss(truth, AP, limits=everything)
    assert terms.parts["ratio"] < 1e-9
    assert terms.parts["consistency"] < 1e-9
    assert terms.parts["parallel"] < 1e-9
    some = structure_loss(truth, AP, limits=limits)
    assert some.parts["ratio"] > 0
    assert some.parts["parallel"] > 0


def test_by_hand(spine):
    limits = StructureLimits.from_landmarks(spine(growth=0.1), AP, tail=0)
    assert limits.ratio == pytest.approx((1.5, 2.1))
    assert limits.step == pytest.approx(1.1)
    assert limits.wedge_degrees == pytest.approx(0, abs=1e-6)


def test_hidden_landmarks_do_not_count(spine):
    truth = jittered(spine)
    mask = torch.ones(200, 20, dtype=torch.bool)
    mask[:100, 8:12] = False
    broken = torch.where(mask[..., None], truth, torch.nan)
    limits = StructureLimits.from_landmarks(broken, AP, mask=mask)
    assert limits.ratio == pytest.approx(StructureLimits.from_landmarks(truth, AP).ratio, rel=0.05)


def test_every_limit_acts(spine):
    generator = torch.Generator().manual_seed(1)
    skeleton = Skeleton.lateral()
    landmarks = spine(lateral=True) + 15 * torch.randn(22, 2, dtype=torch.float64, generator=generator)
    landmarks[20:] = landmarks[20:].mean(0) + torch.tensor([[0.0, -20.0], [0.0, 20.0]])
    base = structure_loss(landmarks, skeleton).total
    for change in (
        {"gap": 0.2}, {"edge": 0.6}, {"wedge_degrees": 5}, {"end_wedge_degrees": 5}, {"ratio": (1.4, 1.5)},
        {"step": 1.01},
    ):  # fmt: skip
        assert structure_loss(landmarks, skeleton, limits=StructureLimits(**change)).total > base, change


def test_wrong_limits(spine):
    with pytest.raises(ValueError, match="ratio must be two positive numbers"):
        StructureLimits(ratio=(2.0, 1.0))
    with pytest.raises(ValueError, match="step must be 1 or more"):
        StructureLimits(step=0.9)
    with pytest.raises(ValueError, match="gap must be 0 or more"):
        StructureLimits(gap=-1.0)
    with pytest.raises(ValueError, match="tail must be"):
        StructureLimits.from_landmarks(spine(), AP, tail=0.5)
    with pytest.raises(ValueError, match="no two neighbouring vertebrae"):
        StructureLimits.from_landmarks(spine(vertebrae=1), Skeleton.anteroposterior(1))
    with pytest.raises(ValueError, match="landmarks must be"):
        StructureLimits.from_landmarks(spine(vertebrae=4), AP)
