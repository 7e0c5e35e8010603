"""The pictures of docs/which-loss.md: matches, gradients, and where each distance leads. Needs the extra `pictures`.

python docs/pictures/distances.py
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import torch

from diffshape import losses, ops

IMAGES = Path(__file__).resolve().parents[1] / "images"
TARGET, CLOUD, ARROW = "#9aa5b1", "#d1495b", "#30638e"
DISTANCES = {
    "Chamfer": lambda x, y: losses.chamfer_distance(x, y, squared=False),
    "soft Chamfer, debiased": lambda x, y: losses.soft_chamfer_distance(x, y, temperature=0.1, debias=True),
    "density-aware Chamfer": lambda x, y: losses.density_aware_chamfer_distance(x, y, alpha=20.0),
    "Hausdorff": losses.hausdorff_distance,
    "earth mover's": losses.earth_mover_distance,
    "Sinkhorn divergence": lambda x, y: losses.sinkhorn_divergence(x, y, blur=0.05),
    "sliced Wasserstein": lambda x, y: losses.sliced_wasserstein_distance(
        x, y, projections=64, generator=torch.Generator().manual_seed(0)
    ),
}


def clouds(count=60) -> tuple[torch.Tensor, torch.Tensor]:
    """A lopsided cloud, and a ring with most of its points on one side."""
    generator = torch.Generator().manual_seed(2)
    angles = 2 * torch.pi * torch.rand(count, generator=generator) ** 1.6
    ring = torch.stack([angles.cos(), angles.sin()], 1) * 0.45
    start = 0.16 * torch.randn(count, 2, generator=generator) + torch.tensor([0.25, -0.05])
    return start, ring


def panels(title_by_panel, columns=4):
    """Axes for pictures of the unit square, without ticks."""
    rows = -(-len(title_by_panel) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3 * columns, 3.2 * rows), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, title in zip(axes.flat, title_by_panel):
        axis.set_title(title, fontsize=11)
        axis.set_aspect("equal")
        axis.set_xlim(-0.62, 0.82)
        axis.set_ylim(-0.65, 0.65)
    return figure, list(axes.flat)


def dots(axis, x, y):
    """The target grey, the cloud red."""
    axis.scatter(*y.T, s=14, color=TARGET, zorder=1)
    axis.scatter(*x.T, s=14, color=CLOUD, zorder=3)


def save(figure, name):
    """One PNG beside the page."""
    figure.tight_layout()
    figure.savefig(IMAGES / name, dpi=80)
    plt.close(figure)


def draw_matches(x, y):
    """Who is compared with whom."""
    figure, axes = panels(["Chamfer, cloud to target", "Chamfer, target to cloud", "earth mover's: a bijection"], 3)
    pairs = [(x, y[ops.nearest_neighbors(x, y).indices]), (y, x[ops.nearest_neighbors(y, x).indices])]
    for axis, (first, second) in zip(axes, [*pairs, (x, y[ops.assign(x, y)])]):
        for a, b in zip(first, second):
            axis.plot([a[0], b[0]], [a[1], b[1]], color=ARROW, linewidth=0.8, zorder=2)
        dots(axis, x, y)
    save(figure, "distances-matches.png")


def draw_gradients(x, y):
    """Where each distance pushes the points, the longest arrow of each panel of one length."""
    figure, axes = panels(DISTANCES)
    for axis, distance in zip(axes, DISTANCES.values()):
        moving = x.clone().requires_grad_()
        step = -torch.autograd.grad(distance(moving, y), moving)[0]
        step = 0.25 * step / step.norm(dim=1).max()
        dots(axis, x, y)
        axis.quiver(*x.T, *step.T, color=ARROW, angles="xy", scale_units="xy", scale=1, width=0.006, zorder=4)
    save(figure, "distances-gradients.png")


def draw_descents(x, y, steps=300):
    """Where points end that follow each distance, and how far from the target that is."""
    ends = {}
    for name, distance in DISTANCES.items():
        moving = x.clone().requires_grad_()
        optimizer = torch.optim.Adam([moving], lr=0.01)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for _ in range(steps):
            optimizer.zero_grad()
            distance(moving, y).backward()
            optimizer.step()
            schedule.step()
        ends[name] = moving.detach()
    scores = {
        name: (losses.chamfer_distance(end, y, squared=False) / 2, losses.earth_mover_distance(end, y))
        for name, end in ends.items()
    }
    figure, axes = panels([f"{name}\nChamfer {a:.3f}, EMD {b:.3f}" for name, (a, b) in scores.items()])
    for axis, end in zip(axes, ends.values()):
        dots(axis, end, y)
    save(figure, "distances-descents.png")
    for name, (chamfer, earth_mover) in scores.items():
        print(f"| {name} | {chamfer:.3f} | {earth_mover:.3f} |")


def collapse(steps=200):
    """Descend from the target itself: what is left of the spread, and how far the points are from where they began."""
    generator = torch.Generator().manual_seed(0)
    target = torch.rand(256, 3, generator=generator)
    for mode in ("softmin", "expectation"):
        for debias in (False, True):
            cells = []
            for temperature in (1.0, 0.1, 0.03, 0.01):
                moving = target.clone().requires_grad_()
                optimizer = torch.optim.Adam([moving], lr=0.01)
                for _ in range(steps):
                    optimizer.zero_grad()
                    losses.soft_chamfer_distance(
                        moving, target, temperature=temperature, mode=mode, debias=debias
                    ).backward()
                    optimizer.step()
                end = moving.detach()
                left = (end.std(0).norm() / target.std(0).norm()).item()
                cells.append(f"{losses.chamfer_distance(end, target, squared=False) / 2:.3f} ({left:.2f})")
            print(f"| {mode}{', debiased' if debias else ''} | {' | '.join(cells)} |")


if __name__ == "__main__":
    cloud, target = clouds()
    draw_matches(cloud, target)
    draw_gradients(cloud, target)
    draw_descents(cloud, target)
    collapse()
