import pytest
import torch

from diffshape.fields import Field


class Ellipsoid(Field):
    """f = |s x| - r with trainable s and r, through the default ``evaluate_with_gradient``."""

    def __init__(self):
        super().__init__()
        self.stretch = torch.nn.Parameter(torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64))
        self.radius = torch.nn.Parameter(torch.tensor(0.5, dtype=torch.float64))

    def evaluate(self, points):
        return (points * self.stretch).norm(dim=-1) - self.radius


@pytest.fixture
def points():
    return torch.randn(5, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_default_gradient_is_exact(points):
    field = Ellipsoid()
    values, gradients = field.value_and_gradient(points)
    expected = points * field.stretch**2 / (points * field.stretch).norm(dim=-1, keepdim=True)
    torch.testing.assert_close(gradients, expected)
    torch.testing.assert_close(values, field(points))
    assert values.shape == (5, 4)


def test_both_outputs_train_the_parameters(points):
    field = Ellipsoid()
    values, gradients = field.value_and_gradient(points)
    (values.square().mean() + (gradients.norm(dim=-1) - 1).square().mean()).backward()

    def closed_form(stretch, radius):
        length = (points * stretch).norm(dim=-1)
        slope = (points * stretch**2).norm(dim=-1) / length
        return (length - radius).square().mean() + (slope - 1).square().mean()

    expected = torch.func.grad(closed_form, argnums=(0, 1))(field.stretch.detach(), field.radius.detach())
    torch.testing.assert_close((field.stretch.grad, field.radius.grad), expected)


def test_gradient_flows_back_to_the_points_too(points):
    moving = points.clone().requires_grad_()
    Ellipsoid().value_and_gradient(moving)[1].square().sum().backward()
    assert moving.grad is not None
    assert moving.grad.abs().sum() > 0
    assert not points.requires_grad


def test_no_grad_keeps_no_graph_and_leaves_the_points_alone(points):
    field = Ellipsoid()
    with torch.no_grad():
        values, gradients = field.value_and_gradient(points)
    assert not values.requires_grad
    assert not gradients.requires_grad
    assert not points.requires_grad
    torch.testing.assert_close((values, gradients), tuple(t.detach() for t in field.value_and_gradient(points)))


def test_empty_and_single_points():
    values, gradients = Ellipsoid().value_and_gradient(torch.zeros(0, 3, dtype=torch.float64))
    assert values.shape == (0,)
    assert gradients.shape == (0, 3)
    assert Ellipsoid()(torch.ones(3, dtype=torch.float64)).shape == ()


@pytest.mark.parametrize("shape", [(), (4,), (3, 2), (2, 3, 4)])
def test_wrong_shape_is_named(shape):
    for call in (Ellipsoid(), Ellipsoid().value_and_gradient):
        with pytest.raises(ValueError, match=r"Ellipsoid: x must have shape \(\.\.\., 3\), got"):
            call(torch.zeros(shape, dtype=torch.float64))


def test_wrong_dtype_is_named():
    with pytest.raises(ValueError, match=r"x is torch.float32 but the field is torch.float64"):
        Ellipsoid()(torch.zeros(2, 3))


def test_a_field_without_values_says_so():
    with pytest.raises(NotImplementedError, match="must define evaluate"):
        Field()(torch.zeros(2, 3))
