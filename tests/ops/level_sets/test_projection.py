import pytest
import torch

from diffshape.ops import project_to_level_set


def sphere(x):
    return x.norm(dim=-1) - 0.5


class Counting:
    """f = |x|^2 - 1/4, with its own gradient."""

    def __init__(self):
        self.calls = 0
        self.scale = torch.ones((), dtype=torch.float64, requires_grad=True)

    def value_and_gradient(self, x):
        self.calls += 1
        return self.scale * ((x**2).sum(-1) - 0.25), self.scale * 2 * x


@pytest.fixture
def points():
    return torch.randn(64, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("step", ["newton", "trace"])
def test_distance_is_reached_in_one_step(points, step):
    result = project_to_level_set(sphere, points, steps=1, step=step)
    torch.testing.assert_close(result.points, 0.5 * points / points.norm(dim=1, keepdim=True))
    torch.testing.assert_close(result.values, torch.zeros(64, dtype=torch.float64), atol=1e-14, rtol=0)
    torch.testing.assert_close(result.gradients, points / points.norm(dim=1, keepdim=True))


def test_steps_by_their_formula():
    x = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64)  # f = 3/4, g = 2
    newton = project_to_level_set(Counting(), x, steps=1)
    trace = project_to_level_set(Counting(), x, steps=1, step="trace")
    assert newton.points[0, 0] == 1 - 0.75 / 2
    assert trace.points[0, 0] == 1 - 0.75


def test_final_values_belong_to_final_points_and_nothing_is_evaluated_twice(points):
    field = Counting()
    result = project_to_level_set(field, points, steps=4)
    assert field.calls == 5
    torch.testing.assert_close(result.values, (result.points**2).sum(-1) - 0.25)
    torch.testing.assert_close(result.gradients, 2 * result.points)


def test_level_is_reached_and_values_are_the_fields_own(points):
    result = project_to_level_set(sphere, points, level=0.2)
    torch.testing.assert_close(result.points.norm(dim=1), torch.full((64,), 0.7, dtype=torch.float64))
    torch.testing.assert_close(result.values, torch.full((64,), 0.2, dtype=torch.float64))


def test_detached_even_from_parameters_and_points(points):
    result = project_to_level_set(Counting(), points.requires_grad_())
    assert not any(part.requires_grad for part in result)


def test_plain_callable_under_no_grad(points):
    with torch.no_grad():
        assert project_to_level_set(sphere, points).values.abs().max() < 1e-12


@pytest.mark.parametrize("step", ["newton", "trace"])
def test_zero_gradient_stays_in_place(step):
    x = torch.zeros(2, 3)
    result = project_to_level_set(lambda p: (p**2).sum(-1) - 0.25, x, step=step)
    assert torch.equal(result.points, x)
    constant = project_to_level_set(lambda p: torch.ones(len(p), requires_grad=True), x, step=step)
    assert torch.equal(constant.points, x)


def test_any_leading_shape_and_empty():
    assert project_to_level_set(sphere, torch.ones(2, 5, 3)).gradients.shape == (2, 5, 3)
    assert project_to_level_set(sphere, torch.ones(3)).values.shape == ()
    assert project_to_level_set(sphere, torch.ones(0, 3)).points.shape == (0, 3)
    assert project_to_level_set(sphere, torch.ones(4, 3)).points.dtype == torch.float32


@pytest.mark.parametrize(
    ("field", "points", "options", "message"),
    [
        (sphere, torch.ones(4, 2), {}, r"points must be floats of shape \(..., 3\), got \(4, 2\)"),
        (sphere, torch.ones(4, 3).long(), {}, "points must be floating point"),
        (sphere, torch.ones(4, 3), {"steps": -1}, "steps must be 0 or more, got -1"),
        (sphere, torch.ones(4, 3), {"step": "secant"}, "got 'secant'"),
        (lambda x: x, torch.ones(4, 3), {}, r"values \(4,\) and gradients \(4, 3\), got \(4, 3\)"),
        (lambda x: x.detach()[:, 0], torch.ones(4, 3), {}, "no gradient"),
    ],
)
def test_bad_input(field, points, options, message):
    with pytest.raises(ValueError, match=message):
        project_to_level_set(field, points, **options)
