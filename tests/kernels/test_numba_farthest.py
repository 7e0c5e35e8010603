"""Farthest points in the kernel: any size of leaf, and several threads, choose what the definition chooses."""

import numpy as np
import pytest
import torch

from diffshape.kernels.numba_farthest import choose_farthest
from diffshape.kernels.numba_kdtree import build_tree
from diffshape.ops.neighbors.farthest_points import choose_reference


@pytest.mark.parametrize("leaf", [1, 8, 1000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("duplicates", [False, True])
def test_the_size_of_a_leaf_changes_nothing(leaf, dtype, duplicates):
    points = torch.randn(2, 150, 3, dtype=dtype, generator=torch.Generator().manual_seed(0))
    points = points.round() if duplicates else points
    starts, counts = torch.tensor([3, 149]), torch.tensor([150, 20])
    expected = torch.full((2, 150), -1)
    choose_reference(points, torch.ones(2, 150).bool(), starts, counts, expected)
    chosen = np.full((2, 150), -1)
    tree = build_tree(points.numpy(), leaf=leaf)
    for task in range(2):
        choose_farthest(task, tree, starts.numpy(), counts.numpy(), chosen)
    assert chosen.tolist() == expected.tolist()
