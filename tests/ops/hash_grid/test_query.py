"""The definition against the same field in float64, and what is refused. Kernels: tests/kernels."""

import math
from itertools import pairwise

import pytest
import torch

from diffshape.ops import GridLayout, hash_encode
from diffshape.ops.hash_grid.packed import pack_hash_grid
from diffshape.ops.hash_grid.query import query_by_definition, query_hash_grid

GRID = GridLayout(levels=3, base=3, finest=11, features=2, log2_entries=7, interpolation="linear")
BOX = (-0.8, 0.9)


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def layers(widths, seed=1):
    """Weights and biases of a network with these sizes, the last 1."""
    weights = [random(out, into, seed=seed + n) / into**0.5 for n, (into, out) in enumerate(pairwise(widths))]
    return weights, [random(out, seed=seed + 10 + n) * 0.1 for n, out in enumerate(widths[1:])]


def plain(points, tables, fade, weights, biases, beta):
    """The field in float64, nothing rounded."""
    points, tables, fade = points.double(), tables.double(), fade.double()
    nearest = points.clamp(*BOX)
    x = hash_encode((nearest - BOX[0]) / (BOX[1] - BOX[0]), tables, GRID, fade=fade)
    x = torch.cat([nearest, x], dim=-1) if weights[0].shape[1] > GRID.channels else x
    for weight, bias in zip(weights[:-1], biases[:-1]):
        x = x @ weight.double().t() + bias.double()
        x = x.relu() if beta == math.inf else torch.nn.functional.softplus(x, beta=beta)
    return (x @ weights[-1].double().t())[:, 0] + biases[-1].double() + (points - nearest).norm(dim=-1)


@pytest.mark.parametrize("widths", [(6, 20, 1), (9, 20, 1), (6, 16, 16, 1), (9, 24, 24, 24, 1)])
@pytest.mark.parametrize("beta", [math.inf, 10.0])
def test_the_definition_is_the_field_but_for_half_precision(widths, beta):
    tables, fade, (weights, biases) = random(GRID.entries, 2), torch.tensor([1.0, 0.25, 0.7]), layers(widths)
    packed = pack_hash_grid(GRID, tables, fade, weights, biases, box=BOX, beta=beta)
    points = random(200, 3, seed=9) * 1.2
    expected = plain(points, tables, fade, weights, biases, beta)
    error = (query_by_definition(points, packed) - expected).abs()
    assert expected.std() > 0.1
    assert 0 < error.mean() < 2**-12
    assert error.max() < 2**-9


def test_by_hand():
    """One level, all of whose features are 0.5 and 2; two units, one of them switched off."""
    grid = GridLayout(levels=1, base=4, finest=4, features=2, interpolation="linear")
    tables = torch.tensor([0.5, 2.0]).expand(grid.entries, 2)
    weights = [torch.tensor([[1.0, 0.0, 0.0, 4.0, -0.5], [0.0, 0.0, 0.0, -8.0, 0.0]]), torch.tensor([[3.0, 5.0]])]
    biases = [torch.tensor([0.25, 1.0]), torch.tensor([-1.0])]
    packed = pack_hash_grid(grid, tables, torch.ones(1), weights, biases, box=(-1.0, 1.0), beta=math.inf)
    points = torch.tensor([[0.5, 0.1, 0.2], [-1.0, 4.0, 5.0]])
    inside = 3 * (0.5 + 4 * 0.5 - 0.5 * 2 + 0.25) - 1
    outside = 3 * (-1 + 4 * 0.5 - 0.5 * 2 + 0.25) - 1 + 5
    torch.testing.assert_close(query_hash_grid(points, packed), torch.tensor([inside, outside]))


def test_levels_that_are_faded_out_are_not_read():
    tables, (weights, biases) = random(GRID.entries, 2), layers((6, 16, 1))
    fade = torch.tensor([1.0, 0.0, 0.5])
    points = random(20, 3)
    clean = query_hash_grid(points, pack_hash_grid(GRID, tables, fade, weights, biases, box=BOX, beta=9.0))
    tables[GRID.sizes[0] : sum(GRID.sizes[:2])] = torch.nan
    after = query_hash_grid(points, pack_hash_grid(GRID, tables, fade, weights, biases, box=BOX, beta=9.0))
    assert torch.equal(clean, after)
    assert clean.isfinite().all()


def test_no_points_and_nan():
    tables, (weights, biases) = random(GRID.entries, 2), layers((9, 16, 1))
    packed = pack_hash_grid(GRID, tables, torch.ones(3), weights, biases, box=BOX, beta=9.0)
    assert query_hash_grid(torch.empty(0, 3), packed).shape == (0,)
    points = random(3, 3)
    points[1, 2] = torch.nan
    assert query_hash_grid(points, packed).isnan().tolist() == [False, True, False]


@pytest.mark.parametrize(
    "points", [torch.zeros(3), torch.zeros(2, 2), torch.zeros(1, 2, 3), torch.zeros(2, 3).double()]
)
def test_wrong_points(points):
    tables, (weights, biases) = random(GRID.entries, 2), layers((9, 16, 1))
    packed = pack_hash_grid(GRID, tables, torch.ones(3), weights, biases, box=BOX, beta=9.0)
    with pytest.raises(ValueError, match=r"query_hash_grid: points must be float32, shape \(N, 3\), got"):
        query_hash_grid(points, packed)
    with pytest.raises(
        ValueError, match="query_hash_grid: points must be a tensor with data, got one on the meta device"
    ):
        query_hash_grid(torch.zeros(2, 3, device="meta"), packed)
