"""What packing keeps of a field, and which fields it takes."""

import math
from itertools import pairwise

import pytest
import torch

from diffshape.ops import GridLayout
from diffshape.ops.hash_grid.packed import can_pack, pack_hash_grid
from diffshape.ops.hash_grid.query import query_hash_grid

GRID = GridLayout(levels=3, base=3, finest=11, features=2, log2_entries=7, interpolation="linear")
BOX = (-0.8, 0.9)


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def layers(widths, seed=1):
    """Weights and biases of a network with these sizes, the last 1."""
    weights = [random(out, into, seed=seed + n) / into**0.5 for n, (into, out) in enumerate(pairwise(widths))]
    return weights, [random(out, seed=seed + 10 + n) * 0.1 for n, out in enumerate(widths[1:])]


def test_packing_pads_to_what_tensor_cores_take_and_keeps_no_graph():
    tables, (weights, biases) = random(GRID.entries, 2).requires_grad_(), layers((9, 20, 20, 1))
    packed = pack_hash_grid(GRID, tables, torch.ones(3), weights, biases, box=BOX, beta=9.0)
    assert (packed.tables.dtype, packed.by_feature.dtype, packed.hidden.dtype) == (torch.float16,) * 3
    assert packed.by_point.shape == (3, 32)
    assert packed.by_feature.shape == (2, 16, 32)
    assert packed.hidden.shape == (1, 32, 32)
    assert not packed.by_feature[:, 3:].any()
    assert not packed.by_feature[:, :, 20:].any()
    assert torch.equal(packed.by_feature[1, 2, :20], weights[0][:, 3 + 5].half())
    assert torch.equal(packed.hidden[0, :20, :20], weights[1].t().half())
    assert not query_hash_grid(random(4, 3).requires_grad_(), packed).requires_grad


@pytest.mark.parametrize(
    ("features", "widths", "fits"),
    [
        (2, (6, 64, 1), True),
        (2, (9, 128, 128, 128, 1), True),
        (3, (9, 64, 1), False),
        (8, (24, 64, 1), True),
        (2, (9, 129, 1), False),
        (2, (9, 64, 64, 64, 64, 1), False),
        (2, (7, 64, 1), False),
        (2, (9, 64, 32, 1), False),
        (2, (6, 1), False),
    ],
)
def test_sizes_that_fit(features, widths, fits):
    grid = GridLayout(levels=3, base=3, finest=11, features=features, log2_entries=7)
    weights, biases = layers(widths)
    assert can_pack(grid, weights) == fits
    tables = random(grid.entries, features)
    if not fits:
        with pytest.raises(ValueError, match="pack_hash_grid: wants 1, 2, 4 or 8 features and 1 to 3 hidden layers"):
            pack_hash_grid(grid, tables, torch.ones(3), weights, biases, box=BOX, beta=math.inf)
