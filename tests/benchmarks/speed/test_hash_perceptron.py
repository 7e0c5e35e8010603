"""The ways that are timed do the same."""

import math

import torch

from benchmarks.speed.hash_perceptron import batched, kernel, plain, step
from benchmarks.ways import disturb, largest_difference
from diffshape.fields import HashGrid, HashGridStack


def test_every_way_has_the_gradients_of_the_kernel():
    for count in (1, 3):
        fields = [HashGrid(levels=2, base=4, finest=8, beta=math.inf) for _ in range(count)]
        stack = HashGridStack(fields)
        disturb(stack)
        points = 0.8 * (torch.rand(count, 200, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1)
        expected = step(kernel, stack, points)
        assert all(gradient.abs().max() > 0 for gradient in expected)
        for way in (plain, batched):
            torch.testing.assert_close(way(stack, points), kernel(stack, points), rtol=1e-4, atol=1e-5)
            assert largest_difference(expected, step(way, stack, points)) < 1e-4
