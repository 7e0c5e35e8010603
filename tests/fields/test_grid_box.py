import torch

from diffshape.fields.grid_box import grow_outwards, nearest_in_box, turn_outwards

POINTS = torch.tensor([[0.1, 0.2, 0.3], [4.0, 0.2, -5.0], [0.1, -1.5, 0.3]], dtype=torch.float64)
BEYOND = torch.tensor([[0.0, 0, 0], [3, 0, -4], [0, -0.5, 0]], dtype=torch.float64)


def test_nearest_points_and_the_way_beyond_them():
    nearest, beyond = nearest_in_box(POINTS, (-1.0, 1.0))
    torch.testing.assert_close(beyond, BEYOND)
    torch.testing.assert_close(nearest + beyond, POINTS)
    assert nearest.abs().max() == 1


def test_values_grow_by_the_distance_and_gradients_point_away():
    values = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    assert grow_outwards(values, BEYOND).tolist() == [1, 7, 3.5]
    gradients = torch.full((3, 3), 9.0, dtype=torch.float64)
    assert turn_outwards(gradients, BEYOND).tolist() == [[9, 9, 9], [0.6, 9, -0.8], [9, -1, 9]]


def test_both_fit_one_another():
    """The gradient of the grown value is the turned gradient."""
    slope = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64)
    points = POINTS.clone().requires_grad_()
    nearest, beyond = nearest_in_box(points, (-1.0, 1.0))
    (found,) = torch.autograd.grad(grow_outwards(nearest @ slope, beyond).sum(), points)
    torch.testing.assert_close(found, turn_outwards(slope.expand(3, 3), beyond.detach()))


def test_gradients_are_finite_on_the_box():
    beyond = torch.tensor([[0.0, 0, 0], [1e-30, 0, 0], [1e18, 0, 0]], requires_grad=True)
    grown = grow_outwards(torch.zeros(3), beyond)
    grown.sum().backward()
    assert grown.isfinite().all()
    assert beyond.grad.isfinite().all()
