"""A whole field in one launch against its definition; without a GPU the kernel runs in Triton's interpreter."""

import math

import pytest
import torch

pytest.importorskip("triton")

from diffshape.fields import HashGrid, half_precision
from diffshape.kernels.triton_hash_grid import BLOCK
from diffshape.ops import GridLayout
from diffshape.ops.hash_grid import query as hash_grid_query
from diffshape.ops.hash_grid import triton_query
from diffshape.ops.hash_grid.packed import pack_hash_grid
from diffshape.ops.hash_grid.query import query_by_definition

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
ROUNDED = 2.0**-11
"""A feature or hidden unit up to 1 that is rounded to fp16 the other way, because sums in float32 differ in their last
bit; weights carry it to the value, and few points have any."""


def random(*shape, seed=0):
    return (torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1).to(DEVICE)


def field(
    features=2, interpolation="linear", reads_point=True, hidden_layers=2, width=16, beta=math.inf, levels=3, fade=None
):
    """A packed field with two dense levels and a hashed one; its answers are of the order of 1."""
    grid = GridLayout(levels=levels, base=3, finest=11, features=features, log2_entries=7, interpolation=interpolation)
    inputs = 3 * reads_point + grid.channels
    weights = [random(width, inputs, seed=1) / inputs**0.5]
    weights += [random(width, width, seed=2 + layer) * (3 / width) ** 0.5 for layer in range(hidden_layers - 1)]
    weights.append(random(1, width, seed=7) / width**0.5)
    biases = [random(len(weight), seed=8 + layer) * 0.1 for layer, weight in enumerate(weights)]
    tables = random(grid.entries, features, seed=20)
    fade = torch.ones(levels, device=DEVICE) if fade is None else fade
    return pack_hash_grid(grid, tables, fade, weights, biases, box=(-0.8, 0.9), beta=beta)


def queries(count=BLOCK + 2):
    """Inside and outside of the box, on its faces and corners, and far away."""
    points = random(count, 3, seed=30)
    awkward = [[-0.8] * 3, [0.9] * 3, [0.9, -0.8, 0.05], [0.05] * 3, [1e3, 0.1, -1e3], [0.9, 0.3, 2.0]]
    points[: len(awkward)] = torch.tensor(awkward, device=DEVICE)
    return points


def assert_same(points, packed, morton=False):
    """Nearly every answer to the last bits, and all but for a rounding to fp16 the other way."""
    expected = query_by_definition(points, packed)
    assert expected[expected.abs() < 10].std() > 0.05
    assert_equal_but_for_rounding(triton_query.query(points, packed, morton), expected)


def assert_equal_but_for_rounding(actual, expected):
    """A product of matrices may round a row by the place it has, on the CPU by the library that computes it."""
    torch.testing.assert_close(actual, expected, rtol=1e-6, atol=ROUNDED)
    near = expected.abs() < 10  # far outside the distance hides the field
    assert ((actual - expected)[near].abs() < 2e-6).float().mean() > 0.9


@pytest.mark.parametrize("hidden_layers", [1, 2, 3])
@pytest.mark.parametrize("reads_point", [False, True])
@pytest.mark.parametrize("beta", [math.inf, 30.0])
def test_networks(hidden_layers, reads_point, beta):
    assert_same(queries(), field(hidden_layers=hidden_layers, reads_point=reads_point, beta=beta))


@pytest.mark.parametrize("features", [1, 2, 4, 8])
@pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])
def test_encodings(features, interpolation):
    assert_same(queries(), field(features, interpolation))


@pytest.mark.parametrize("width", [1, 20, 32, 128])
def test_widths_are_padded(width):
    assert_same(queries(40), field(width=width, hidden_layers=3, beta=20.0))


@pytest.mark.parametrize("levels", [1, 16, 17])
def test_levels_are_padded(levels):
    assert_same(queries(40), field(levels=levels))


@pytest.mark.parametrize("count", [1, 7, BLOCK, BLOCK + 1])
def test_the_order_of_the_points_changes_nothing(count):
    points, packed = random(count, 3, seed=30) * 1.2, field(hidden_layers=1)
    plain, ordered = (triton_query.query(points, packed, morton) for morton in (False, True))
    assert_equal_but_for_rounding(ordered, plain)


def test_the_order_is_along_a_curve():
    points = random(500, 3, seed=30)
    order = triton_query.morton_order(points)
    assert torch.equal(order.sort().values, torch.arange(500, device=DEVICE))
    jumps = [(taken[1:] - taken[:-1]).norm(dim=-1).mean() for taken in (points[order], points)]
    assert jumps[0] < 0.3 * jumps[1]


@pytest.mark.parametrize("morton", [False, True])
def test_no_points(morton):
    assert triton_query.query(torch.empty(0, 3, device=DEVICE), field(), morton).shape == (0,)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy, under the interpreter, warns where inf meets inf
@pytest.mark.parametrize("beta", [math.inf, 30.0])
def test_nan_stays_nan_infinity_is_far_away_and_neither_harms_another_point(beta):
    points, packed = queries(40), field(beta=beta)
    clean = triton_query.query(points, packed, False)
    points[[10, 11, 12], [0, 1, 2]] = torch.tensor([torch.nan, torch.inf, -torch.inf], device=DEVICE)
    broken = triton_query.query(points, packed, False)
    assert broken[10].isnan()
    assert broken[11:13].isposinf().all()
    others = torch.arange(40, device=DEVICE) - 11
    assert torch.equal(broken[others.abs() > 1], clean[others.abs() > 1])


def test_weights_that_are_nan_are_not_hidden_by_the_activation():
    packed = field(hidden_layers=2)
    packed.biases[0, 3] = torch.nan
    assert triton_query.query(queries(20), packed, False).isnan().all()


def test_faded_levels():
    fade = torch.tensor([1.0, 0.3, 0.0], device=DEVICE)
    assert_same(queries(40), field(fade=fade))


def test_a_field_answers_by_the_kernel(monkeypatch):
    for module in (half_precision, hash_grid_query):
        monkeypatch.setattr(module, "has_triton", lambda points: True)
    monkeypatch.setattr(hash_grid_query, "query_by_definition", None)
    field = HashGrid(levels=3, base=4, finest=16, log2_entries=9, width=12, hidden_layers=2, beta=20.0).to(DEVICE)
    with torch.no_grad():
        field.tables.copy_(random(*field.tables.shape, seed=1) / 2)
        field.network.weights[0].copy_(random(*field.network.weights[0].shape, seed=2) / 2)
        points = queries(40).reshape(2, 20, 3)
        answer = field(points)
    assert answer.dtype == torch.float32
    torch.testing.assert_close(answer, field(points).detach(), rtol=1e-6, atol=4 * ROUNDED)
