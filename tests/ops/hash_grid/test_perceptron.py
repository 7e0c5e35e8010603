from itertools import chain, pairwise

import pytest
import torch
from torch.autograd import gradcheck

from diffshape.ops import GridLayout, hash_encode
from diffshape.ops.hash_grid.perceptron import hash_perceptron, hash_perceptrons
from diffshape.ops.hash_grid.perceptron_values import backward_operator, evaluate, values_operator

GRID = GridLayout(levels=3, base=4, finest=16, features=2, log2_entries=8)


def parts(dtype=torch.float64, *, leads=0, hidden=(9, 9), count=300, grid=GRID, seed=0):
    """Points (some outside the cube), lead, tables, weights and biases."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

    sizes = [leads + grid.channels, *hidden, 1]
    points = (torch.rand(count, 3, generator=generator, dtype=torch.float64) * 1.2 - 0.1).to(dtype)
    weights = [draw(out, size) / size**0.5 for size, out in pairwise(sizes)]
    return points, points.t()[:leads], draw(grid.entries, grid.features), weights, [draw(out) for out in sizes[1:]]


def by_hand(points, lead, tables, weights, biases, fade=None):
    h = torch.cat([lead, hash_encode(points, tables, GRID, fade=fade).t()])
    for weight, bias in zip(weights[:-1], biases[:-1]):
        h = (weight @ h + bias[:, None]).clamp(min=0)
    return (weights[-1] @ h + biases[-1][:, None])[0]


@pytest.mark.parametrize("leads", [0, 3])
@pytest.mark.parametrize("hidden", [(5,), (9, 9), (4, 11), (8, 8, 8)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_values_and_gradients_are_those_of_the_formula(dtype, tolerance, hidden, leads):
    points, lead, tables, weights, biases = parts(dtype, leads=leads, hidden=hidden)
    leaves = [each.requires_grad_() for each in (tables, *weights, *biases)]
    cotangent = torch.linspace(-1, 1, len(points), dtype=dtype)
    values = hash_perceptron(points, lead, tables, GRID, weights, biases)
    expected = by_hand(points, lead, tables, weights, biases)
    torch.testing.assert_close(values, expected, atol=tolerance, rtol=tolerance)
    ours, theirs = (torch.autograd.grad(each, leaves, cotangent) for each in (values, expected))
    for one, other in zip(ours, theirs):
        torch.testing.assert_close(one, other, atol=100 * tolerance, rtol=100 * tolerance)


@pytest.mark.parametrize("kernel", [True, False])
def test_many_networks_are_as_many_single_ones(kernel):
    """Also where a gradient by the points leaves the kernel for batched products."""
    networks = [parts(leads=3, seed=seed) for seed in range(3)]
    points, lead = (torch.stack(each) for each in list(zip(*networks))[:2])
    fade = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.5, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64)
    tables, weights, biases = list(zip(*networks))[2:]
    leaves = [each.requires_grad_() for each in (*tables, *chain(*weights), *chain(*biases))]
    asked = points if kernel else points.clone().requires_grad_()
    values = hash_perceptrons(asked, lead, tables, GRID, weights, biases, fade=fade)
    expected = torch.stack([by_hand(*network, fade=factor) for network, factor in zip(networks, fade)])
    torch.testing.assert_close(values, expected)
    cotangent = torch.linspace(-1, 1, values.numel(), dtype=torch.float64).reshape(values.shape)
    ours, theirs = (torch.autograd.grad(each, leaves, cotangent) for each in (values, expected))
    for one, other in zip(ours, theirs):
        torch.testing.assert_close(one, other)


def test_gradcheck():
    points, lead, tables, weights, biases = parts(hidden=(4,), leads=3, count=7)
    leaves = [each.requires_grad_() for each in (tables, *weights, *biases)]

    def values(tables, *layers):
        return hash_perceptron(points, lead, tables, GRID, layers[:2], layers[2:])

    assert gradcheck(values, leaves)


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 511, 512, 513])
def test_any_number_of_points_fills_its_blocks_and_tiles(count):
    points, lead, tables, weights, biases = parts(count=count)
    tables.requires_grad_()
    values = hash_perceptron(points, lead, tables, GRID, weights, biases)
    torch.testing.assert_close(values, by_hand(points, lead, tables, weights, biases))
    (gradient,) = torch.autograd.grad(values.sum(), tables)
    (expected,) = torch.autograd.grad(by_hand(points, lead, tables, weights, biases).sum(), tables)
    torch.testing.assert_close(gradient, expected)


def test_threads_do_not_change_a_bit():
    points, lead, tables, weights, biases = parts(torch.float32, count=5000)
    leaves = [each.requires_grad_() for each in (tables, *weights, *biases)]

    def run(threads):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            values = hash_perceptron(points, lead, tables, GRID, weights, biases)
            return [values.detach(), *torch.autograd.grad(values.sum(), leaves)]
        finally:
            torch.set_num_threads(before)

    assert all(torch.equal(one, other) for one, other in zip(run(1), run(2)))


def test_levels_faded_out_read_as_nothing():
    points, lead, tables, weights, biases = parts()
    fade = torch.tensor([1.0, 0.5, 0.0], dtype=torch.float64)
    values = hash_perceptron(points, lead, tables, GRID, weights, biases, fade=fade)
    torch.testing.assert_close(values, by_hand(points, lead, tables, weights, biases, fade))


def test_nan_stays_with_its_point():
    points, lead, tables, weights, biases = parts()
    points[3, 1] = torch.nan
    values = hash_perceptron(points, lead, tables, GRID, weights, biases)
    assert values.isnan().nonzero().flatten().tolist() == [3]


def test_a_gradient_by_the_points_takes_the_lines_of_pytorch():
    points, lead, tables, weights, biases = parts(count=20)
    points.requires_grad_()
    values = hash_perceptron(points, points.t()[:0], tables, GRID, weights, biases)
    (gradient,) = torch.autograd.grad(values.sum(), points)
    (expected,) = torch.autograd.grad(by_hand(points, lead, tables, weights, biases).sum(), points)
    torch.testing.assert_close(gradient, expected)
    assert gradient.abs().max() > 0


@pytest.mark.parametrize("leaves", [True, False])
def test_the_operation_is_known_to_the_compiler(leaves):
    points, lead, tables, weights, biases = parts(torch.float32)
    tables.requires_grad_(leaves)
    compiled = torch.compile(hash_perceptron, fullgraph=True, backend="aot_eager")
    values, expected = (
        function(points, lead, tables, GRID, weights, biases) for function in (compiled, hash_perceptron)
    )
    assert torch.equal(values, expected)
    if leaves:
        ours, theirs = (torch.autograd.grad(each.square().sum(), tables)[0] for each in (values, expected))
        assert torch.equal(ours, theirs)


def test_the_operators_keep_their_promises_to_pytorch():
    points, lead, tables, weights, biases = parts(torch.float32)
    parameters, arguments = [*weights, *biases], (torch.ones(1, GRID.levels), GRID.plan, GRID.smooth)
    torch.library.opcheck(values_operator, (points[None], lead[None], [tables], *arguments, parameters, True))
    _, inputs = evaluate(points[None], lead[None], [tables], *arguments, parameters, True)
    cotangent = torch.ones(1, len(points))
    torch.library.opcheck(backward_operator, (cotangent, points[None], inputs, *arguments, parameters, *tables.shape))


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize(
    ("place", "change", "told"),
    [
        (1, lambda lead: lead[:, :-1], r"lead must have shapes \[\(3, 300\)\]"),
        (2, lambda tables: tables[:-1], r"tables must have shapes"),
        (3, lambda weights: [weights[0], weights[1][:, :-1], weights[2]], r"weights must have shapes .* \(9, 9\)"),
        (3, lambda weights: weights[:-1], r"weights must have shapes"),
        (4, lambda biases: [biases[0][:-1], *biases[1:]], r"biases must have shapes \[\(9,\), \(9,\), \(1,\)\]"),
    ],
)
def test_wrong_shapes_are_told(place, change, told, kernel):
    given = list(parts(leads=3))
    given[place] = change(given[place])
    given[0].requires_grad_(not kernel)
    with pytest.raises(ValueError, match=told):
        hash_perceptron(*given[:3], GRID, *given[3:])


def test_as_many_networks_as_batches():
    points, lead, tables, weights, biases = parts()
    with pytest.raises(ValueError, match="for each of 2 networks"):
        hash_perceptrons(
            points.expand(2, -1, -1), lead.expand(2, -1, -1), [tables], GRID, [weights], [biases], fade=torch.ones(2, 3)
        )
