"""Pictures of losses on coordinates: curves of value and derivative, maps of two unknowns, and landmarks of a spine."""

from collections.abc import Callable

import torch
from style import ARROW, CLOUD, CURVES, TARGET, arrows, dots, gradient, graphs, panels, plt, save, segments, size_of
from torch import Tensor

from diffshape import losses


def curves(variants: dict[str, Callable[..., Tensor]], reach: float, across: str = "error, pixels") -> Callable:
    """Value and derivative over the error of one coordinate."""

    def draw(folder: str, name: str) -> None:
        figure, axes = graphs(("loss", "derivative"), across)
        for color, (title, loss) in zip(CURVES, variants.items()):
            error = torch.linspace(-reach, reach, 1201, requires_grad=True)
            values = loss(error, torch.zeros_like(error), reduction="none")
            (slopes,) = torch.autograd.grad(values.sum(), error)
            axes[0].plot(error.detach(), values.detach(), color=color, label=title)
            axes[1].plot(error.detach(), slopes, color=color)
        axes[0].legend(framealpha=0.85, edgecolor="none", fontsize=9)
        save(figure, folder, name)

    return draw


def plane_of_errors(variants: dict[str, Callable[..., Tensor]]) -> Callable:
    """Steps of a landmark by its error in x and y; the grey lines are of equal loss."""

    def draw(folder: str, name: str) -> None:
        figure, axes = panels(len(variants), width=3.2, height=3.3)
        fine = torch.linspace(-12, 12, 97)
        coarse = torch.linspace(-10, 10, 9)
        for axis, (title, loss) in zip(axes, variants.items()):
            error = torch.stack(torch.meshgrid(fine, fine, indexing="xy"), -1)
            values = loss(error, torch.zeros_like(error), reduction="none")
            values = values.sum(-1) if values.ndim == 3 else values
            axis.contour(fine, fine, values, levels=7, colors=[TARGET], linewidths=0.8)
            places = torch.stack(torch.meshgrid(coarse, coarse, indexing="xy"), -1).reshape(-1, 2).requires_grad_()
            (steps,) = gradient(loss(places, torch.zeros_like(places), reduction="sum"), places)
            axis.set_title(f"{title}\n{size_of(steps)}")
            dots(axis, places, CLOUD, 9)
            arrows(axis, places, steps, 2.6)
        save(figure, folder, name, colors=48)

    return draw


def similarity(folder: str, name: str) -> None:
    """The loss of one keypoint over its distance, for three sigmas; an object of area 100^2."""
    figure, axes = graphs(("loss", "derivative"), "distance from the truth, pixels")
    for color, sigma in zip(CURVES, (0.025, 0.05, 0.107)):
        distance = torch.linspace(0, 60, 601, requires_grad=True)
        pred = torch.stack([distance, torch.zeros_like(distance)], -1)[:, None]
        areas = torch.full((len(pred),), 1e4)
        values = losses.keypoint_similarity_loss(
            pred, torch.zeros_like(pred), areas, torch.tensor([sigma]), reduction="none"
        )
        (slopes,) = torch.autograd.grad(values.sum(), distance)
        axes[0].plot(distance.detach(), values.detach(), color=color, label=f"sigma {sigma:g}, area 100²")
        axes[1].plot(distance.detach(), slopes, color=color)
    axes[0].legend(framealpha=0.85, edgecolor="none", fontsize=9)
    save(figure, folder, name)


def uncertain(variants: dict[str, Callable[..., Tensor]]) -> Callable:
    """Steps of error and s = ln(variance) together; colours are the value, the line is the best s of each error."""

    def draw(folder: str, name: str) -> None:
        figure, axes = plt.subplots(
            1, len(variants), figsize=(3.9 * len(variants), 3.1), layout="constrained", squeeze=False
        )
        for axis, (title, loss) in zip(axes.flat, variants.items()):
            error, s = torch.meshgrid(torch.linspace(0, 4, 101), torch.linspace(-2, 4, 101), indexing="xy")
            values = loss(error, torch.zeros_like(error), s, reduction="none")
            axis.contourf(error, s, values.clamp(max=6), levels=14, cmap="Greys", alpha=0.55)
            axis.plot(error[0], s[values.argmin(0), 0], color="#e09f3e", linewidth=1.6)
            r, t = torch.meshgrid(torch.linspace(0.25, 3.75, 8), torch.linspace(-1.7, 3.7, 8), indexing="xy")
            r, t = r.clone().requires_grad_(), t.clone().requires_grad_()
            steps = torch.stack(gradient(loss(r, torch.zeros_like(r), t, reduction="sum"), r, t), -1)
            axis.quiver(
                r.detach(), t.detach(), *steps.movedim(-1, 0), color=ARROW, angles="xy", scale_units="xy",
                scale=steps.norm(dim=-1).quantile(0.8).item() / 0.5, width=0.006,
            )  # fmt: skip
            axis.set(title=title, xlabel="error", ylabel="s = ln(variance)", xlim=(0, 4), ylim=(-2, 4))
        save(figure, folder, name)

    return draw


