"""manhattan_neighbors: closed forms, the table of all pairs, derivatives, masks, the compiler, refusals."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape import ops
from diffshape.ops.neighbors.definition import reference_search
from diffshape.ops.neighbors.index import prepare_search
from diffshape.ops.neighbors.manhattan import manhattan_indices


def cloud(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def test_hand_computed_values():
    x = torch.tensor([[0.0, 0.0, 0.0]])
    y = torch.tensor([[2.0, 2.0, 2.0], [0.0, 5.0, 0.0], [0.0, 0.0, -7.0]])
    distances, indices = ops.manhattan_neighbors(x, y, k=3)
    assert distances.tolist() == [[5.0, 6.0, 7.0]]
    assert indices.tolist() == [[1, 0, 2]]
    assert ops.nearest_neighbors(x, y).indices.tolist() == [0]


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
@pytest.mark.parametrize("k", [1, 4, 30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_the_table_of_all_pairs(dimension, k, dtype):
    x, y = cloud(150, dimension, dtype=dtype), cloud(120, dimension, seed=1, dtype=dtype)
    table = (x[:, None] - y).abs().sum(-1)
    ordered, indices = table.sort(dim=1, stable=True)
    found = ops.manhattan_neighbors(x, y, k=k)
    torch.testing.assert_close(found.distances.reshape(150, k), ordered[:, :k])
    assert torch.equal(found.indices.reshape(150, k), indices[:, :k])


@given(st.integers(1, 60), st.integers(1, 80), st.integers(1, 5), st.integers(0, 1000), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_tree_has_the_bits_of_the_reference(n, m, k, seed, ties):
    x, y = cloud(2, n, 3, seed=seed, dtype=torch.float32), cloud(2, m, 3, seed=seed + 1, dtype=torch.float32)
    if ties:
        x, y = x.round(), y.round()
    k = min(k, m)
    expected = reference_search(y, x, k, manhattan=True)
    found = prepare_search(y, manhattan=True)(x, k)
    assert torch.equal(found.squared_distances, expected.squared_distances)
    assert torch.equal(found.indices, expected.indices)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_large_cloud_has_the_bits_of_the_reference_with_any_number_of_threads(threads):
    x, y = cloud(1, 3000, 3, dtype=torch.float32), 0.01 * cloud(1, 2500, 3, seed=1, dtype=torch.float32)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = prepare_search(y, manhattan=True)(x, 3)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found.indices, reference_search(y, x, 3, manhattan=True).indices)


@given(st.integers(0, 10_000), st.floats(-100, 100), st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_translations_mirrors_and_scales(seed, offset, scale):
    x, y = cloud(2, 20, 3, seed=seed), cloud(2, 15, 3, seed=seed + 1)
    turn = torch.tensor([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).double()  # axes onto axes
    found = ops.manhattan_neighbors(scale * (x @ turn + offset), scale * (y @ turn + offset))
    torch.testing.assert_close(
        found.distances, scale * ops.manhattan_neighbors(x, y).distances, rtol=1e-9, atol=1e-9 * scale
    )


@pytest.mark.parametrize("k", [1, 3])
def test_derivatives(k):
    x, y = cloud(2, 5, 3).requires_grad_(), cloud(2, 6, 3, seed=1).requires_grad_()

    def distances(x, y):
        return ops.manhattan_neighbors(x, y, k=k).distances

    assert torch.autograd.gradcheck(distances, (x, y))


def test_coincident_points_are_exactly_zero_with_zero_gradient():
    x = cloud(1, 9, 3, dtype=torch.float32).requires_grad_()
    distances, indices = ops.manhattan_neighbors(x, x.detach().clone())
    assert distances.tolist() == [[0.0] * 9]
    assert indices.tolist() == [list(range(9))]
    assert not torch.autograd.grad(distances.sum(), x)[0].any()


@pytest.mark.parametrize("dimension", [3, 4])
def test_masked_points_are_neither_asked_nor_found_and_what_is_missing_is_padded(dimension):
    x, y = cloud(3, 6, dimension), cloud(3, 5, dimension, seed=1)
    x_mask, y_mask = torch.arange(6) < torch.tensor([[6], [4], [5]]), torch.arange(5) < torch.tensor([[5], [2], [0]])
    x = torch.where(x_mask[..., None], x, math.nan).requires_grad_()
    y = torch.where(y_mask[..., None], y, math.nan).requires_grad_()
    found = ops.manhattan_neighbors(x, y, k=3, missing="pad", x_mask=x_mask, y_mask=y_mask)
    for b, count in enumerate((3, 2, 0)):
        assert (found.indices[b, x_mask[b], count:] == -1).all()
        assert (found.distances[b, x_mask[b], count:] == math.inf).all()
        assert not found.distances[b, ~x_mask[b]].any()
        if count:
            alone = ops.manhattan_neighbors(x[b, x_mask[b]], y[b, y_mask[b]], k=count)
            assert torch.equal(found.indices[b, x_mask[b], :count], alone.indices)
    total = torch.where(found.indices >= 0, found.distances, 0).sum()
    for gradient, mask in zip(torch.autograd.grad(total, (x, y)), (x_mask, y_mask)):
        assert gradient.isfinite().all()
        assert not gradient[~mask].any()


def test_a_cloud_of_no_points_has_no_neighbors():
    found = ops.manhattan_neighbors(torch.zeros(2, 3), torch.zeros(0, 3), missing="pad")
    assert (found.distances.tolist(), found.indices.tolist()) == ([math.inf] * 2, [-1, -1])
    assert ops.manhattan_neighbors(torch.zeros(0, 3), torch.zeros(4, 3)).indices.shape == (0,)


def test_the_compiler_sees_one_graph():
    x, y = cloud(2, 12, 3).requires_grad_(), cloud(2, 9, 3, seed=1)

    def loss(x, y):
        return ops.manhattan_neighbors(x, y, k=2).distances.mean()

    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, y), loss(x, y))
    torch.library.opcheck(manhattan_indices, (x.detach(), y, 2))


GOOD = torch.zeros(2, 4, 3)


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (torch.zeros(3), GOOD, {}, r"x must have shape \(B, N, D\) or \(N, D\), got \(3,\)"),
        (GOOD, torch.zeros(2, 4, 2), {}, r"y must have shape \(2, M, 3\) like x, got \(2, 4, 2\)"),
        (GOOD, GOOD[:, :0], {}, r"y must hold at least one point"),
        (GOOD, GOOD, {"k": 5}, r"k must lie between 1 and the number of points in y, 4, got 5"),
        (GOOD, GOOD, {"missing": "no"}, "missing must be one of 'raise', 'pad', got"),
        (GOOD, GOOD, {"y_mask": torch.ones(4).bool()}, r"y_mask must be boolean with shape \(2, 4\)"),
        (GOOD, GOOD, {"y_mask": torch.zeros(2, 4).bool()}, r"every sample of y needs 1 points that are not masked"),
        (GOOD, GOOD + math.inf, {}, r"y has non-finite coordinates"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(x, y, options, message):
    with pytest.raises(ValueError, match=f"^manhattan_neighbors: {message}"):
        ops.manhattan_neighbors(x, y, **options)


def test_every_way_of_differentiating_gives_the_same():
    x, y, direction = cloud(6, 3), cloud(5, 3, seed=1), cloud(6, 3, seed=2)

    def total(x):
        return ops.manhattan_neighbors(x, y, k=2).distances.sum()

    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(total(leaf), leaf)
    torch.testing.assert_close(torch.func.grad(total)(x), gradient)
    torch.testing.assert_close(torch.func.jvp(total, (x,), (direction,))[1], (gradient * direction).sum())


def test_half_precision_is_widened_also_beside_float32():
    x, y = cloud(5, 3, dtype=torch.bfloat16), cloud(4, 3, seed=1, dtype=torch.float32)
    found, expected = ops.manhattan_neighbors(x, y), ops.manhattan_neighbors(x.float(), y)
    assert found.distances.dtype == torch.float32
    assert torch.equal(found.distances, expected.distances)
