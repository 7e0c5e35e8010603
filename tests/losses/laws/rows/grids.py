"""Rows of the losses on voxels and segmentations."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from diffshape import losses
from losses.laws.row import Row, constant, number
from losses.laws.rows.points import drawn

GRID, FULL = 2 * drawn(3, 7), (drawn(3, 7, seed=1) > 0).double()
CHANNELS, SHARES = 2 * drawn(3, 3, 6, seed=2), drawn(3, 3, 6, seed=3).softmax(1)
LOGITS = {"equality": "predictions are logits: asked of probabilities"}


def in_space(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A loss of voxels that takes them in a row."""

    def call(pred: Tensor, target: Tensor, mask: Tensor | None = None, **options: Any) -> Tensor:
        pred, target, mask = (each if each is None else each[..., None, None] for each in (pred, target, mask))
        return function(pred, target, mask=mask, **options)

    return call


def of_one_or_many(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A loss of a batch of channels that takes one sample too."""

    def call(pred: Tensor, target: Tensor, mask: Tensor | None = None, **options: Any) -> Tensor:
        if pred.ndim == 3:
            return function(pred, target, mask=mask, **options)
        found = function(pred[None], target[None], mask=mask if mask is None else mask[None], **options)
        return found[0] if found.ndim else found

    return call


def voxels(function: Callable[..., Tensor], **more: Any) -> Row:
    arguments = {"pred": number(GRID, "voxels"), "target": constant(FULL, "voxels")}
    given = {"masks": {"mask": "voxels"}, "degree": 0, "exempt": LOGITS, "tiles": 2000}
    return Row(function=in_space(function), **{"arguments": arguments, **given, **more})


def certain(function: Callable[..., Tensor], **more: Any) -> Row:
    """Predictions are probabilities."""
    arguments = {"pred": number(GRID.sigmoid(), "voxels"), "target": constant(FULL, "voxels")}
    more["options"] = {"from_logits": False, **more.get("options", {})}
    return voxels(function, arguments=arguments, equal={"pred": "target"}, **{"exempt": {}, **more})


def channels(function: Callable[..., Tensor], **more: Any) -> Row:
    pred, target = number(CHANNELS, "voxels", axis=2), constant(SHARES, "voxels", axis=2)
    given = {"masks": {"mask": "voxels"}, "degree": 0, "tiles": 1000}
    exempt = LOGITS | more.pop("exempt", {})
    return Row(
        function=of_one_or_many(function),
        arguments={"pred": pred, "target": target},
        exempt=exempt,
        **{**given, **more},
    )


ROWS = {
    "voxel_cross_entropy": voxels(losses.voxel_cross_entropy, options={"positive_weight": 2.0}),
    "voxel_cross_entropy, probabilities": certain(losses.voxel_cross_entropy),
    "voxel_focal_loss": voxels(losses.voxel_focal_loss, options={"alpha": 0.3}),
    "voxel_focal_loss, probabilities": certain(losses.voxel_focal_loss),
    "voxel_dice_loss": voxels(losses.voxel_dice_loss),
    "voxel_dice_loss, squared": certain(losses.voxel_dice_loss, options={"squared": True}),
    "voxel_iou_loss": voxels(losses.voxel_iou_loss),
    "voxel_iou_loss, probabilities": certain(losses.voxel_iou_loss),
    "voxel_tversky_loss": voxels(losses.voxel_tversky_loss, options={"alpha": 0.3, "beta": 0.9}),
    "voxel_tversky_loss, probabilities": certain(losses.voxel_tversky_loss),
    **{
        f"segmentation_{name}_loss, {classes}": channels(
            getattr(losses, f"segmentation_{name}_loss"), options={"classes": classes}
        )
        for name in ("dice", "tversky", "focal")
        for classes in ("exclusive", "independent")
    },
}
