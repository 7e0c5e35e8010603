"""Pictures of losses on the values of a field: maps of a plane, with blue to rise and red to fall, and curves."""

from collections.abc import Callable

import torch
from style import CURVES, TARGET, gradient, graphs, outline, panels, save, signed_map
from torch import Tensor

from diffshape import losses

SIDE, REACH, BORDER = 48, 1.0, 4
"""Cells along a side of the square [-REACH, REACH]^2, and how many at its border have one-sided differences."""


def grid() -> tuple[Tensor, Tensor, float]:
    """x and y of the cells, and the distance between them."""
    steps = torch.linspace(-REACH, REACH, SIDE)
    x, y = torch.meshgrid(steps, steps, indexing="xy")
    return x, y, 2 * REACH / (SIDE - 1)


def crumpled() -> Tensor:
    """A circle's distance, too steep on the right, too flat on the left, and crumpled at the bottom."""
    x, y, _ = grid()
    distance = (x.square() + y.square()).sqrt() - 0.55
    near_bottom = (-(x.square() + (y + 0.5).square()) / 0.06).exp()
    return distance * (1 + 0.5 * x) + 0.09 * (14 * x).sin() * near_bottom


def derivatives(field: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients (N, N, 2) and second derivatives (N, N, 2, 2) by central differences."""
    _, _, step = grid()

    def slopes(values: Tensor) -> Tensor:
        down, across = torch.gradient(values, spacing=step)
        return torch.stack([across, down], -1)

    first = slopes(field)
    return first, torch.stack([slopes(first[..., 0]), slopes(first[..., 1])], -2)


def on_field(variants: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]]) -> Callable:
    """What each loss of value, gradient and second derivatives asks of the values of the crumpled field."""

    def draw(folder: str, name: str) -> None:
        figure, axes = panels(1 + len(variants), width=2.6)
        field = crumpled()
        levels(axes[0], inner(field))
        for axis, (title, loss) in zip(axes[1:], variants.items()):
            values = field.clone().requires_grad_()
            (steps,) = gradient(loss(values, *derivatives(values)), values)
            signed_map(axis, inner(steps), title)
            outline(axis, inner(field), 0.0)
        save(figure, folder, name)

    return draw


def levels(axis, field: Tensor) -> None:
    """The field as lines of equal value, the zero level in colour."""
    axis.contour(field, levels=18, colors=[TARGET], linewidths=0.7, linestyles="solid")
    axis.set_title("the field and\nits zero level")
    outline(axis, field, 0.0)


def inner(values: Tensor) -> Tensor:
    """The cells whose differences are central."""
    return values[BORDER:-BORDER, BORDER:-BORDER]


def along_gradient(values: Tensor, slopes: Tensor, second: Tensor) -> Tensor:
    """Second derivatives along the gradient as a loss."""
    curvatures = torch.einsum("...i,...ij,...j->...", slopes, second, slopes)
    return losses.directional_divergence_loss(curvatures, slopes)


def laplacian(values: Tensor, slopes: Tensor, second: Tensor) -> Tensor:
    """The sum of the second derivatives as a loss."""
    return losses.divergence_loss(second.diagonal(dim1=-2, dim2=-1).sum(-1))


def two_discs() -> Tensor:
    """Distances of a disc that is meant and of a small one where there are no data."""
    x, y, _ = grid()
    meant = ((x + 0.25).square() + (y + 0.1).square()).sqrt() - 0.45
    spurious = ((x - 0.62).square() + (y - 0.6).square()).sqrt() - 0.16
    return torch.minimum(meant, spurious)


def area(folder: str, name: str) -> None:
    """Two discs, of which both shrink."""
    figure, axes = panels(3, width=2.7)
    field = two_discs()
    levels(axes[0], field)
    for axis, alpha in zip(axes[1:], (10.0, 40.0)):
        values = field.clone().requires_grad_()
        (steps,) = gradient(losses.surface_area_loss(values, alpha=alpha), values)
        signed_map(axis, steps, f"alpha={alpha:g}")
        outline(axis, field, 0.0)
    save(figure, folder, name)


def of_distance(loss: Callable[..., Tensor], reach: float) -> Callable:
    """Value and derivative in the prediction, for three true distances."""

    def draw(folder: str, name: str) -> None:
        figure, axes = graphs(("loss", "derivative"), "predicted distance")
        for color, true in zip(CURVES, (0.0, 0.05, 0.3)):
            pred = torch.linspace(-reach, reach, 801, requires_grad=True)
            values = loss(pred, torch.full_like(pred, true), reduction="none")
            (slopes,) = torch.autograd.grad(values.sum(), pred)
            axes[0].plot(pred.detach(), values.detach(), color=color, label=f"true distance {true:g}")
            axes[1].plot(pred.detach(), slopes, color=color)
        axes[0].legend(framealpha=0.85, edgecolor="none", fontsize=9)
        save(figure, folder, name)

    return draw


PICTURES = {
    "eikonal_loss": on_field(
        {
            "squared": lambda values, slopes, second: losses.eikonal_loss(slopes),
            "squared=False": lambda values, slopes, second: losses.eikonal_loss(slopes, squared=False),
        }
    ),
    "divergence_loss": on_field({"divergence_loss": laplacian, "eikonal_loss": lambda f, g, h: losses.eikonal_loss(g)}),
    "directional_divergence_loss": on_field(
        {"directional_divergence_loss": along_gradient, "divergence_loss": laplacian}
    ),
    "surface_area_loss": area,
    "mape_loss": of_distance(losses.mape_loss, 0.5),
    "clamped_l1_loss": of_distance(losses.clamped_l1_loss, 0.5),
    "relative_l2_loss": of_distance(losses.relative_l2_loss, 1.0),
}
