"""Mean distances from each cloud of one set to each of another: what Chamfer distances of all pairs are made of."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.kernels.numba_kdtree import build_tree
from diffshape.kernels.numba_nearest_means import LARGE_LEAF, nearest_means
from diffshape.kernels.threads import run_tasks
from diffshape.ops.engines import as_array, has_numba
from diffshape.ops.neighbors.definition import three_columns
from diffshape.ops.neighbors.search_pairs import search_pairs


class NearestMeans(NamedTuple):
    """Means over the points p of each cloud x_s, (S, R), in float64 on the CPU."""

    distances: Float[Tensor, "s r"]
    """Mean over p of min_t |p - t|, t from y_r."""
    squares: Float[Tensor, "s r"]
    """Mean over p of min_t |p - t|^2."""


def reference_nearest_means(x: Float[Tensor, "s n d"], y: Float[Tensor, "r m d"]) -> NearestMeans:
    """The definition, a row of the tables at a time: any device, any number of coordinates."""
    rows = []
    for cloud in x:
        found = search_pairs("set_distances", cloud.expand(len(y), -1, -1), y, 1, None, None, pad=False)
        squares = found.squared_distances[..., 0].double()
        rows.append(torch.stack([squares.sqrt().mean(1), squares.mean(1)]))
    return NearestMeans(*torch.stack(rows, 1).cpu())


def all_nearest_means(x: Float[Tensor, "s n d"], y: Float[Tensor, "r m d"]) -> NearestMeans:
    """`reference_nearest_means` by the fastest engine there is; no cloud is empty, and all points are finite."""
    if not has_numba(x):
        return reference_nearest_means(x, y)
    tables = NearestMeans(*torch.empty(2, len(x), len(y), dtype=torch.float64))
    trees = [build_tree(as_array(three_columns(points)), leaf=LARGE_LEAF) for points in (x, y)]
    run_tasks(nearest_means, len(x), *trees, *map(as_array, tables))
    return tables
