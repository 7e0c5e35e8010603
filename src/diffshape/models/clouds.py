"""Random batches of point clouds out of larger ones."""

import torch
from jaxtyping import Float
from torch import Tensor

STORED_POINTS = 4096
"""Points on each surface that a training of clouds is given, twice as many as any of them draws in a step."""


def draw_clouds(
    clouds: Float[Tensor, "s n 3"], batch: int, points: int, generator: torch.Generator
) -> Float[Tensor, "b p 3"]:
    """Some clouds and some points of each, drawn without repetition; all of them where there are no more.

    All clouds of a batch give the points at the same places, which are random as those of a ``ShapeSet`` are in no
    order.

    Args:
        clouds: Clouds, shape (S, N, 3).
        batch: Number of clouds.
        points: Number of points of each.
        generator: Generator of the draws, on the CPU.
    """
    chosen = torch.randperm(len(clouds), generator=generator)[:batch]
    places = torch.randperm(clouds.shape[1], generator=generator)[:points]
    return clouds[chosen.to(clouds.device)][:, places.to(clouds.device)]


def check_cloud_pair(name: str, pred: Tensor, target: Tensor) -> None:
    """Check clouds and those that they are compared with.

    Raises:
        ValueError: One is not of shape (B, N, 3) with a point or more, or they are not as many; ``name`` is the
            function that was called.
    """
    for argument, cloud in (("pred", pred), ("target", target)):
        if cloud.ndim != 3 or cloud.shape[-1] != 3 or len(cloud) != len(pred) or not cloud.numel():
            raise ValueError(
                f"{name}: {argument} must have shape (B, N, 3), the same B for both, got {tuple(cloud.shape)}"
            )
