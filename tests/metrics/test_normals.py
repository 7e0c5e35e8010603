import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.metrics import normal_consistency

X = torch.tensor([[0.0, 0, 0], [1, 0, 0], [5, 0, 0]])
UP = torch.tensor([0.0, 0, 1]).expand(3, 3)


def cloud(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_values_by_hand():
    assert normal_consistency(X, X, UP, UP) == 1
    assert normal_consistency(X, X, UP, -2 * UP) == 1
    assert normal_consistency(X, X, UP, -UP, signed=True) == -1
    tilted = torch.tensor([0.0, math.sin(1), math.cos(1)]).expand(3, 3)
    assert normal_consistency(X, X, UP, tilted).item() == pytest.approx(math.cos(1))
    # of the three points, two meet a normal at a right angle; the one point of the other side meets its own
    sideways = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 0, 1]])
    assert normal_consistency(X, X[2:], sideways, UP[2:]).item() == pytest.approx((1 / 3 + 1) / 2)


def test_random_directions_score_a_half_or_nothing():
    x, y, n, m = (cloud(20_000, 3, seed=seed) for seed in range(4))
    assert normal_consistency(x, y, n, m).item() == pytest.approx(0.5, abs=0.01)
    assert normal_consistency(x, y, n, m, signed=True).item() == pytest.approx(0, abs=0.01)


@given(st.integers(0, 10_000), st.floats(-5, 5))
@settings(max_examples=25, deadline=None)
def test_rigid_motions_and_swapped_sides(seed, shift):
    x, n, y, m = (cloud(2, size, 3, seed=seed + size) for size in (9, 9, 7, 7))
    rotation = torch.linalg.qr(cloud(3, 3, seed=seed)).Q
    score = normal_consistency(x, y, n, m)
    assert score.shape == (2,)
    torch.testing.assert_close(
        normal_consistency(x @ rotation + shift, y @ rotation + shift, n @ rotation, m @ rotation), score
    )
    torch.testing.assert_close(normal_consistency(y, x, m, n), score)


def test_a_normal_of_length_zero_scores_nothing_and_no_gradient_is_kept():
    score = normal_consistency(X.clone().requires_grad_(), X, 0 * UP, UP)
    assert score == 0
    assert not score.requires_grad


def test_bad_input():
    with pytest.raises(ValueError, match=r"pred_normals must be torch.float32 of shape \(3, 3\) .* got .* \(2, 3\)"):
        normal_consistency(X, X, UP[:2], UP)
    with pytest.raises(ValueError, match=r"truth_normals must be torch.float32 .* got torch.float64"):
        normal_consistency(X, X, UP, UP.double())
    with pytest.raises(ValueError, match="y must hold at least one point"):
        normal_consistency(X, X[:0], UP, UP[:0])
