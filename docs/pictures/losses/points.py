"""Pictures of losses on points: one cloud (red), one target (grey), and where minus the gradient leads each point."""

import math
from collections.abc import Callable

import torch
from style import ARROW, CLOUD, TARGET, arrows, dots, gradient, panels, save, segments, size_of
from torch import Tensor

from diffshape import losses, ops

LONGEST = 0.28


def clouds() -> tuple[Tensor, Tensor]:
    """A blob with one outlier, and an arc that is crowded on the left: 22 points each."""
    generator = torch.Generator().manual_seed(4)
    angles = math.pi * (1.15 - 1.3 * torch.linspace(0, 1, 22) ** 2.2)
    arc = 0.45 * torch.stack([angles.cos(), angles.sin()], 1)
    blob = 0.13 * torch.randn(22, 2, generator=generator) + torch.tensor([0.12, -0.02])
    blob[0] = torch.tensor([0.62, -0.42])
    return blob, arc


def frame(axis, title: str) -> None:
    """One view for all panels."""
    axis.set_title(title)
    axis.set_xlim(-0.62, 0.78)
    axis.set_ylim(-0.62, 0.62)


def side_by_side(variants: dict[str, Callable[[Tensor, Tensor], Tensor]]) -> Callable[[str, str], None]:
    """Arrows of several forms of a loss on the same clouds."""

    def draw(folder: str, name: str) -> None:
        figure, axes = panels(len(variants))
        x, y = clouds()
        for axis, (title, loss) in zip(axes, variants.items()):
            moving = x.clone().requires_grad_()
            (steps,) = gradient(loss(moving, y), moving)
            frame(axis, f"{title}\n{size_of(steps)}")
            dots(axis, y, TARGET)
            dots(axis, x, CLOUD)
            arrows(axis, x, steps, LONGEST)
        save(figure, folder, name)

    return draw


def per_point(folder: str, name: str) -> None:
    """Each distance with its neighbour; the mean of all; the mean without the worst tenth."""
    figure, axes = panels(3)
    x, y = clouds()
    found = losses.chamfer_per_point(x, y, squared=False)
    segments(axes[0], x, ops.gather_points(y, found.x_indices))
    dots(axes[0], y, TARGET)
    axes[0].scatter(*x.T, s=20, c=found.x_distances, cmap="plasma_r", zorder=3)
    frame(axes[0], "x_distances as colours\nlines to x_indices")
    for axis, title, kept in zip(axes[1:], ("mean of all", "mean of the best 90 %"), (22, 20)):
        moving = x.clone().requires_grad_()
        distances = losses.chamfer_per_point(moving, y, squared=False).x_distances
        (steps,) = gradient(distances.sort().values[:kept].mean(), moving)
        frame(axis, f"{title}\n{size_of(steps)}")
        dots(axis, y, TARGET)
        dots(axis, x, CLOUD)
        arrows(axis, x, steps, LONGEST / 2)
    save(figure, folder, name)


def oriented_arc() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """An arc with outward normals; above it another, whose normals are tilted more and more, the last one flipped."""
    angles = torch.linspace(0.85 * math.pi, 0.15 * math.pi, 9)
    directions = torch.stack([angles.cos(), angles.sin()], 1)
    tilted = angles + torch.linspace(-0.9, 0.9, 9)
    tilted[-1] = angles[-1] + math.pi - 0.35
    return 0.62 * directions, 0.42 * directions, torch.stack([tilted.cos(), tilted.sin()], 1), directions


def normals_of(folder: str, name: str) -> None:
    """Steps of the normals, drawn at their tips; with `chamfer_with_normals` those of the points as well."""
    figure, axes = panels(2, width=3.6, height=3.1)
    x, y, x_normals, y_normals = oriented_arc()
    for axis, oriented in zip(axes, (False, True)):
        moving, turning = x.clone().requires_grad_(), x_normals.clone().requires_grad_()
        found = losses.chamfer_with_normals(moving, y, turning, y_normals, oriented=oriented)
        point_steps, turns = gradient(found.distance + found.normals, moving, turning)
        axis.set_title(f"oriented={oriented}\n{size_of(turns)}")
        axis.set_xlim(-0.95, 0.95)
        axis.set_ylim(-0.02, 1.05)
        segments(axis, y, y + 0.16 * y_normals, TARGET, 1.6)
        segments(axis, x, x + 0.24 * x_normals, CLOUD, 1.6)
        dots(axis, y, TARGET)
        dots(axis, x, CLOUD)
        arrows(axis, x + 0.24 * x_normals, turns, 0.2)
        if name == "chamfer_with_normals":
            arrows(axis, x, point_steps, 0.13, color="#3a9a6a")
    save(figure, folder, name)


