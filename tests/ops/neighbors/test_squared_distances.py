"""Distances of coincident points have no slope."""

import torch

from diffshape.ops.neighbors.squared_distances import distance_from_squared


def test_the_root_has_no_slope_where_it_is_zero():
    squared = torch.tensor([0.0, 4.0], requires_grad=True)
    distance_from_squared(squared).sum().backward()
    assert squared.grad.tolist() == [0.0, 0.25]
