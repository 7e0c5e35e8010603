"""gather_points: leading shapes as nearest_neighbors has them, missing neighbours, derivatives, refusals."""

import pytest
import torch

from diffshape import ops


def cloud(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_hand_computed_values():
    points = torch.tensor([[[0.0, 1.0], [2.0, 3.0]], [[4.0, 5.0], [6.0, 7.0]]])
    found = ops.gather_points(points, torch.tensor([[1, 0, -1], [0, 0, 1]]))
    assert found.tolist() == [[[2, 3], [0, 1], [0, 0]], [[4, 5], [4, 5], [6, 7]]]


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("batch", [(), (2,)])
def test_it_takes_what_the_search_returns(batch, k):
    x, y = cloud(*batch, 6, 3), cloud(*batch, 5, 3, seed=1)
    found = ops.nearest_neighbors(x, y, k=k)
    near = ops.gather_points(y, found.indices)
    assert near.shape == (*found.indices.shape, 3)
    queries = x if k == 1 else x[..., None, :]
    torch.testing.assert_close((queries - near).square().sum(-1), found.squared_distances)


def test_features_of_any_width_and_dtype():
    colours = torch.arange(8, dtype=torch.uint8).reshape(4, 2)
    assert ops.gather_points(colours, torch.tensor([3, -1], dtype=torch.int32)).tolist() == [[6, 7], [0, 0]]


def test_derivatives_and_none_for_what_is_missing():
    points, indices = cloud(2, 4, 3).requires_grad_(), torch.tensor([[0, -1, 3], [3, 3, -1]])
    assert torch.autograd.gradcheck(lambda points: ops.gather_points(points, indices).square(), points)
    (gradient,) = torch.autograd.grad(ops.gather_points(points, indices).sum(), points)
    assert gradient[..., 0].tolist() == [[1, 0, 0, 1], [0, 0, 0, 2]]


def test_not_a_number_where_nothing_is_gathered_stays_there():
    points = torch.tensor([[torch.nan], [1.0]], requires_grad=True)
    found = ops.gather_points(points, torch.tensor([-1, 1]))
    assert found.tolist() == [[0.0], [1.0]]
    found.sum().backward()
    assert points.grad.tolist() == [[0.0], [1.0]]


def test_nothing_to_gather_and_nothing_to_gather_from():
    assert ops.gather_points(torch.zeros(2, 4, 3), torch.zeros(2, 0, dtype=torch.int64)).shape == (2, 0, 3)
    assert ops.gather_points(torch.zeros(2, 4, 0), torch.zeros(2, 3, dtype=torch.int64)).shape == (2, 3, 0)
    assert ops.gather_points(torch.zeros(0, 3), torch.tensor([-1, -1])).tolist() == [[0, 0, 0]] * 2


def test_the_compiler_sees_one_graph():
    compiled = torch.compile(ops.gather_points, backend="aot_eager", fullgraph=True)
    points, indices = cloud(2, 4, 3), torch.tensor([[0, -1, 3], [3, 3, -1]])
    assert torch.equal(compiled(points, indices), ops.gather_points(points, indices))


POINTS = torch.zeros(2, 4, 3)


@pytest.mark.parametrize(
    ("points", "indices", "message"),
    [
        (POINTS[0, 0], torch.zeros(2).long(), r"points must have shape \(B, M, C\) or \(M, C\), got \(3,\)"),
        (POINTS, torch.zeros(2).long(), r"indices must have shape \(2, N\) or \(2, N, K\) like points, got \(2,\)"),
        (POINTS, torch.zeros(3, 5).long(), r"indices must have shape \(2, N\) or .* got \(3, 5\)"),
        (POINTS[0], torch.zeros(2, 5, 1).long(), r"indices must have shape \(N,\) or \(N, K\) like points"),
        (POINTS, torch.zeros(2, 5), r"indices must be int"),
        (POINTS, torch.full((2, 5), 4), r"indices must lie between -1 and 3, got 4 to 4"),
        (POINTS, torch.full((2, 5), -2), r"indices must lie between -1 and 3, got -2 to -2"),
        (POINTS[:, :0], torch.zeros(2, 5).long(), r"indices must lie between -1 and -1, got 0 to 0"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(points, indices, message):
    with pytest.raises(ValueError, match=f"^gather_points: {message}"):
        ops.gather_points(points, indices)
