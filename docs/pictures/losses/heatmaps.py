"""Pictures of losses on heat-maps: a guess, its target, and where minus the gradient raises or lowers the map."""

from collections.abc import Callable

import torch
from style import gradient, grey_map, outline, panels, save, signed_map
from torch import Tensor

from diffshape import losses, ops

SIDE = 25
TRUTH, GUESS = (11.0, 13.0), (15.0, 11.0)


def blob(center: tuple[float, float], sigma: float = 2.5) -> Tensor:
    """A Gaussian of height 1 at a pixel."""
    return ops.gaussian_heatmaps(torch.tensor(center)[None, None], (SIDE, SIDE), sigma=sigma, rounded=True)[0, 0]


def guess() -> Tensor:
    """A blob beside the truth, a weak second one, and a faint background."""
    return 0.75 * blob(GUESS) + 0.3 * blob((4.0, 20.0), 2.0) + 0.03


def on_map(
    variants: dict[str, Callable[[Tensor, Tensor], Tensor]], start: Callable[[str], Tensor], shown: str
) -> Callable[[str, str], None]:
    """The guess in grey, then minus the gradient for each form of a loss; the outline is half the target's height.

    ``start`` is what the gradient is taken in, values or logits of the guess, by the title of the panel.
    """

    def draw(folder: str, name: str) -> None:
        figure, axes = panels(1 + len(variants), width=2.5, height=2.8)
        target = blob(TRUTH)
        grey_map(axes[0], guess(), f"{shown}\noutline: target")
        outline(axes[0], target)
        for axis, (title, loss) in zip(axes[1:], variants.items()):
            moving = start(title)[None, None].clone().requires_grad_()
            (steps,) = gradient(loss(moving, target[None, None]), moving)
            signed_map(axis, steps[0, 0], title)
            outline(axis, target)
        save(figure, folder, name)

    return draw


def of_values(variants: dict[str, Callable[[Tensor, Tensor], Tensor]]) -> Callable[[str, str], None]:
    """Losses that take the guess itself."""
    return on_map(variants, lambda title: guess(), "prediction")


def of_shares(variants: dict[str, Callable[[Tensor, Tensor], Tensor]]) -> Callable[[str, str], None]:
    """Losses that take logits whose softmax is the guess."""
    return on_map(variants, lambda title: guess().log(), "softmax of the logits")


def objective(**lambdas: float) -> Callable[[Tensor, Tensor], Tensor]:
    """The total of a `LandmarkLoss` of some terms."""
    loss = losses.LandmarkLoss(sigma=2.5, lambda_anatomical=0.0, lambda_uncertainty=0.0, **lambdas)
    return lambda logits, target: loss(logits, torch.tensor(TRUTH)[None, None]).total


PICTURES = {
    "heatmap_mse": of_values({"heatmap_mse": losses.heatmap_mse}),
    "adaptive_wing_loss": of_values(
        {
            "adaptive Wing": losses.adaptive_wing_loss,
            "weighted_map=True": lambda pred, target: losses.adaptive_wing_loss(pred, target, weighted_map=True),
            "heatmap_mse": losses.heatmap_mse,
        }
    ),
    "heatmap_focal_loss": on_map(
        {
            kind: lambda pred, target, kind=kind: losses.heatmap_focal_loss(pred, target, kind=kind)
            for kind in ("centernet", "focal_l2", "background")
        },
        lambda kind: guess().logit() if kind == "centernet" else guess(),
        "prediction",
    ),
    "heatmap_divergence": of_shares(
        {
            kind: lambda pred, target, kind=kind: losses.heatmap_divergence(pred, target, kind=kind)
            for kind in ("js", "kl", "reverse_kl")
        }
    ),
    "LandmarkLoss": of_shares(
        {
            "heat-map term": objective(lambda_coordinate=0.0),
            "coordinate term": objective(lambda_heatmap=0.0),
            "both": objective(),
        }
    ),
}
