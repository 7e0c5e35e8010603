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


def fibonacci_directions(n: int) -> Float[Tensor, "n 3"]:
    """``n`` unit vectors spread evenly over the sphere along the golden spiral, float64.

    >>> fibonacci_directions(64).mean(0).abs().max() < 0.01
    tensor(True)
    """
    steps = torch.arange(n, dtype=torch.float64) + 0.5
    z, angle = 1 - 2 * steps / n, math.pi * (1 + math.sqrt(5)) * steps
    radius = (1 - z * z).sqrt()
    return torch.stack([radius * angle.cos(), radius * angle.sin(), z], dim=-1)


def visible_from(
    points: Float[Tensor, "n 3"], frame: Float[Tensor, "3 3"], *, cell: float, slack: float
) -> Bool[Tensor, "n"]:
    """Which points are seen from far away in direction ``frame[2]``.

    Args:
        points: Shape (N, 3), any unit of length.
        frame: Rows u, v, d, orthonormal: the axes of the picture and the direction of the viewer.
        cell: Width of a cell, same unit, > 0.
        slack: How far behind the nearest point a point may lie.

    Cost O(N + cells).

    >>> visible_from(torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.1, 0.0]]), torch.eye(3), cell=0.2, slack=0.5)
    tensor([ True, False])
    """
    if not len(points):
        return torch.zeros(0, dtype=torch.bool, device=points.device)
    across, depth = points @ frame[:2].T, points @ frame[2]
    pixels = ((across - across.amin(0)) / cell).long()  # (N, 2)
    rows, columns = (pixels.amax(0) + 1).tolist()
    index = pixels[:, 0] * columns + pixels[:, 1]
    picture = depth.new_full((rows * columns,), -math.inf).scatter_reduce(0, index, depth, "amax")
    nearest = torch.nn.functional.max_pool2d(picture.view(1, rows, columns), 3, stride=1, padding=1).flatten()
    return depth > nearest[index] - slack
