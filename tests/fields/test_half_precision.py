"""When a field answers by its half-precision copy, and that the copy never lags behind; the kernel: tests/kernels."""

import copy

import pytest
import torch

from diffshape.fields import HashGrid, half_precision
from diffshape.ops.hash_grid import query as hash_grid_query

SMALL = {"levels": 3, "base": 4, "finest": 16, "log2_entries": 9, "width": 12, "beta": 20.0}


@pytest.fixture(autouse=True)
def as_on_cuda(monkeypatch):
    """Let fields believe that Triton answers here; the definition does."""
    monkeypatch.setattr(half_precision, "has_triton", lambda points: True)


@pytest.fixture
def queries(monkeypatch):
    """The number of points of every query so far."""
    counts = []

    def query(points, packed):
        counts.append(len(points))
        return hash_grid_query.query_hash_grid(points, packed)

    monkeypatch.setattr(half_precision, "query_hash_grid", query)
    return counts


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def rough(**options):
    """A field far from its start."""
    field = HashGrid(**{**SMALL, **options})
    with torch.no_grad():
        field.tables.copy_(torch.rand(field.tables.shape, generator=generator(1)) - 0.5)
        field.network.weights[0].copy_(torch.randn(field.network.weights[0].shape, generator=generator(2)) * 0.4)
    return field


def packed(field):
    return field.fused.packed(field.tables, field.fade, field.network.weights, field.network.biases)


def points(count=50):
    return torch.rand(count, 3, generator=generator(3)) * 2 - 1


def assert_up_to_date(field):
    """The answer is the plain one but for half precision."""
    with torch.no_grad():
        answer = field(points())
    torch.testing.assert_close(answer, field(points()).detach(), rtol=0, atol=2**-9)
    return answer


@pytest.mark.parametrize("hidden_layers", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"interpolation": "smoothstep"}, {"beta": torch.inf, "reads_point": False}])
def test_answers_without_gradient_in_one_query(queries, hidden_layers, options):
    field = rough(hidden_layers=hidden_layers, **options)
    assert_up_to_date(field)
    with torch.no_grad():
        assert field(points(60_000).reshape(2, 30_000, 3)).shape == (2, 30_000)
    assert queries == [50, 60_000]


def test_packs_once_as_long_as_nothing_is_written():
    field = rough()
    first = packed(field)
    assert_up_to_date(field)
    assert packed(field) is first


def step(field):
    optimizer = torch.optim.SGD(field.parameters(), lr=0.5)
    field(points()).square().mean().backward()
    optimizer.step()


def replace(field):
    field.tables = torch.nn.Parameter(field.tables.detach() + 0.1)


def graph(field):
    """What the replay of a CUDA graph does: a write that no counter sees, and the word for it."""
    field.tables.data.add_(0.1)
    torch.autograd.graph.increment_version(field.tables)


@pytest.mark.parametrize(
    "write",
    [
        step,
        replace,
        graph,
        lambda field: field.fade.copy_(torch.tensor([1.0, 0.3, 0.0])),
        lambda field: field.network.biases[-1].data.zero_() and torch.nn.init.constant_(field.network.biases[-1], 3.0),
        lambda field: field.load_state_dict(HashGrid(**SMALL).state_dict()),
    ],
)
def test_a_write_is_seen(write):
    field = rough()
    before = assert_up_to_date(field)
    write(field)
    after = assert_up_to_date(field)
    assert (after - before).abs().max() > 0.01


def test_other_weights_at_a_freed_address_are_seen():
    """Many sets of weights through one module: each is freed before the next is made, often in its place."""
    field = rough()
    for shift in (0.0, 0.5, 1.0, 1.5):
        moved = {name: weight.detach() + shift for name, weight in field.named_parameters()}
        with torch.no_grad():
            answer = torch.func.functional_call(field, moved, points())
        plain = torch.func.functional_call(field, {name: w.requires_grad_() for name, w in moved.items()}, points())
        torch.testing.assert_close(answer, plain.detach(), rtol=2**-9, atol=2**-9)
        del moved


def test_a_copy_has_its_own():
    field = rough()
    before = assert_up_to_date(field)
    other = copy.deepcopy(field)
    step(other)
    assert (assert_up_to_date(other) - before).abs().max() > 0.01
    assert torch.equal(assert_up_to_date(field), before)


def test_nothing_of_it_is_saved():
    field = rough()
    names = set(field.state_dict())
    assert_up_to_date(field)
    assert set(field.state_dict()) == names == {"tables", "fade", *(n for n in names if n.startswith("network."))}


def plain_with_gradient(field):
    return field(points())


def plain_compiled(field):
    with torch.no_grad():
        return torch.compile(field, backend="eager", fullgraph=True)(points())


@torch.inference_mode()
def plain_of_inference_weights(field):
    return copy.deepcopy(field)(points())


@pytest.mark.parametrize(
    "ask", [plain_with_gradient, plain_compiled, plain_of_inference_weights], ids=lambda ask: ask.__name__
)
def test_the_plain_path_is_kept(queries, ask):
    field = rough()
    expected = field(points()).detach()
    torch.testing.assert_close(ask(field).detach(), expected, rtol=1e-6, atol=1e-6)
    assert not queries


@pytest.mark.parametrize("options", [{"width": 130}, {"features": 3}, {"hidden_layers": 4}])
def test_sizes_the_kernel_does_not_take_keep_the_plain_path(queries, options):
    with torch.no_grad():
        assert rough(**options)(points()).isfinite().all()
    assert not queries


def test_double_precision_keeps_the_plain_path(queries):
    with torch.no_grad():
        rough().double()(points().double())
    assert not queries
