"""From which sides points can be seen: a coarse depth buffer for each of many directions.

A point is seen from direction d if nothing lies more than ``slack`` before it in its own cell or the eight around it,
of an orthographic picture whose cells are a few point spacings wide, so that the samples of a surface close up. The
mean of the directions that see a point is a first guess of its outward normal, and none sees a point deep inside.
Related: Katz, Tal, Basri, "Direct visibility of point sets", SIGGRAPH 2007.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.ops.checks import require_finite, widened

MOST_CELLS = 2**28
"""Cells of all pictures together, some GB of memory."""


def fibonacci_directions(count: int) -> Float[Tensor, "n 3"]:
    """``count`` unit vectors spread evenly over the sphere along the golden spiral, float64.

    >>> fibonacci_directions(64).mean(0).abs().max() < 0.01
    tensor(True)
    """
    steps = torch.arange(count, dtype=torch.float64) + 0.5
    z, angle = 1 - 2 * steps / count, math.pi * (1 + math.sqrt(5)) * steps
    radius = (1 - z * z).sqrt()
    return torch.stack([radius * angle.cos(), radius * angle.sin(), z], dim=-1)


@checked
def visible_from(
    points: Float[Tensor, "n 3"], frames: Float[Tensor, "d 3 3"], *, cell: float, slack: float
) -> Bool[Tensor, "d n"]:
    """Which points are seen from far away, in each of several directions.

    Args:
        points: Shape (N, 3), any unit of length.
        frames: Rows u, v, d of each, orthonormal: the axes of the picture and the direction of the viewer.
        cell: Width of a cell, same unit, > 0.
        slack: How far behind the nearest point a point may lie.

    Returns:
        Shape (D, N); all False for no points.

    Raises:
        ValueError: A shape is wrong, ``cell`` or ``slack`` is out of range, a number is not finite, or the points
            spread over more than 2^28 cells, those of all directions together.

    Time and memory O(D (N + cells)).

    >>> points = torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.1, 0.0]])
    >>> visible_from(points, torch.eye(3)[None], cell=0.2, slack=0.5)
    tensor([[ True, False]])
    """
    name = "visible_from"
    if points.ndim != 2 or points.shape[1] != 3 or frames.ndim != 3 or frames.shape[1:] != (3, 3):
        raise ValueError(
            f"{name}: points must have shape (N, 3) and frames (D, 3, 3), "
            f"got {tuple(points.shape)} and {tuple(frames.shape)}"
        )
    if not (0 < cell < math.inf and 0 <= slack < math.inf):
        raise ValueError(f"{name}: cell must be positive, slack 0 or more, and both finite, got {cell} and {slack}")
    points, frames = widened(points), widened(frames)
    dtype = torch.promote_types(points.dtype, frames.dtype)
    points, frames = points.to(dtype), frames.to(points.device, dtype)
    require_finite(name, "points", points)
    require_finite(name, "frames", frames)
    if points.numel() == 0 or len(frames) == 0:
        return torch.zeros(len(frames), len(points), dtype=torch.bool, device=points.device)
    u, v, depth = torch.einsum("dac,nc->adn", frames, points)
    spans = [(axis - axis.amin(1, keepdim=True)) / cell for axis in (u, v)]
    cells = len(frames) * math.prod(float(span.max()) + 1 for span in spans)
    if not cells <= MOST_CELLS:
        raise ValueError(
            f"{name}: cell {cell} is too small for these points, which would spread over {cells:.2g} cells"
        )
    rows, columns = (span.long() for span in spans)
    height, width = int(rows.max()) + 1, int(columns.max()) + 1
    pixels = rows * width + columns
    pictures = depth.new_full((len(frames), height * width), -math.inf).scatter_reduce(1, pixels, depth, "amax")
    pictures = pictures.view(-1, height, width)
    nearest = torch.nn.functional.max_pool2d(pictures, 3, stride=1, padding=1).flatten(1)
    return depth > nearest.gather(1, pixels) - slack
