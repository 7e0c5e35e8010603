"""Chamfer distances as others would write them: around the tree of a library, or from the table of all distances."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.spatial import cKDTree

try:
    from pykdtree.kdtree import KDTree
except ImportError:
    KDTree = None

Engine = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def tree_chamfer(name: str) -> Engine:
    """The Chamfer distance around cKDTree, or around pykdtree, with as many threads as PyTorch."""
    if name == "cKDTree":
        return through_indices(lambda x, y: cKDTree(y).query(x, workers=torch.get_num_threads())[1])
    if KDTree is None:
        raise SystemExit("pykdtree is not installed: pip install diffshape[bench]")
    return through_indices(lambda x, y: KDTree(y).query(x)[1])


def through_indices(nearest: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Engine:
    """A Chamfer distance around a search of one cloud in another."""

    def one_way(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        indices = nearest(x.detach().numpy(), y.detach().numpy())
        found = y.index_select(0, torch.from_numpy(indices.astype(np.int64)))
        return (x - found).square().sum(-1).mean()

    def chamfer(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if x.ndim == 2:
            return one_way(x, y) + one_way(y, x)
        return torch.stack([chamfer(*pair) for pair in zip(x, y)]).mean()

    return chamfer


def through_table(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """A Chamfer distance from the table of all distances."""
    table = torch.cdist(x, y)
    return table.amin(-1).square().mean() + table.amin(-2).square().mean()
