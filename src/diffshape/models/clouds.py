"""Random batches of point clouds out of larger ones."""

import torch
from jaxtyping import Float
from torch import Tensor


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
