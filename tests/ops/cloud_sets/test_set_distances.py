"""set_distances: hand values, a plain loop of the definitions, symmetry, the auction's bound, bad input."""

import pytest
import torch

from diffshape import losses, ops
from diffshape.ops.cloud_sets import set_distances as module


def clouds(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


X, Y = clouds(4, 40, 3), clouds(3, 40, 3, seed=1) + 0.3


def test_hand_values():
    x = torch.tensor([[[0.0, 0.0], [3.0, 0.0]]])
    y = torch.tensor([[[0.0, 1.0], [0.0, 1.0]], [[0.0, 0.0], [3.0, 2.0]]])
    assert ops.set_distances(x, y).tolist() == [[(1 + 10) / 2 + 1, 4.0]]  # a^2: 1, 10 and 0, 4; b^2: 1, 1 and 0, 4
    matched = ops.set_distances(x, y, distance="earth_mover")
    torch.testing.assert_close(matched, torch.tensor([[(1 + 10**0.5) / 2, 1.0]], dtype=torch.float64))


def test_a_crossing_that_sorted_coordinates_do_not_see():
    x, y = torch.tensor([[[0.0, 0], [1, 1]]]), torch.tensor([[[0.0, 1], [1, 0]]])
    assert ops.set_distances(x, y, distance="earth_mover").item() == 1.0  # sorting x and y each by itself gives 0


def test_chamfer_is_the_loop_over_pairs():
    found = ops.set_distances(X, Y[:, :25])
    wanted = [[losses.chamfer_distance(x, y).item() for y in Y[:, :25]] for x in X]
    torch.testing.assert_close(found, torch.tensor(wanted, dtype=torch.float64), rtol=1e-12, atol=0)


@pytest.mark.parametrize("epsilon", [1e-5, 0.01, 0.2])
def test_earth_mover_exceeds_the_optimum_by_no_more_than_epsilon(epsilon, monkeypatch):
    monkeypatch.setattr(module, "MATCHED_POINTS", 100)  # several parts
    found = ops.set_distances(X, Y, distance="earth_mover", epsilon=epsilon)
    wanted = torch.stack([torch.stack([losses.earth_mover_distance(x, y) for y in Y]) for x in X])
    assert (found >= wanted * (1 - 1e-12)).all()
    assert (found <= wanted * (1 + epsilon)).all()


@pytest.mark.parametrize("distance", ["chamfer", "earth_mover"])
def test_one_set_is_symmetric_and_as_two(distance):
    found = ops.set_distances(X, distance=distance, epsilon=1e-5)
    assert torch.equal(found, found.mT)
    assert not found.diagonal().any()
    torch.testing.assert_close(found, ops.set_distances(X, X, distance=distance, epsilon=1e-5), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("distance", ["chamfer", "earth_mover"])
def test_the_order_of_points_does_not_matter(distance):
    shuffled = X[:, torch.randperm(40, generator=torch.Generator().manual_seed(2))]
    assert not ops.set_distances(X, shuffled, distance=distance).diagonal().any()


def test_half_precision_and_whole_numbers():
    assert ops.set_distances(X.half(), Y.half()).dtype == torch.float64
    assert ops.set_distances(torch.arange(6).view(1, 2, 3)).tolist() == [[0.0]]


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (X[0], None, {}, r"x must have shape \(S, N, D\), none of them 0, got \(40, 3\)"),
        (X[:0], Y, {}, r"x must have shape"),
        (X, Y[..., :2], {}, r"y must be torch.float64 of shape \(R, M, 3\)"),
        (X, Y.float(), {}, "y must be torch.float64"),
        (X, Y[:, :9], {"distance": "earth_mover"}, "the earth mover needs 40 points a cloud of y like x, got 9"),
        (X, Y * torch.nan, {}, "y has non-finite coordinates"),
        (X, Y, {"epsilon": 0.0}, "epsilon must be"),
        (X, Y, {"distance": "emd"}, "distance must be"),
    ],
)
def test_bad_input(x, y, options, message):
    with pytest.raises(ValueError, match=message):
        ops.set_distances(x, y, **options)