def spine() -> Tensor:
    """Three vertebrae of two end-plates each."""
    square = torch.tensor([[0.0, 0.0], [1.5, 0.0], [0.0, 1.0], [1.5, 1.0]])
    return torch.cat([square + torch.tensor([0.12 * i * i, 1.3 * i]) for i in range(3)])


def structure(folder: str, name: str) -> None:
    """Three faults: a vertebra upside down, one that overlaps, and one that is too wide and wedged."""
    figure, axes = panels(3, width=2.5, height=3.4)
    skeleton = losses.Skeleton.anteroposterior(3)
    swapped, overlapping, wedged = spine(), spine(), spine()
    swapped[4:8] = swapped[[6, 7, 4, 5]]
    overlapping[4:8] += torch.tensor([0.1, 0.75])
    wedged[5] += torch.tensor([1.0, -0.25])
    wedged[7] += torch.tensor([0.8, 0.3])
    for axis, title, landmarks in zip(
        axes, ("upside down", "in the next one", "wedged and wide"), (swapped, overlapping, wedged)
    ):
        moving = landmarks.clone().requires_grad_()
        terms = losses.structure_loss(moving, skeleton, reference=spine())
        (steps,) = gradient(terms.total, moving)
        axis.set_title(f"{title}\n{size_of(steps)}")
        axis.set_xlim(-0.5, 3.2)
        axis.set_ylim(4.3, -0.7)
        for i in range(0, 12, 4):
            upper_left, upper_right, lower_left, lower_right = landmarks[i : i + 4]
            segments(axis, torch.stack([upper_left, lower_left]), torch.stack([lower_left, lower_right]), TARGET, 1.2)
            segments(axis, torch.stack([lower_right, upper_right]), torch.stack([upper_right, upper_left]), TARGET, 1.2)
            segments(axis, upper_left[None], upper_right[None], CLOUD, 2.2)
        dots(axis, landmarks, CLOUD)
        arrows(axis, landmarks, steps, 0.75)
    save(figure, folder, name)


WING = losses.wing_loss
PICTURES = {
    "wing_loss": curves(
        {
            "omega 10, epsilon 2": WING,
            "omega 10, epsilon 0.5": lambda pred, target, reduction: WING(
                pred, target, epsilon=0.5, reduction=reduction
            ),
            "smooth L1": losses.smooth_l1_loss,
        },
        15,
    ),
    "rectified_wing_loss": curves(
        {
            "radius 0.5": losses.rectified_wing_loss,
            "radius 2": lambda pred, target, reduction: losses.rectified_wing_loss(
                pred, target, radius=2.0, reduction=reduction
            ),
            "Wing": WING,
        },
        12,
    ),
    "soft_wing_loss": curves(
        {
            "soft Wing": losses.soft_wing_loss,
            "Wing": WING,
        },
        12,
    ),
    "smooth_l1_loss": curves(
        {
            f"beta {beta:g}": lambda pred, target, reduction, beta=beta: losses.smooth_l1_loss(
                pred, target, beta=beta, reduction=reduction
            )
            for beta in (0.2, 1.0, 4.0)
        },
        6,
    ),
    "euclidean_loss": plane_of_errors({"Euclidean": losses.euclidean_loss, "Wing, axis by axis": WING}),
    "keypoint_similarity_loss": similarity,
    "gaussian_nll": uncertain({"Gaussian": losses.gaussian_nll}),
    "laplace_nll": uncertain({"Laplace": losses.laplace_nll, "Gaussian": losses.gaussian_nll}),
    "beta_nll": uncertain({"beta 0.5": losses.beta_nll, "beta 0: Gaussian": losses.gaussian_nll}),
    "structure_loss": structure,
}
