"""Pictures of losses between a field's surface and points: how the surface, the points or gradients are moved."""

import math
from collections.abc import Callable

import torch
from field_values import grid
from style import CLOUD, TARGET, arrows, dots, gradient, panels, save, segments, size_of
from torch import Tensor

from diffshape import losses


def ring(count: int, radius: float = 0.6) -> Tensor:
    """Points on a circle."""
    angles = torch.linspace(0, 2 * math.pi, count + 1)[:-1]
    return radius * torch.stack([angles.cos(), angles.sin()], -1)


def lobed(points: Tensor) -> Tensor:
    """A circle with a lobe to the upper right, not a distance."""
    circle = points.norm(dim=-1) - 0.5
    return circle - 0.38 * (-(points - torch.tensor([0.45, 0.45])).square().sum(-1) / 0.05).exp()


def value_and_gradient(field: Callable[[Tensor], Tensor], points: Tensor) -> tuple[Tensor, Tensor]:
    """A field and its gradient at points."""
    points = points.detach().requires_grad_()
    values = field(points)
    return values, torch.autograd.grad(values.sum(), points, create_graph=True)[0]


def frame(axis, title: str, reach: float = 1.0) -> None:
    """One view for all panels."""
    axis.set_title(title)
    axis.set_xlim(-reach, reach)
    axis.set_ylim(-reach, reach)


def draw_level(axis, field: Callable[[Tensor], Tensor]) -> None:
    """The zero level of a field."""
    x, y, _ = grid()
    values = field(torch.stack([x, y], -1)).detach()
    axis.contour(x, y, values, levels=[0.0], colors=["#e09f3e"], linewidths=1.3)


def surface(folder: str, name: str) -> None:
    """How far each point of the level set is from the data, and how the level set moves."""
    figure, axes = panels(2, width=3.2, height=3.3)
    data = ring(26, 0.5)
    x = ring(40, 0.7)
    for _ in range(20):
        values, slopes = value_and_gradient(lobed, x)
        x = (x - values[:, None] * slopes / slopes.square().sum(-1, keepdim=True)).detach()
    _, slopes = value_and_gradient(lobed, x)
    nearest = data[torch.cdist(x, data).argmin(1)]
    for axis, squared in zip(axes, (False, True)):
        values = torch.zeros(len(x), requires_grad=True)
        loss = losses.surface_to_points_loss(values, slopes.detach(), x, nearest, squared=squared)
        (steps,) = gradient(loss, values)
        motion = -slopes.detach() * (steps / slopes.detach().square().sum(-1))[:, None]
        frame(axis, f"squared={squared}\n{size_of(motion)}", 0.95)
        draw_level(axis, lobed)
        dots(axis, data, TARGET)
        arrows(axis, x, motion, 0.22)
    save(figure, folder, name)


def ellipse(points: Tensor) -> Tensor:
    """A quadratic form, which is 0 on an ellipse and no distance."""
    return (points[..., 0] / 0.75).square() + (points[..., 1] / 0.35).square() - 1


def closest(folder: str, name: str) -> None:
    """The closest points, and the pull on the queries beside that of |f| / |g|, the usual first guess."""
    figure, axes = panels(3, width=3.0)
    generator = torch.Generator().manual_seed(8)
    q = 1.7 * torch.rand(18, 2, generator=generator) - 0.85
    found = losses.implicit_distance(ellipse, q, reduction="none")
    frame(axes[0], "closest points\nhollow: not valid")
    segments(axes[0], q, found.closest)
    dots(axes[0], q[found.valid], CLOUD)
    axes[0].scatter(*q[~found.valid].T, s=20, facecolors="none", edgecolors=CLOUD)
    moving = q.clone().requires_grad_()
    (exact,) = gradient(losses.implicit_distance(ellipse, moving).distance, moving)
    guess = q.clone().requires_grad_()
    values, slopes = ellipse(guess), 2 * guess / torch.tensor([0.75, 0.35]).square()
    (first,) = gradient((values.abs() / slopes.norm(dim=-1)).mean(), guess)
    for axis, title, steps in zip(axes[1:], ("implicit_distance", "|f| / |g|"), (exact, first)):
        frame(axis, f"{title}\n{size_of(steps)}")
        dots(axis, q, CLOUD)
        arrows(axis, q, steps, 0.3)
    for axis in axes:
        draw_level(axis, ellipse)
    save(figure, folder, name)


def pull(folder: str, name: str) -> None:
    """Where queries are pulled to by a circle that lies too far right, and what the field should do there."""
    figure, axes = panels(3, width=3.0, height=3.2)
    generator = torch.Generator().manual_seed(2)
    data = ring(30, 0.62)
    q = data + 0.17 * torch.randn(data.shape, generator=generator)
    nearest, center = data[torch.cdist(q, data).argmin(1)], torch.tensor([0.16, 0.0])

    def circle(points: Tensor) -> Tensor:
        return (points - center).norm(dim=-1) - 0.6

    values, slopes = circle(q), (q - center) / (q - center).norm(dim=-1, keepdim=True)
    frame(axes[0], "queries, pulled to the\nlevel set of the field")
    segments(axes[0], q, q - values[:, None] * slopes, "#9fc0de", 1.5)
    dots(axes[0], q, CLOUD)
    for axis, squared in zip(axes[1:], (False, True)):
        moving = values.clone().requires_grad_()
        (steps,) = gradient(losses.pull_loss(moving, slopes, q, nearest, squared=squared), moving)
        most = steps.abs().max().item()
        frame(axis, f"squared={squared}\nlargest {most:.2g}")
        segments(axis, q, nearest)
        axis.scatter(
            *q.T, s=34, c=steps, cmap="RdBu", vmin=-most, vmax=most, edgecolors=TARGET, linewidths=0.4, zorder=3
        )
    for axis in axes:
        dots(axis, data, TARGET, 10)
        draw_level(axis, circle)
    save(figure, folder, name)


def aligned(folder: str, name: str) -> None:
    """Gradients of a field at the points of a circle, and how each is turned; one normal is flipped."""
    figure, axes = panels(2, width=3.4, height=3.5)
    points = ring(12)
    normals = points / points.norm(dim=-1, keepdim=True)
    turned = torch.linspace(-1.2, 1.2, 12)
    cosine, sine = turned.cos(), turned.sin()
    slopes = torch.stack(
        [cosine * normals[:, 0] - sine * normals[:, 1], sine * normals[:, 0] + cosine * normals[:, 1]], -1
    )
    slopes[6] = -slopes[6] + 0.3 * normals[3]
    for axis, oriented in zip(axes, (True, False)):
        moving = slopes.clone().requires_grad_()
        (steps,) = gradient(losses.normal_alignment_loss(moving, normals, oriented=oriented), moving)
        frame(axis, f"oriented={oriented}\n{size_of(steps)}", 1.05)
        segments(axis, points, points + 0.2 * normals, TARGET, 2.5)
        segments(axis, points, points + 0.27 * slopes, CLOUD, 1.5)
        dots(axis, points, CLOUD)
        arrows(axis, points + 0.27 * slopes, steps, 0.26)
    save(figure, folder, name)


PICTURES = {
    "surface_to_points_loss": surface,
    "implicit_distance": closest,
    "pull_loss": pull,
    "normal_alignment_loss": aligned,
}
