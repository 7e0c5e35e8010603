"""The values of MONAI's segmentation losses where the definition is shared; skipped where it is not installed."""

import pytest
import torch

from diffshape import losses

monai = pytest.importorskip("monai.losses")


def images(*shape, count=3):
    generator = torch.Generator().manual_seed(0)
    pred = torch.randn(2, count, *shape, dtype=torch.float64, generator=generator)
    return pred, torch.randint(count, (2, *shape), generator=generator)


shapes = pytest.mark.parametrize("shape", [(6, 5), (3, 4, 5)])
kinds = pytest.mark.parametrize(
    ("classes", "activation"), [("exclusive", {"softmax": True}), ("independent", {"sigmoid": True})]
)


@shapes
@kinds
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_dice(shape, classes, activation, squared, reduction):
    pred, names = images(*shape)
    theirs = monai.DiceLoss(
        to_onehot_y=True, squared_pred=squared, reduction=reduction, smooth_nr=0.1, smooth_dr=0.1, **activation
    )(pred, names[:, None])
    ours = losses.segmentation_dice_loss(
        pred, names, classes=classes, squared=squared, epsilon=0.1, reduction=reduction
    )
    torch.testing.assert_close(ours, theirs.reshape(ours.shape))


@shapes
@kinds
def test_dice_without_background_and_weighted(shape, classes, activation):
    pred, names = images(*shape)
    smooth = {"to_onehot_y": True, "smooth_nr": 1e-3, "smooth_dr": 1e-3, **activation}
    theirs = monai.DiceLoss(include_background=False, **smooth)(pred, names[:, None])
    ours = losses.segmentation_dice_loss(
        pred, names, classes=classes, epsilon=1e-3, class_weights=torch.tensor([0.0, 1.0, 1.0])
    )
    torch.testing.assert_close(ours, theirs)
    weights = torch.tensor([1.0, 2.0, 5.0]).double()
    theirs = monai.DiceLoss(weight=weights, **smooth)(pred, names[:, None]) * 3 / 8  # theirs divides by the classes
    ours = losses.segmentation_dice_loss(pred, names, classes=classes, epsilon=1e-3, class_weights=weights)
    torch.testing.assert_close(ours, theirs)


@shapes
@kinds
def test_tversky_and_jaccard(shape, classes, activation):
    pred, names = images(*shape)
    smooth = {"to_onehot_y": True, "smooth_nr": 0.01, "smooth_dr": 0.01, **activation}
    theirs = monai.TverskyLoss(alpha=0.3, beta=0.7, **smooth)(pred, names[:, None])
    ours = losses.segmentation_tversky_loss(pred, names, alpha=0.3, beta=0.7, classes=classes, epsilon=0.01)
    torch.testing.assert_close(ours, theirs)
    theirs = monai.DiceLoss(jaccard=True, **smooth)(pred, names[:, None])
    ours = losses.segmentation_tversky_loss(pred, names, alpha=1, beta=1, classes=classes, epsilon=0.005)
    torch.testing.assert_close(ours, theirs)


@shapes
@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_focal(shape, gamma):
    pred, names = images(*shape)
    pred = pred.float()  # theirs computes in float32
    theirs = monai.FocalLoss(to_onehot_y=True, gamma=gamma, use_softmax=True)(pred, names[:, None])
    ours = losses.segmentation_focal_loss(pred, names, gamma=gamma)
    torch.testing.assert_close(ours, 3 * theirs)  # theirs also divides by the classes
    for reduction in ("mean", "none"):
        theirs = monai.FocalLoss(to_onehot_y=True, gamma=gamma, alpha=0.25, reduction=reduction)(pred, names[:, None])
        ours = losses.segmentation_focal_loss(
            pred, names, gamma=gamma, alpha=0.25, classes="independent", reduction=reduction
        )
        torch.testing.assert_close(ours, theirs)


def test_voxel_losses():
    pred, names = images(3, 4, 5, count=2)
    pred, names = pred[:, 0].float(), names.float()
    for squared in (False, True):
        theirs = monai.DiceLoss(sigmoid=True, squared_pred=squared, smooth_nr=0.1, smooth_dr=0.1)(
            pred[:, None], names[:, None]
        )
        ours = losses.voxel_dice_loss(pred, names, squared=squared, epsilon=0.1)
        torch.testing.assert_close(ours, theirs)
    theirs = monai.FocalLoss(gamma=2.0)(pred[:, None], names[:, None])
    torch.testing.assert_close(losses.voxel_focal_loss(pred, names), theirs)
