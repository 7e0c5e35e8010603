"""Chamfer distance: the formula by hand in every form, and what its options exclude."""

import pytest
import torch
from scipy.spatial.distance import cdist

from diffshape import losses

X = torch.tensor([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
Y = torch.tensor([[0.0, 0.0, 1.0], [0.0, 2.0, 0.0], [3.0, 4.0, 0.0]])
# squared: from x 1, 10 (to the first); from y 1, 4, 13 (the last: to the second 16, to the first 25, so 16)
A, B = [1.0, 10.0], [1.0, 4.0, 16.0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 11 / 2 + 21 / 3),
        ({"point_reduction": "sum"}, 11 + 21),
        ({"point_reduction": "max"}, 16),
        ({"direction": "x_to_y"}, 11 / 2),
        ({"direction": "y_to_x"}, 21 / 3),
        ({"direction": "x_to_y", "point_reduction": "max"}, 10),
        ({"squared": False}, (1 + 10**0.5) / 2 + (1 + 2 + 4) / 3),
        ({"squared": False, "point_reduction": "sum"}, (1 + 10**0.5) + (1 + 2 + 4)),
        ({"squared": False, "point_reduction": "max"}, 4),
        ({"x_weights": torch.tensor([3.0, 1.0])}, (3 * 1 + 10) / 4 + 7),
        ({"x_weights": torch.tensor([3.0, 1.0]), "point_reduction": "sum"}, 3 * 1 + 10 + 21),
        ({"y_weights": torch.tensor([0.0, 2.0, 2.0])}, 11 / 2 + (2 * 4 + 2 * 16) / 4),
        ({"x_mask": torch.tensor([False, True])}, 10 + (10 + 13 + 16) / 3),
        ({"y_mask": torch.tensor([False, True, True])}, (4 + 13) / 2 + (4 + 16) / 2),
        ({"y_mask": torch.tensor([False, True, True]), "point_reduction": "max"}, 16),
        ({"norm": 1}, (1 + 4) / 2 + (1 + 2 + 4) / 3),
        ({"norm": 1, "squared": False, "direction": "x_to_y"}, (1 + 4) / 2),
        ({"norm": 1, "y_mask": torch.tensor([False, True, True])}, (2 + 4) / 2 + (2 + 4) / 2),
        ({"norm": 1, "point_reduction": "max"}, 4),
        ({"norm": 2, "squared": True}, 11 / 2 + 21 / 3),
    ],
)
def test_hand_computed_values(options, expected):
    torch.testing.assert_close(losses.chamfer_distance(X, Y, **options), torch.tensor(float(expected)))


def test_the_gradient_is_the_one_of_the_formula():
    x, y = X.clone().requires_grad_(), Y.clone().requires_grad_()
    losses.chamfer_distance(x, y).backward()
    to_first, to_second = X[0] - Y, X[1] - Y
    # x_0 to y_0; y_0 and y_1 to x_0        x_1 to y_0; y_2 to x_1
    expected = torch.stack([to_first[0] + 2 / 3 * (to_first[0] + to_first[1]), to_second[0] + 2 / 3 * to_second[2]])
    torch.testing.assert_close(x.grad, expected)
    expected = -torch.stack(
        [to_first[0] + to_second[0] + 2 / 3 * to_first[0], 2 / 3 * to_first[1], 2 / 3 * to_second[2]]
    )
    torch.testing.assert_close(y.grad, expected)


@pytest.mark.parametrize("dimension", [1, 2, 3, 7])
def test_it_is_the_table_of_all_pairs(dimension):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(80, dimension, dtype=torch.float64, generator=generator)
    y = torch.randn(60, dimension, dtype=torch.float64, generator=generator)
    table = cdist(x.numpy(), y.numpy()) ** 2
    expected = torch.tensor(table.min(1).mean() + table.min(0).mean())
    torch.testing.assert_close(losses.chamfer_distance(x, y), expected)


def test_two_clouds_a_hair_apart_keep_their_digits():
    generator = torch.Generator().manual_seed(0)
    x = 1 + torch.rand(2000, 3, generator=generator)
    y = x + 1e-4 * torch.randn(2000, 3, generator=generator)
    expected = losses.chamfer_distance(x.double(), y.double())
    torch.testing.assert_close(losses.chamfer_distance(x, y).double(), expected, rtol=1e-5, atol=0)


def test_a_point_of_weight_zero_is_still_found():
    near = losses.chamfer_distance(X, Y, y_weights=torch.tensor([0.0, 1.0, 1.0]), direction="x_to_y")
    assert near.item() == 5.5


def test_weights_and_points_learn():
    weights = torch.tensor([1.0, 2.0], requires_grad=True)
    losses.chamfer_distance(X, Y, x_weights=weights).backward()
    torch.testing.assert_close(weights.grad, torch.tensor([(1 - 7) / 3, (10 - 7) / 3]))  # (a_i - mean) / sum w


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"point_reduction": "none"}, "point_reduction must be one of 'mean', 'sum', 'max', got 'none'"),
        ({"norm": 1, "squared": True}, "norm=1 takes no squared=True: Manhattan distances are never squared"),
        ({"norm": 3}, "norm must be"),
        ({"direction": "forward"}, "direction must be one of 'both', 'x_to_y', 'y_to_x', got 'forward'"),
        ({"point_reduction": "max", "x_weights": torch.ones(2)}, 'point_reduction="max" takes no weights'),
    ],
)
def test_what_cannot_be_asked_is_refused(options, message):
    with pytest.raises(ValueError, match=f"^chamfer_distance: {message}"):
        losses.chamfer_distance(X, Y, **options)
