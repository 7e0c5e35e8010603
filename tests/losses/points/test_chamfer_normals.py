"""Chamfer normals: the formula by hand, and normals that are missing, tiny or masked."""

import pytest
import torch

from diffshape import losses

X = torch.tensor([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]])
Y = torch.tensor([[0.0, 0.0, 1.0], [5.0, 0.0, 1.0], [5.0, 0.0, 2.0]])
UP = torch.tensor([0.0, 0.0, 1.0])
TILTED = torch.tensor([0.0, 0.6, 0.8])
X_NORMALS = torch.stack([UP, -UP])
Y_NORMALS = torch.stack([TILTED, UP, TILTED])


@pytest.mark.parametrize(
    ("oriented", "expected"),
    [(False, (0.2 + 0) / 2 + (0.2 + 0 + 0.2) / 3), (True, (0.2 + 2) / 2 + (0.2 + 2 + 1.8) / 3)],
)
def test_hand_computed_values(oriented, expected):
    value = losses.chamfer_normal_loss(X, Y, X_NORMALS, Y_NORMALS, oriented=oriented)
    torch.testing.assert_close(value, torch.tensor(expected))


@pytest.mark.parametrize("length", [1e-30, 1e-3, 1e30])
def test_the_length_of_a_normal_does_not_matter(length):
    expected = losses.chamfer_normal_loss(X, Y, X_NORMALS, Y_NORMALS)
    torch.testing.assert_close(losses.chamfer_normal_loss(X, Y, length * X_NORMALS, Y_NORMALS), expected)


def test_equal_sets_agree_and_flipped_ones_do_not():
    assert losses.chamfer_normal_loss(Y, Y, Y_NORMALS, Y_NORMALS, oriented=True).item() == pytest.approx(0, abs=1e-6)
    assert losses.chamfer_normal_loss(Y, Y, Y_NORMALS, -Y_NORMALS).item() == pytest.approx(0, abs=1e-6)
    assert losses.chamfer_normal_loss(Y, Y, Y_NORMALS, -Y_NORMALS, oriented=True).item() == pytest.approx(4)


def test_an_unknown_normal_is_not_counted_and_has_no_gradient():
    normals = torch.stack([torch.zeros(3), UP, TILTED]).requires_grad_()
    value = losses.chamfer_normal_loss(X, Y, X_NORMALS, normals)
    assert value.item() == pytest.approx(0 + (0 + 0.2) / 2)
    value.backward()
    assert normals.grad.isfinite().all()
    assert (normals.grad[0] == 0).all()


def test_no_known_normal_at_all_counts_nothing():
    normals = torch.zeros(3, 3, requires_grad=True)
    value = losses.chamfer_normal_loss(X, Y, X_NORMALS, normals)
    assert value.item() == 0
    value.backward()
    assert (normals.grad == 0).all()


def test_the_compiler_sees_one_graph():
    compiled = torch.compile(losses.chamfer_normal_loss, backend="aot_eager", fullgraph=True)
    expected = losses.chamfer_normal_loss(X, Y, X_NORMALS, Y_NORMALS)
    torch.testing.assert_close(compiled(X, Y, X_NORMALS, Y_NORMALS), expected)


@pytest.mark.parametrize(
    ("x_normals", "y_normals", "message"),
    [
        (Y_NORMALS, Y_NORMALS, r"x_normals must have shape \(2, 3\) like x, got \(3, 3\)"),
        (X_NORMALS, X_NORMALS, r"y_normals must have shape \(3, 3\) like y, got \(2, 3\)"),
    ],
)
def test_normals_of_another_set_are_refused(x_normals, y_normals, message):
    with pytest.raises(ValueError, match=f"^chamfer_normal_loss: {message}"):
        losses.chamfer_normal_loss(X, Y, x_normals, y_normals)