def matches(folder: str, name: str) -> None:
    """The bijection, and the arrows of lengths and of squares."""
    figure, axes = panels(3)
    x, y = clouds()
    segments(axes[0], x, y[ops.assign(x[None], y[None])[0]])
    dots(axes[0], y, TARGET)
    dots(axes[0], x, CLOUD)
    frame(axes[0], "who is matched\nwith whom")
    for axis, squared in zip(axes[1:], (False, True)):
        moving = x.clone().requires_grad_()
        (steps,) = gradient(losses.earth_mover_distance(moving, y, squared=squared), moving)
        frame(axis, f"squared={squared}\n{size_of(steps)}")
        dots(axis, y, TARGET)
        dots(axis, x, CLOUD)
        arrows(axis, x, steps, LONGEST)
    save(figure, folder, name)


def candidates(folder: str, name: str) -> None:
    """Three predictions of one target: which of them is moved."""
    figure, axes = panels(3)
    angles = torch.linspace(0, 2 * math.pi, 9)[:-1]
    circle = torch.stack([angles.cos(), angles.sin()], 1)
    target = 0.26 * circle
    guesses = torch.stack([0.2 * circle + torch.tensor(at) for at in ((-0.3, 0.28), (0.15, -0.12), (0.5, 0.3))])
    for axis, relaxation in zip(axes, (0.0, 0.1, 0.6)):
        moving = guesses.clone().requires_grad_()
        distances = losses.chamfer_distance(moving, target.expand(3, -1, -1), reduction="none")
        (steps,) = gradient(losses.min_of_n(distances[:, None], relaxation=relaxation), moving)
        frame(axis, f"relaxation={relaxation:g}\n{size_of(steps)}")
        dots(axis, target, TARGET)
        for color, guess, step in zip((CLOUD, "#e09f3e", "#3a9a6a"), guesses, steps):
            dots(axis, guess, color)
            share = (step.norm(dim=-1).max() / steps.norm(dim=-1).max()).item()
            arrows(axis, guess, step, 0.24 * share, ARROW)
    save(figure, folder, name)


def sliced(projections: int) -> Callable[[Tensor, Tensor], Tensor]:
    """The sliced distance along directions that are drawn once."""
    return lambda x, y: losses.sliced_wasserstein_distance(
        x, y, projections=projections, generator=torch.Generator().manual_seed(1)
    )


PICTURES = {
    "chamfer_distance": side_by_side(
        {
            "squared": losses.chamfer_distance,
            "squared=False": lambda x, y: losses.chamfer_distance(x, y, squared=False),
            'direction="x_to_y"': lambda x, y: losses.chamfer_distance(x, y, direction="x_to_y"),
        }
    ),
    "chamfer_per_point": per_point,
    "chamfer_normal_loss": normals_of,
    "chamfer_with_normals": normals_of,
    "density_aware_chamfer_distance": side_by_side(
        {
            f"alpha={alpha:g}": lambda x, y, alpha=alpha: losses.density_aware_chamfer_distance(x, y, alpha=alpha)
            for alpha in (5.0, 50.0, 1000.0)
        }
    ),
    "earth_mover_distance": matches,
    "hausdorff_distance": side_by_side(
        {
            f"quantile={quantile:g}": lambda x, y, quantile=quantile: losses.hausdorff_distance(x, y, quantile=quantile)
            for quantile in (1.0, 0.9, 0.5)
        }
    ),
    "min_of_n": candidates,
    "sinkhorn_divergence": side_by_side(
        {
            "blur=0.01": lambda x, y: losses.sinkhorn_divergence(x, y, blur=0.01),
            "blur=0.3": lambda x, y: losses.sinkhorn_divergence(x, y, blur=0.3),
            "blur=0.3, debias=False": lambda x, y: losses.sinkhorn_divergence(x, y, blur=0.3, debias=False),
        }
    ),
    "sliced_wasserstein_distance": side_by_side(
        {"1 direction": sliced(1), "4 directions": sliced(4), "256 directions": sliced(256)}
    ),
    "soft_chamfer_distance": side_by_side(
        {
            "temperature=0.02": lambda x, y: losses.soft_chamfer_distance(x, y, temperature=0.02),
            "temperature=1": lambda x, y: losses.soft_chamfer_distance(x, y, temperature=1.0),
            "temperature=1, debias=True": lambda x, y: losses.soft_chamfer_distance(x, y, temperature=1.0, debias=True),
        }
    ),
}
