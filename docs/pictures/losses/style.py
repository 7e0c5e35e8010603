"""How every picture of docs/losses looks: panels, colours, arrows of one length, maps of one scale, and small files."""

import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

IMAGES = Path(__file__).resolve().parents[2] / "losses" / "images"
TARGET, CLOUD, ARROW, LINE = "#8b97a3", "#d1495b", "#1f5f99", "#c9d1d9"
CURVES = ("#1f5f99", "#d1495b", "#3a9a6a", "#8a5fb0")
plt.rcParams.update({"font.size": 11, "axes.titlesize": 12, "axes.spines.top": False, "axes.spines.right": False})


def panels(count: int, width: float = 2.7, height: float = 2.9) -> tuple[Figure, list[Axes]]:
    """A row of square panels without ticks."""
    figure, axes = plt.subplots(1, count, figsize=(width * count, height), squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.set_aspect("equal")
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_visible(False)
    return figure, list(axes.flat)


def graphs(titles: Sequence[str], across: str) -> tuple[Figure, list[Axes]]:
    """A row of graphs with one axis across."""
    figure, axes = plt.subplots(1, len(titles), figsize=(3.9 * len(titles), 2.9), squeeze=False, layout="constrained")
    for axis, title in zip(axes.flat, titles):
        axis.set_title(title)
        axis.set_xlabel(across)
        axis.grid(color="#e6e9ec", linewidth=0.8)
        axis.set_axisbelow(True)
    return figure, list(axes.flat)


def save(figure: Figure, folder: str, name: str, colors: int = 256) -> None:
    """Write a picture with a palette, which makes it a quarter as large."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, bbox_inches="tight", pad_inches=0.08)
    plt.close(figure)
    path = IMAGES / folder / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(buffer).convert("RGB").quantize(colors, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(IMAGES)}: {path.stat().st_size / 1000:.0f} kB")


def gradient(loss: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    """Minus the gradient: where a descent would go."""
    return tuple(-each for each in torch.autograd.grad(loss, inputs))


def size_of(steps: Tensor) -> str:
    """The longest step as a line of a title."""
    return f"longest {steps.norm(dim=-1).max():.2g}"


def dots(axis: Axes, places: Tensor, color: str, size: float = 16) -> None:
    """Points of one colour."""
    axis.scatter(*places.detach().T, s=size, color=color, zorder=3, linewidths=0)


def arrows(axis: Axes, places: Tensor, steps: Tensor, longest: float, color: str = ARROW, width: float = 0.008) -> None:
    """Arrows from places along steps, the longest drawn to a given length."""
    scale = steps.norm(dim=-1).max()
    steps = steps * (longest / scale) if scale > 0 else steps
    shown = steps.norm(dim=-1) > 0.01 * longest
    axis.quiver(
        *places.detach()[shown].T, *steps[shown].T, color=color, angles="xy", scale_units="xy", scale=1, width=width,
        zorder=4,
    )  # fmt: skip


def segments(axis: Axes, starts: Tensor, ends: Tensor, color: str = LINE, width: float = 1.0) -> None:
    """Lines from starts to ends."""
    for start, end in zip(starts.detach(), ends.detach()):
        axis.plot(*torch.stack([start, end]).T, color=color, linewidth=width, zorder=1)


def signed_map(axis: Axes, values: Tensor, title: str) -> None:
    """Values as colours: blue wants more, red wants less, white is 0; the scale is the largest of the panel."""
    most = values.abs().max().item() or 1.0
    axis.imshow(values.detach(), cmap="RdBu", vmin=-most, vmax=most, origin="lower", interpolation="nearest")
    axis.set_title(f"{title}\nlargest {most:.2g}")


def grey_map(axis: Axes, values: Tensor, title: str, most: float = 1.0) -> None:
    """Values from 0 (white) to the most (black)."""
    axis.imshow(values.detach(), cmap="Greys", vmin=0, vmax=most, origin="lower", interpolation="nearest")
    axis.set_title(title)


def outline(axis: Axes, values: Tensor, level: float = 0.5, color: str = "#e09f3e") -> None:
    """The line along which values have a level."""
    axis.contour(values.detach(), levels=[level], colors=[color], linewidths=1.3)
