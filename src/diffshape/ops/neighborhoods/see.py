"""Neighbourhoods of a scan, by the kernel of the CPU or by the definition. No gradient flows through them."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape.kernels import numba_neighborhoods
from diffshape.kernels.threads import run_tasks
from diffshape.ops.engines import as_array, has_numba
from diffshape.ops.neighborhoods.definition import (
    DENSITY_RANK,
    FALLOFFS,
    FEATURES,
    LEAST,
    SMOOTH,
    SUMMARY,
    UNIT_RANK,
    Neighborhoods,
    SmoothedCloud,
    reference_neighborhoods,
)
from diffshape.ops.neighborhoods.quadric_fit import RIDGE


@torch.no_grad()
def see_neighborhoods(
    cloud: SmoothedCloud,
    rows: Int[Tensor, "n"],
    neighbors: Int[Tensor, "n k"],
    noise: Float[Tensor, "n"],
    ladder: Int[Tensor, "l"],
) -> Neighborhoods:
    """The neighbourhoods of some points of a scan.

    Args:
        cloud: The scan as far as it has been smoothed.
        rows: Its points that are looked at.
        neighbors: Their nearest neighbours, themselves first.
        noise: Standard deviation of the scan along its normals, around each of them.
        ladder: Ranks of the neighbours that the summary looks at, ascending.
    """
    if not has_numba(cloud.points) or cloud.points.dtype != torch.float32:
        return reference_neighborhoods(cloud, rows, neighbors, noise, ladder)
    count, k = neighbors.shape
    shapes = ((count, k, FEATURES), (count, SUMMARY), (count, k, 3), (count, k, 3), (count,), (count, 3, 3), (count,))
    seen = Neighborhoods(*(torch.empty(shape) for shape in shapes))
    unit = min(UNIT_RANK, k - 1)
    run_tasks(
        numba_neighborhoods.see_neighborhoods,
        -(-count // numba_neighborhoods.CHUNK),
        unit,
        min(DENSITY_RANK, unit),
        np.float32(SMOOTH),
        np.float32(LEAST),
        np.array(FALLOFFS, np.float32),
        np.array(RIDGE),
        *map(as_array, (ladder, rows, *cloud, noise, neighbors, *seen)),
    )
    return seen
