"""Pictures of losses on grids: a prediction, and how far minus the gradient pushes the logit of every cell."""

from collections.abc import Callable
from functools import partial

import torch
from style import gradient, grey_map, outline, panels, save, signed_map
from torch import Tensor

from diffshape import losses

SIDE = 26


def coordinates() -> tuple[Tensor, Tensor]:
    """x and y of every cell."""
    across = torch.arange(SIDE, dtype=torch.float32)
    return torch.meshgrid(across, across, indexing="xy")


def shape() -> Tensor:
    """A disc with a thin handle, 0 or 1."""
    x, y = coordinates()
    disc = (x - 9).square() + (y - 13).square() < 30
    handle = (x >= 9) & (x < 23) & ((y - 13).abs() < 1.5)
    return (disc | handle).float()


def logits() -> Tensor:
    """A half-trained guess: the disc soft and too far up, the handle hardly seen, and a lump at the corner."""
    x, y = coordinates()
    disc = 4 - 0.13 * ((x - 9.5).square() + (y - 15).square())
    lump = 1.5 - 0.5 * ((x - 21).square() + (y - 22).square())
    handle = 1.2 - 0.8 * (y - 13).square() - 0.3 * (x - 8).clamp(min=0) - 2 * (8 - x).clamp(min=0)
    return torch.stack([disc, lump, handle, torch.full_like(x, -3.5)]).amax(0)


def on_grid(variants: dict[str, Callable[..., Tensor]]) -> Callable:
    """The guess in grey, then minus the gradient for each form of a loss."""

    def draw(folder: str, name: str) -> None:
        figure, axes = panels(1 + len(variants), width=2.5, height=2.8)
        target = shape()
        grey_map(axes[0], logits().sigmoid(), "prediction\noutline: target")
        outline(axes[0], target)
        for axis, (title, loss) in zip(axes[1:], variants.items()):
            moving = logits()[None].requires_grad_()
            (steps,) = gradient(loss(moving, target[None]), moving)
            signed_map(axis, steps[0], title)
            outline(axis, target)
        save(figure, folder, name)

    return draw


def with_options(loss: Callable[..., Tensor], *options: dict[str, float]) -> dict[str, Callable[..., Tensor]]:
    """Forms of a loss by the options that stand above their panels."""
    titles = [", ".join(f"{name}={value}" for name, value in each.items()) for each in options]
    return {title: partial(loss, **each) for title, each in zip(titles, options)}


def classes() -> tuple[Tensor, Tensor]:
    """Labels of background, disc and handle, and logits of a guess."""
    x, y = coordinates()
    labels = shape().long()
    labels[(labels == 1) & ((x - 9).square() + (y - 13).square() >= 30)] = 2
    guess = logits()
    thin = 0.6 - 0.8 * (y - 13).square() - 0.25 * (x - 15).clamp(min=0) - 2 * (15 - x).clamp(min=0)
    return labels, torch.stack([-guess.clamp(-3, 3), guess, thin.clamp(min=-4)])


def of_classes(loss: Callable[..., Tensor], title: str, other: dict, other_title: str) -> Callable:
    """The labels, minus the gradient for each channel, and that of the rarest channel under another option."""

    def draw(folder: str, name: str) -> None:
        figure, axes = panels(5, width=2.25, height=2.7)
        labels, guess = classes()
        grey_map(axes[0], labels / 2, "target: 3 classes\n")
        steps = []
        for options in ({}, other):
            moving = guess[None].clone().requires_grad_()
            steps.append(gradient(loss(moving, labels[None], **options), moving)[0][0])
        for axis, channel, values in zip(axes[1:], ("background", "disc", "handle"), steps[0]):
            signed_map(axis, values, f"{title}: {channel}")
        signed_map(axes[4], steps[1][2], f"{other_title}: handle")
        for axis, channel in zip(axes[1:], (0, 1, 2, 2)):
            outline(axis, (labels == channel).float())
        save(figure, folder, name)

    return draw


PICTURES = {
    "voxel_cross_entropy": on_grid(
        with_options(losses.voxel_cross_entropy, {"positive_weight": 1}, {"positive_weight": 6})
    ),
    "voxel_focal_loss": on_grid(with_options(losses.voxel_focal_loss, {"gamma": 0}, {"gamma": 2}, {"gamma": 5})),
    "voxel_dice_loss": on_grid(with_options(losses.voxel_dice_loss, {"squared": False}, {"squared": True})),
    "voxel_tversky_loss": on_grid(
        with_options(losses.voxel_tversky_loss, {"alpha": 0.2, "beta": 0.8}, {"alpha": 0.8, "beta": 0.2})
    ),
    "voxel_iou_loss": on_grid({"IoU": losses.voxel_iou_loss, "Dice": losses.voxel_dice_loss}),
}
SEGMENTATION = {
    "segmentation_focal_loss": of_classes(losses.segmentation_focal_loss, "gamma=2", {"gamma": 0}, "gamma=0"),
    "segmentation_dice_loss": of_classes(
        losses.segmentation_dice_loss, "Dice", {"class_weights": torch.tensor([0.0, 1.0, 1.0])}, "no background"
    ),
    "segmentation_tversky_loss": of_classes(
        losses.segmentation_tversky_loss, "0.5, 0.5", {"alpha": 0.2, "beta": 0.8}, "0.2, 0.8"
    ),
}
