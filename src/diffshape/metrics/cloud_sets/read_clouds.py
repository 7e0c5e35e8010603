"""Sets of clouds as the comparison of sets reads them: all with one number of points."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.data.meshes import Mesh
from diffshape.data.points import as_points
from diffshape.metrics.number_input import read_numbers, read_points


def read_set(function: str, name: str, clouds: Any) -> list[Float[Tensor, "n 3"]]:
    """The clouds of a set in float64 on the CPU, two or more.

    Args:
        function: Name of the function, for errors.
        name: Name of its argument.
        clouds: Shape (S, N, 3), NumPy or torch; or a list of what `metrics.compare_points` takes, or of meshes, on
            each of which 30,000 points are drawn.

    Raises:
        ValueError: There are fewer than two clouds, or one is empty, not (N, 3) or not finite.
        TypeError: The clouds are not real numbers.

    >>> [len(cloud) for cloud in read_set("f", "samples", [torch.zeros(2, 3), np.zeros((5, 3))])]
    [2, 5]
    """
    if isinstance(clouds, (Tensor, np.ndarray)):
        clouds = read_numbers(function, name, clouds)
        if clouds.ndim != 3:
            raise ValueError(f"{function}: {name} must have shape (S, N, 3), got {tuple(clouds.shape)}")
    elif not isinstance(clouds, Iterable) or isinstance(clouds, (str, Mesh)):
        raise TypeError(f"{function}: {name} must be clouds (S, N, 3) or a list of clouds, got {type(clouds).__name__}")
    found = [
        read_points(function, f"{name}[{place}]", as_points(cloud) if isinstance(cloud, Mesh) else cloud, 3)
        for place, cloud in enumerate(clouds)
    ]
    if len(found) < 2:
        raise ValueError(f"{function}: {name} must hold two clouds or more, got {len(found)}")
    return found


def thinned(clouds: list[Float[Tensor, "n 3"]], count: int, generator: torch.Generator) -> Float[Tensor, "s count 3"]:
    """``count`` points of each cloud, drawn at random without replacement; all of them where there are no more."""
    return torch.stack(
        [
            cloud if len(cloud) == count else cloud[torch.randperm(len(cloud), generator=generator)[:count]]
            for cloud in clouds
        ]
    )
