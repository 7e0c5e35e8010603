"""Cross-entropy and focal loss: values by hand, PyTorch's and MONAI's, and what their options mean."""

import math

import pytest
import torch

from diffshape.losses import voxel_cross_entropy, voxel_focal_loss


def grids(seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(2, 4, 4, 4, dtype=torch.float64, generator=generator)
    return logits, (torch.rand(logits.shape, generator=generator) < 0.3).double()


def single(p, y):
    """One voxel of probability p."""
    return torch.full((1, 1, 1), math.log(p / (1 - p)), dtype=torch.float64), torch.full((1, 1, 1), y)


def test_cross_entropy_by_hand():
    assert voxel_cross_entropy(*single(0.25, 1.0)).item() == pytest.approx(math.log(4))
    assert voxel_cross_entropy(*single(0.25, 0.0)).item() == pytest.approx(math.log(4 / 3))
    assert voxel_cross_entropy(*single(0.25, 1.0), positive_weight=5.0).item() == pytest.approx(5 * math.log(4))
    assert voxel_cross_entropy(*single(0.25, 0.0), positive_weight=5.0).item() == pytest.approx(math.log(4 / 3))
    assert voxel_cross_entropy(*single(0.5, 0.5)).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("weight", [1.0, 7.5])
def test_cross_entropy_equals_pytorch(weight):
    logits, target = grids()
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, pos_weight=torch.tensor(weight))
    torch.testing.assert_close(voxel_cross_entropy(logits, target, positive_weight=weight), theirs)


def test_focal_by_hand():
    assert voxel_focal_loss(*single(0.25, 1.0)).item() == pytest.approx(0.75**2 * math.log(4))
    assert voxel_focal_loss(*single(0.25, 0.0)).item() == pytest.approx(0.25**2 * math.log(4 / 3))
    assert voxel_focal_loss(*single(0.25, 1.0), gamma=0.5).item() == pytest.approx(0.75**0.5 * math.log(4))
    assert voxel_focal_loss(*single(0.25, 1.0), alpha=0.9).item() == pytest.approx(0.9 * 0.75**2 * math.log(4))
    assert voxel_focal_loss(*single(0.25, 0.0), alpha=0.9).item() == pytest.approx(0.1 * 0.25**2 * math.log(4 / 3))


def test_focal_without_focus_is_cross_entropy_to_the_bit():
    logits, target = grids()
    assert torch.equal(voxel_focal_loss(logits, target, gamma=0.0), voxel_cross_entropy(logits, target))
    halved = voxel_focal_loss(logits, target, gamma=0.0, alpha=0.5)
    torch.testing.assert_close(halved, voxel_cross_entropy(logits, target) / 2)


@pytest.mark.parametrize("gamma", [0.1, 0.5, 0.9])
def test_gamma_below_one_has_a_finite_gradient_where_all_is_right(gamma):
    """(1 - p)^gamma has an infinite slope at p = 1, and 0 times that is NaN."""
    logits = torch.tensor([200.0, -200.0, 0.0]).reshape(1, 1, 3).requires_grad_()
    target = torch.tensor([1.0, 0.0, 1.0]).reshape(1, 1, 3)
    voxel_focal_loss(logits, target, gamma=gamma).backward()
    assert torch.isfinite(logits.grad).all()
    certain = torch.tensor([1.0, 0.0, 0.5]).reshape(1, 1, 3).requires_grad_()
    voxel_focal_loss(certain, target, gamma=gamma, from_logits=False).backward()
    assert torch.isfinite(certain.grad).all()


def test_gamma_takes_weight_from_easy_voxels():
    losses = [voxel_focal_loss(*single(0.9, 1.0), gamma=gamma).item() for gamma in (0.0, 0.5, 1.0, 2.0, 5.0)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == pytest.approx(1e-5 * losses[0])


@pytest.mark.parametrize(("gamma", "alpha"), [(2.0, None), (0.5, 0.25), (5.0, 0.75)])
def test_focal_equals_monai(gamma, alpha):
    monai = pytest.importorskip("monai.losses")
    logits, target = (each.float() for each in grids())  # as MONAI computes it
    theirs = monai.FocalLoss(gamma=gamma, alpha=alpha)(logits[:, None], target[:, None])
    torch.testing.assert_close(voxel_focal_loss(logits, target, gamma=gamma, alpha=alpha), theirs)


@pytest.mark.parametrize(
    ("loss", "options", "message"),
    [
        (voxel_cross_entropy, {"positive_weight": 0.0}, "positive_weight must be positive, got 0.0"),
        (voxel_focal_loss, {"gamma": -1.0}, "gamma must be 0 or more, got -1.0"),
        (voxel_focal_loss, {"alpha": 1.5}, "alpha must lie between 0 and 1, got 1.5"),
        (voxel_focal_loss, {"gamma": math.nan}, "gamma must be 0 or more, got nan"),
    ],
)
def test_bad_options(loss, options, message):
    with pytest.raises(ValueError, match=f"^{loss.__name__}: {message}"):
        loss(*grids(), **options)
