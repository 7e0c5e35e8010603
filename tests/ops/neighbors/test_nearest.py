"""nearest_neighbors: closed forms, derivatives, peers, the compiler, and input it must refuse."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from diffshape import ops
from diffshape.ops.neighbors.nearest import nearest_pairs, pair_gradient


def cloud(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def test_hand_computed_values():
    x = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    y = torch.tensor([[0.0, 0.0, 3.0], [1.0, 0.5, 0.0], [0.0, 0.0, 2.0]])
    squared_distances, indices = ops.nearest_neighbors(x, y, k=2)
    assert squared_distances.tolist() == [[1.25, 4.0], [0.25, 5.0]]
    assert indices.tolist() == [[1, 2], [1, 2]]
    assert indices.dtype == torch.int64


@pytest.mark.parametrize("k", [1, 3])
def test_a_batch_is_its_clouds_one_by_one(k):
    x, y = cloud(4, 11, 3), cloud(4, 7, 3, seed=1)
    together = ops.nearest_neighbors(x, y, k=k)
    for b in range(4):
        alone = ops.nearest_neighbors(x[b], y[b], k=k)
        assert alone.indices.shape == ((11,) if k == 1 else (11, 3))
        assert torch.equal(alone.indices, together.indices[b])
        assert torch.equal(alone.squared_distances, together.squared_distances[b])


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
@pytest.mark.parametrize("k", [1, 4, 30])
def test_distances_equal_scipy(dimension, k):
    x, y = cloud(200, dimension), cloud(150, dimension, seed=1)
    expected, _ = cKDTree(y.numpy()).query(x.numpy(), k=k)
    torch.testing.assert_close(ops.nearest_neighbors(x, y, k=k).squared_distances.sqrt(), torch.from_numpy(expected))


@given(st.integers(0, 10_000), st.floats(-100, 100))
@settings(max_examples=25, deadline=None)
def test_a_rigid_motion_changes_nothing_and_a_permutation_moves_the_indices(seed, offset):
    x, y = cloud(2, 20, 3, seed=seed), cloud(2, 15, 3, seed=seed + 1)
    rotation = torch.linalg.qr(cloud(3, 3, seed=seed)).Q
    expected = ops.nearest_neighbors(x, y)
    moved = ops.nearest_neighbors(x @ rotation + offset, y @ rotation + offset)
    torch.testing.assert_close(moved.squared_distances, expected.squared_distances, rtol=1e-9, atol=1e-9)
    order = torch.randperm(15, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(order[ops.nearest_neighbors(x, y[:, order]).indices], expected.indices)


@pytest.mark.parametrize("k", [1, 3])
def test_first_and_second_derivatives(k):
    x, y = cloud(2, 5, 3).requires_grad_(), cloud(2, 6, 3, seed=1).requires_grad_()

    def squared(x, y):
        return ops.nearest_neighbors(x, y, k=k).squared_distances

    assert torch.autograd.gradcheck(squared, (x, y))
    assert torch.autograd.gradgradcheck(squared, (x, y))


def test_coincident_points_are_exactly_zero_with_zero_gradient():
    x = cloud(1, 9, 3, dtype=torch.float32).requires_grad_()
    y = x.detach().clone().requires_grad_()
    squared_distances, indices = ops.nearest_neighbors(x, y)
    assert squared_distances.tolist() == [[0.0] * 9]
    assert indices.tolist() == [list(range(9))]
    for gradient in torch.autograd.grad(squared_distances.sum(), (x, y)):
        assert torch.equal(gradient, torch.zeros_like(gradient))


def test_digits_survive_far_from_the_origin():
    x = cloud(100, 3) * 1e-3
    y = cloud(80, 3, seed=1) * 1e-3
    far = ops.nearest_neighbors(x + 1e6, y + 1e6)
    near = ops.nearest_neighbors(x, y)
    torch.testing.assert_close(far.squared_distances, near.squared_distances, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_searched_in_float32(dtype):
    x = torch.tensor([[300.0, 0.0, 0.0]], dtype=dtype, requires_grad=True)
    y = torch.tensor([[0.0, 0.0, 0.0]], dtype=dtype)
    squared_distances, _ = ops.nearest_neighbors(x, y)
    assert squared_distances.dtype == torch.float32
    assert squared_distances.item() == 90_000.0  # float16 ends at 65,504
    squared_distances.sum().backward()
    assert x.grad.tolist() == [[600.0, 0.0, 0.0]]


def test_integers_are_exact():
    x = torch.tensor([[2**30, 0, 0]])
    found = ops.nearest_neighbors(x, torch.tensor([[2**30, 0, 3], [2**30 + 1, 0, 0]]))
    assert found.squared_distances.dtype == torch.float64
    assert (found.squared_distances.item(), found.indices.item()) == (1.0, 1)


@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3)])
def test_no_queries_give_an_empty_result_with_a_graph(shape):
    x = torch.zeros(shape, requires_grad=True)
    squared_distances, indices = ops.nearest_neighbors(x, torch.zeros(*shape[:-2], 4, 3))
    assert squared_distances.shape == indices.shape == shape[:-1]
    squared_distances.sum().backward()
    assert x.grad.shape == shape


def test_one_point_on_each_side():
    squared_distances, indices = ops.nearest_neighbors(torch.zeros(1, 3), torch.full((1, 3), 2.0))
    assert (squared_distances.tolist(), indices.tolist()) == ([12.0], [0])


def test_a_transposed_view_is_read_correctly():
    x = cloud(3, 40).T
    y = cloud(3, 30, seed=1).T
    expected = ops.nearest_neighbors(x.contiguous(), y.contiguous())
    assert torch.equal(ops.nearest_neighbors(x, y).indices, expected.indices)


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("dimension", [3, 5])
def test_masked_points_are_neither_asked_nor_found(k, dimension):
    x, y = cloud(3, 12, dimension), cloud(3, 9, dimension, seed=1)
    generator = torch.Generator().manual_seed(0)
    x_mask, y_mask = torch.rand(3, 12, generator=generator) < 0.7, torch.rand(3, 9, generator=generator) < 0.7
    x, y = torch.where(x_mask[..., None], x, math.nan), torch.where(y_mask[..., None], y, math.inf)
    found = ops.nearest_neighbors(x, y, k=k, x_mask=x_mask, y_mask=y_mask)
    for b in range(3):
        rows = y_mask[b].nonzero()[:, 0]
        alone = ops.nearest_neighbors(x[b, x_mask[b]], y[b, y_mask[b]], k=k)
        assert torch.equal(found.indices[b, x_mask[b]], rows[alone.indices])
        assert torch.equal(found.squared_distances[b, x_mask[b]], alone.squared_distances)
        assert not found.squared_distances[b, ~x_mask[b]].any()
        assert not found.indices[b, ~x_mask[b]].any()


def test_nothing_masked_reaches_a_gradient():
    mask = torch.tensor([True, False, True, True])
    x = torch.where(mask[:, None], cloud(4, 3), math.nan).requires_grad_()
    y = torch.where(mask[:, None], cloud(4, 3, seed=1), math.nan).requires_grad_()
    found = ops.nearest_neighbors(x, y, x_mask=mask, y_mask=mask)
    for gradient in torch.autograd.grad(found.squared_distances.sum(), (x, y)):
        assert gradient.isfinite().all()
        assert not gradient[1].any()


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(
        ValueError, match=r"x_mask must be boolean with shape \(2, 4\), got torch.bool with shape \(4,\)"
    ):
        ops.nearest_neighbors(GOOD, GOOD, x_mask=torch.ones(4).bool())
    with pytest.raises(ValueError, match=r"y_mask must be boolean with shape \(2, 4\), got torch.float32 with shape"):
        ops.nearest_neighbors(GOOD, GOOD, y_mask=torch.ones(2, 4))
    with pytest.raises(ValueError, match="every sample of y needs 2 points that are not masked"):
        ops.nearest_neighbors(GOOD, GOOD, k=2, y_mask=torch.eye(4).bool()[:2])


def test_the_compiler_sees_one_graph():
    x, y = cloud(2, 12, 3).requires_grad_(), cloud(2, 9, 3, seed=1)

    def loss(x, y):
        return ops.nearest_neighbors(x, y, k=2).squared_distances.mean()

    compiled = torch.compile(loss, backend="eager", fullgraph=True)
    expected, actual = loss(x, y), compiled(x, y)
    assert torch.equal(actual, expected)
    assert torch.equal(torch.autograd.grad(actual, x)[0], torch.autograd.grad(expected, x)[0])


def test_the_operator_keeps_its_promises_to_pytorch():
    x, y = cloud(2, 12, 3).requires_grad_(), cloud(2, 9, 3, seed=1).requires_grad_()
    torch.library.opcheck(nearest_pairs, (x, y, 2))
    squared_distances, indices = nearest_pairs(x, y, 2)
    torch.library.opcheck(pair_gradient, (x, y, indices, torch.ones_like(squared_distances)))


def test_fake_tensors_give_shapes_without_searching():
    with torch._subclasses.FakeTensorMode():
        squared_distances, indices = ops.nearest_neighbors(torch.empty(2, 12, 3), torch.empty(2, 9, 3), k=4)
    assert squared_distances.shape == indices.shape == (2, 12, 4)
    assert indices.dtype == torch.int64


GOOD = torch.zeros(2, 4, 3)


@pytest.mark.parametrize(
    ("x", "y", "k", "message"),
    [
        (torch.zeros(3), GOOD, 1, r"x must have shape \(B, N, D\) or \(N, D\), got \(3,\)"),
        (GOOD, torch.zeros(4, 3), 1, r"y must have shape \(2, M, 3\) like x, got \(4, 3\)"),
        (GOOD, torch.zeros(1, 4, 3), 1, r"y must have shape \(2, M, 3\) like x, got \(1, 4, 3\)"),
        (GOOD, torch.zeros(2, 4, 2), 1, r"y must have shape \(2, M, 3\) like x, got \(2, 4, 2\)"),
        (GOOD, torch.zeros(2, 0, 3), 1, r"y must hold at least one point, got shape \(2, 0, 3\)"),
        (GOOD, GOOD.double(), 1, r"share dtype and device, got torch.float32 on cpu and torch.float64 on cpu"),
        (GOOD, GOOD, 5, r"k must lie between 1 and the number of points in y, 4, got 5"),
        (GOOD, GOOD, 0, r"k must lie between 1 and the number of points in y, 4, got 0"),
        (GOOD * math.nan, GOOD, 1, r"x has non-finite coordinates"),
        (GOOD, GOOD + math.inf, 1, r"y has non-finite coordinates"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(x, y, k, message):
    with pytest.raises(ValueError, match=f"^nearest_neighbors: .*{message}"):
        ops.nearest_neighbors(x, y, k=k)


def test_complex_coordinates_are_refused():
    with pytest.raises(ValueError, match=r"x must be real numbers, .* got torch\.complex64"):
        ops.nearest_neighbors(GOOD.to(torch.complex64), GOOD.to(torch.complex64))


@pytest.mark.parametrize("dimension", [3, 5])
def test_neighbors_that_do_not_exist_are_infinitely_far(dimension):
    x, y = torch.zeros(2, dimension), torch.eye(3, dimension) * torch.tensor([[1.0], [2.0], [3.0]])
    found = ops.nearest_neighbors(x, y, k=5, missing="pad")
    assert found.squared_distances.tolist() == [[1.0, 4.0, 9.0, math.inf, math.inf]] * 2
    assert found.indices.tolist() == [[0, 1, 2, -1, -1]] * 2
    mask = torch.tensor([False, True, False])
    found = ops.nearest_neighbors(x, y, k=2, missing="pad", x_mask=torch.tensor([True, False]), y_mask=mask)
    assert found.squared_distances.tolist() == [[4.0, math.inf], [0.0, 0.0]]
    assert found.indices.tolist() == [[1, -1], [0, 0]]


@pytest.mark.parametrize("dimension", [3, 5])
def test_padding_is_what_each_cloud_lacks(dimension):
    x, y = cloud(3, 6, dimension), cloud(3, 5, dimension, seed=1)
    y_mask = torch.arange(5) < torch.tensor([[5], [2], [0]])
    y = torch.where(y_mask[..., None], y, math.nan).requires_grad_()
    found = ops.nearest_neighbors(x, y, k=4, missing="pad", y_mask=y_mask)
    for b, count in enumerate((4, 2, 0)):
        assert (found.indices[b, :, count:] == -1).all()
        assert (found.squared_distances[b, :, count:] == math.inf).all()
        if count:
            alone = ops.nearest_neighbors(x[b], y[b, y_mask[b]], k=count)
            assert torch.equal(found.indices[b, :, :count], alone.indices)
            assert torch.equal(found.squared_distances[b, :, :count], alone.squared_distances)
    (gradient,) = torch.autograd.grad(found.squared_distances[found.indices >= 0].sum(), y)
    assert gradient.isfinite().all()
    assert not gradient[~y_mask].any()
    assert gradient[0].any()


def test_derivatives_with_padding():
    x, y = cloud(2, 4, 3).requires_grad_(), cloud(2, 3, 3, seed=1).requires_grad_()
    y_mask = torch.tensor([[True, True, True], [True, False, False]])

    def squared(x, y):
        found = ops.nearest_neighbors(x, y, k=4, missing="pad", y_mask=y_mask)
        return torch.where(found.indices >= 0, found.squared_distances, 0)

    assert torch.autograd.gradcheck(squared, (x, y))
    assert torch.autograd.gradgradcheck(squared, (x, y))
    torch.library.opcheck(nearest_pairs, (x, y, 4, None, y_mask, True))


def test_a_cloud_of_no_points_has_no_neighbors():
    x, y = torch.zeros(2, 3, requires_grad=True), torch.zeros(0, 3, requires_grad=True)
    found = ops.nearest_neighbors(x, y, k=2, missing="pad")
    assert found.squared_distances.tolist() == [[math.inf] * 2] * 2
    assert found.indices.tolist() == [[-1, -1]] * 2
    torch.where(found.indices >= 0, found.squared_distances, 0).sum().backward()
    assert not x.grad.any()


def test_what_may_be_missing_is_chosen_by_name():
    with pytest.raises(ValueError, match=r"^nearest_neighbors: missing must be one of 'raise', 'pad', got 'nan'"):
        ops.nearest_neighbors(GOOD, GOOD, missing="nan")
    with pytest.raises(ValueError, match="k must lie between 1 and"):
        ops.nearest_neighbors(GOOD, GOOD, k=0, missing="pad")
