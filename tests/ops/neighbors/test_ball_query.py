"""ball_query: by hand, the table of all pairs, padding, derivatives, refusals."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from diffshape import ops


def cloud(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_hand_computed_values():
    x = torch.tensor([[0.0, 0.0], [10.0, 0.0]])
    y = torch.tensor([[0.0, 2.0], [1.0, 0.0], [0.0, -2.0], [3.0, 0.0]])
    found = ops.ball_query(x, y, radius=2, k=4)
    assert found.squared_distances.tolist() == [[1, 4, 4, math.inf], [math.inf] * 4]
    assert found.indices.tolist() == [[1, 0, 2, -1], [-1] * 4]
    assert found.counts.tolist() == [3, 0]
    assert ops.ball_query(x, y, radius=2, k=1).indices.tolist() == [[1], [-1]]


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
@pytest.mark.parametrize("radius", [0.0, 0.3, 1.1])
def test_the_balls_are_those_of_scipy(dimension, radius):
    x, y = cloud(2, 60, dimension), cloud(2, 50, dimension, seed=1)
    found = ops.ball_query(x, y, radius=radius, k=50)
    for b in range(2):
        expected = cKDTree(y[b].numpy()).query_ball_point(x[b].numpy(), radius)
        assert found.counts[b].tolist() == [len(each) for each in expected]
        for i, each in enumerate(expected):
            assert sorted(found.indices[b, i, : len(each)].tolist()) == sorted(each)
            assert (found.indices[b, i, len(each) :] == -1).all()


@given(st.integers(0, 10_000), st.floats(-10, 10), st.floats(0.1, 10))
@settings(max_examples=20, deadline=None)
def test_motions_and_scales(seed, offset, scale):
    x, y = cloud(12, 3, seed=seed), cloud(30, 3, seed=seed + 1)
    rotation = torch.linalg.qr(cloud(3, 3, seed=seed)).Q
    expected = ops.ball_query(x, y, radius=0.8, k=5)
    found = ops.ball_query(scale * (x @ rotation + offset), scale * (y @ rotation + offset), radius=0.8 * scale, k=5)
    assert torch.equal(found.indices, expected.indices)
    assert torch.equal(found.counts, expected.counts)


def test_masked_points_are_neither_asked_nor_found():
    x, y = cloud(2, 5, 3), cloud(2, 6, 3, seed=1)
    x_mask, y_mask = torch.arange(5) < torch.tensor([[5], [3]]), torch.arange(6) < torch.tensor([[2], [0]])
    x = torch.where(x_mask[..., None], x, math.nan).requires_grad_()
    y = torch.where(y_mask[..., None], y, math.nan).requires_grad_()
    found = ops.ball_query(x, y, radius=100.0, k=4, x_mask=x_mask, y_mask=y_mask)
    assert found.counts.tolist() == [[2] * 5, [0] * 5]
    assert ((found.indices >= 0).sum(-1) == found.counts).all()
    total = torch.where(found.indices >= 0, found.squared_distances, 0).sum()
    for gradient, mask in zip(torch.autograd.grad(total, (x, y)), (x_mask, y_mask)):
        assert gradient.isfinite().all()
        assert not gradient[~mask].any()


def test_derivatives():
    x, y = cloud(2, 4, 3).requires_grad_(), cloud(2, 5, 3, seed=1).requires_grad_()

    def squared(x, y):
        found = ops.ball_query(x, y, radius=1.5, k=3)
        return torch.where(found.indices >= 0, found.squared_distances, 0)

    assert torch.autograd.gradcheck(squared, (x, y))
    assert torch.autograd.gradgradcheck(squared, (x, y))


def test_nothing_asked_and_nothing_there():
    assert ops.ball_query(torch.zeros(0, 3), torch.zeros(4, 3), radius=1, k=2).indices.shape == (0, 2)
    assert ops.ball_query(torch.zeros(2, 3), torch.zeros(0, 3), radius=1, k=2).counts.tolist() == [0, 0]


GOOD = torch.zeros(2, 4, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"radius": -1.0}, "ball_query: radius must be finite and 0 or more, got -1.0"),
        ({"radius": math.nan}, "ball_query: radius must be finite and 0 or more, got nan"),
        ({"k": 0}, "ball_query: k must be an integer of 1 or more, got 0"),
        ({"y": GOOD[..., :2]}, r"y must have shape \(2, M, 3\) like x"),
        ({"y_mask": torch.ones(4).bool()}, r"y_mask must be boolean with shape \(2, 4\)"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(options, message):
    with pytest.raises(ValueError, match=message):
        ops.ball_query(**{"x": GOOD, "y": GOOD, "radius": 1.0, "k": 2, **options})
