import pytest
import torch

from diffshape.fields import FeatureGrid, FramedField

FRAME = {"center": (1000.0, -2.0, 3.0), "scale": 4.0}


def points_around(count=50):
    unit = torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return unit, unit * FRAME["scale"] + torch.tensor(FRAME["center"], dtype=torch.float64)


def test_points_distances_and_gradients_in_input_coordinates():
    field = FeatureGrid(levels=2, base=8, finest=16).double()
    unit, points = points_around()
    values, gradients = FramedField(field, **FRAME).value_and_gradient(points)
    inner, slopes = field.value_and_gradient(unit)
    torch.testing.assert_close(values, 4 * inner)
    torch.testing.assert_close(gradients, slopes)
    torch.testing.assert_close(FramedField(field, **FRAME)(points), values)


def test_the_gradient_is_that_of_the_values():
    framed = FramedField(FeatureGrid(levels=2, base=8, finest=16).double(), **FRAME)
    points = points_around(6)[1].requires_grad_()
    (expected,) = torch.autograd.grad(framed(points).sum(), points)
    torch.testing.assert_close(framed.value_and_gradient(points)[1], expected)


def test_a_far_centre_costs_no_digits():
    field = FeatureGrid(levels=2, base=8, finest=16)
    center = (4_000_000.1, 500_000.3, 100.7)  # float32 holds the first to 0.25
    points = torch.tensor(center, dtype=torch.float32) + torch.rand(20, 3).round(decimals=1) * 100
    exact = (points.double() - torch.tensor(center, dtype=torch.float64)) / 100
    torch.testing.assert_close(FramedField(field, center=center, scale=100.0)(points), 100 * field(exact.float()))


def test_a_query_in_float64_keeps_its_digits_far_away():
    field = FeatureGrid(levels=2, base=8, finest=16)
    center = (4_000_000.1, 500_000.3, 100.7)  # float32 holds the first to 0.25
    unit, framed = points_around()[0], FramedField(field, center=center, scale=0.5)
    found = framed.query((unit * 0.5 + torch.tensor(center, dtype=torch.float64)).reshape(5, 10, 3))
    assert (found.dtype, found.requires_grad) == (torch.float64, False)
    torch.testing.assert_close(found, 0.5 * field.query(unit).reshape(5, 10), rtol=0, atol=1e-6)
    halves = torch.tensor([[0.25, 0.5, 0.0]]).half()
    near = FramedField(field, center=(0.1, 0.0, 0.0))
    assert torch.equal(near.query(halves), near(halves.float()).half())
    with pytest.raises(ValueError, match=r"FramedField.query: points must have shape \(\.\.\., 3\), got \(4, 2\)"):
        framed.query(torch.zeros(4, 2))


def test_without_a_frame_it_is_the_field():
    field, points = FeatureGrid(levels=2, base=8, finest=16), torch.rand(9, 3)
    assert torch.equal(FramedField(field)(points), field(points))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"center": (0.0, 1.0)}, "FramedField: center must be three finite numbers"),
        ({"center": (0.0, 1.0, float("nan"))}, "FramedField: center must be a finite number, got nan"),
        ({"scale": 0.0}, "FramedField: scale must be a positive number, got 0.0"),
        ({"scale": float("inf")}, "FramedField: scale must be a positive number, got inf"),
    ],
)
def test_what_is_no_frame_is_refused(frame, message):
    with pytest.raises(ValueError, match=message):
        FramedField(FeatureGrid(levels=1, base=4, finest=4), **frame)
