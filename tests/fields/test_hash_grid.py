import dataclasses

import pytest
import torch

from diffshape.fields import Field, HashGrid, HashGridConfig
from diffshape.ops import isosurface

SMALL = {"levels": 3, "base": 4, "finest": 16, "log2_entries": 9, "width": 12, "beta": 20.0}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def points_in(reach, count=200, seed=0):
    """Uniform in [-reach, reach]^3, float64; the box of the field ends at 0.8."""
    return (torch.rand(count, 3, dtype=torch.float64, generator=generator(seed)) * 2 - 1) * reach


def rough(**options):
    """A float64 field whose tables and first weights are large enough to matter."""
    field = HashGrid(**{**SMALL, **options}).double()
    torch.nn.init.normal_(field.tables, std=0.3, generator=generator(1))
    torch.nn.init.normal_(field.network.weights[0], std=0.5, generator=generator(2))
    return field


def losses_of(field, points, evaluate):
    values, gradients = evaluate(points)
    loss = values.sin().sum() + (gradients.norm(dim=-1) - 1).square().mean()
    return values, gradients, *torch.autograd.grad(loss, list(field.parameters()))


@pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])
@pytest.mark.parametrize("hidden_layers", [1, 2])
@pytest.mark.parametrize("reach", [0.8, 1.6])
def test_fast_gradient_equals_autograd(interpolation, hidden_layers, reach):
    """Values, gradients and what an eikonal loss sends to every parameter, inside the box and around it."""
    field = rough(interpolation=interpolation, hidden_layers=hidden_layers)
    field.fade.copy_(torch.tensor([1.0, 0.5, 0.0]))
    points = points_in(reach)
    fast = losses_of(field, points, field.value_and_gradient)
    slow = losses_of(field, points, lambda x: Field.evaluate_with_gradient(field, x))
    assert fast[2].abs().sum() > 0
    for left, right in zip(fast, slow):
        torch.testing.assert_close(left, right, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gradient_equals_finite_differences_inside_and_outside(axis):
    field = rough(interpolation="smoothstep")
    points = points_in(1.2)
    outside = (points.abs() > 0.8).any(-1)
    assert 20 < outside.sum() < 180
    step = torch.zeros(3, dtype=torch.float64)
    step[axis] = 1e-6
    difference = (field(points + step) - field(points - step)) / 2e-6
    torch.testing.assert_close(field.value_and_gradient(points)[1][:, axis], difference, rtol=1e-5, atol=1e-5)


def test_outside_the_box_it_grows_by_the_distance():
    field = rough()
    edge = torch.tensor([[0.8, 0.1, 0.2], [0.8, -0.8, 0.2], [0.8, -0.8, 0.8]], dtype=torch.float64)
    outwards = torch.tensor([[1.0, 0, 0], [0.6, -0.8, 0], [1.0, -2.0, 2.0]], dtype=torch.float64)
    values, gradients = field.value_and_gradient(edge + outwards)
    lengths = outwards.norm(dim=-1)
    torch.testing.assert_close(values, field(edge) + lengths)
    away = outwards != 0
    torch.testing.assert_close(gradients[away], (outwards / lengths[:, None])[away])
    along = field.value_and_gradient(edge)[1]
    torch.testing.assert_close(gradients[~away], along[~away])


def test_gradients_are_finite_at_and_next_to_the_box():
    field = rough().float()
    edge = torch.full((1, 3), 0.8)
    for points in (edge, edge.nextafter(torch.tensor(9.0)), edge + 1e-30, -edge, 1e6 * edge):
        values, gradients = field.value_and_gradient(points)
        (values.sum() + gradients.square().sum()).backward()
        assert values.isfinite().all()
        assert gradients.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in field.parameters())


@pytest.mark.parametrize("hidden_layers", [1, 2, 3])
def test_starts_as_a_sphere(hidden_layers):
    for seed, radius in ((0, 0.3), (1, 0.5), (2, 0.5)):
        field = HashGrid(
            hidden_layers=hidden_layers, radius=radius, log2_entries=12, generator=generator(seed)
        ).double()
        points = points_in(0.8, count=2000, seed=7)
        assert (field(points) - (points.norm(dim=-1) - radius)).abs().max() < 0.1


def test_start_is_one_closed_surface():
    field = HashGrid(log2_entries=12)
    with torch.no_grad():
        vertices, faces = isosurface(field, bounds=(-0.8, 0.8), resolution=24)
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).sort(-1).values
    once, counts = edges.unique(dim=0, return_counts=True)
    assert (counts == 2).all()
    assert len(vertices) - len(once) + len(faces) == 2  # Euler's number of one sphere


def test_float32_agrees_with_float64():
    field = rough(beta=100.0).float()
    points = points_in(1.2)
    single = field.value_and_gradient(points.float())
    double = field.double().value_and_gradient(points.float().double())
    for left, right in zip(single, double):
        torch.testing.assert_close(left.double(), right, rtol=1e-2, atol=1e-3)


def test_gradient_flows_back_to_the_points_too():
    field = rough(interpolation="smoothstep")
    points = points_in(1.0, count=4).requires_grad_()
    assert torch.autograd.gradcheck(field, points)
    assert torch.autograd.gradcheck(field.value_and_gradient, points)


def test_one_output_alone_trains_the_tables():
    field, points = rough(), points_in(0.7, count=20)
    for part in (0, 1):
        (fast,) = torch.autograd.grad(field.value_and_gradient(points)[part].square().sum(), field.tables)
        slow = Field.evaluate_with_gradient(field, points)[part].square().sum()
        torch.testing.assert_close(fast, torch.autograd.grad(slow, field.tables)[0])


def test_frozen_parts_get_no_gradient():
    field, points = rough(), points_in(0.7, count=20)
    field.tables.requires_grad_(False)
    values, gradients = field.value_and_gradient(points)
    (values.sum() + gradients.square().sum()).backward()
    assert field.tables.grad is None
    assert field.network.weights[0].grad.abs().sum() > 0


def test_no_grad_keeps_no_graph_and_works_in_chunks():
    field = rough()
    points = points_in(1.0, count=40_000)
    with torch.no_grad():
        values, (again, gradients) = field(points), field.value_and_gradient(points)
    assert not any(part.requires_grad for part in (values, again, gradients))
    torch.testing.assert_close(values, field(points).detach())
    torch.testing.assert_close(again, values)


def test_faded_levels_are_left_out():
    field, points = rough(), points_in(0.8)
    field.fade.copy_(torch.tensor([1.0, 0.0, 0.0]))
    before = field.value_and_gradient(points)
    with torch.no_grad():
        field.tables[sum(field.grid.sizes[:1]) :] += 1.0
    assert torch.equal(field(points), before[0]) or torch.allclose(field(points), before[0], rtol=0, atol=1e-12)
    field.fade.fill_(1.0)
    assert not torch.allclose(field(points), before[0], atol=1e-3)


def test_fade_is_saved_with_the_field():
    field, other = rough(), HashGrid(**SMALL).double()
    field.fade.copy_(torch.tensor([1.0, 0.3, 0.0]))
    other.load_state_dict(field.state_dict())
    assert torch.equal(field(points_in(1.0)), other(points_in(1.0)))


def test_learns_a_box_in_a_few_steps():
    """Trained on values and gradients together, the held-out error halves and more."""
    field = HashGrid(levels=4, finest=24, log2_entries=13, width=32)
    optimiser = torch.optim.Adam(field.parameters(), lr=1e-2)

    def box(x):
        return (x.abs() - torch.tensor([0.2, 0.3, 0.4])).amax(dim=-1)

    held_out = points_in(0.6).float()
    before = (field(held_out) - box(held_out)).abs().mean()
    for step in range(80):
        points = points_in(0.6, count=512, seed=step + 1).float()
        values, gradients = field.value_and_gradient(points)
        loss = (values - box(points)).abs().mean() + 0.1 * (gradients.norm(dim=-1) - 1).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (field(held_out) - box(held_out)).abs().mean() < min(0.02, 0.4 * before)


def test_every_setting_acts():
    changes = {
        "levels": 4,
        "base": 5,
        "finest": 20,
        "features": 3,
        "log2_entries": 8,
        "interpolation": "smoothstep",
        "hidden_layers": 2,
        "width": 16,
        "beta": 50.0,
        "reads_point": False,
        "radius": 0.4,
        "box": (-1.0, 0.8),
    }
    assert changes.keys() == {entry.name for entry in dataclasses.fields(HashGridConfig)}
    base = HashGridConfig(**SMALL)
    points = points_in(0.7)

    def values(config):
        field = HashGrid(config).double()
        with torch.no_grad():
            field.network.weights[0].fill_(0.1)
            field.tables.copy_(torch.linspace(-1, 1, field.tables.numel(), dtype=torch.float64).view_as(field.tables))
        return field(points)

    for name, value in changes.items():
        assert not torch.allclose(values(dataclasses.replace(base, **{name: value})), values(base)), name


def test_seeds():
    points = points_in(0.5).float()
    first, second, other = (HashGrid(**SMALL, generator=generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first(points), second(points))
    assert not torch.equal(first.tables, other.tables)
    assert torch.equal(HashGrid(**SMALL).tables, HashGrid(**SMALL, generator=generator(0)).tables)


def test_no_points_one_point_and_any_leading_shape():
    field = rough()
    values, gradients = field.value_and_gradient(points_in(1.0, count=0))
    (values.sum() + gradients.sum()).backward()
    assert (values.shape, gradients.shape) == ((0,), (0, 3))
    assert field(points_in(1.0)[0]).shape == ()
    grouped = points_in(1.0, count=6).reshape(2, 3, 3)
    torch.testing.assert_close(field.value_and_gradient(grouped)[1][1], field.value_and_gradient(grouped[1])[1])


def test_nan_stays_nan_and_harms_no_other_point():
    field, points = rough(), points_in(0.7, count=3)
    clean = field.value_and_gradient(points)
    points[1, 0] = torch.nan
    values, gradients = field.value_and_gradient(points)
    assert values[1].isnan()
    assert gradients[1].isnan().any()
    torch.testing.assert_close((values[::2], gradients[::2]), (clean[0][::2], clean[1][::2]))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"finest": 4}, ValueError, "finest must be from base = 8"),
        ({"interpolation": "cubic"}, ValueError, "interpolation must be"),
        ({"radius": -1.0}, ValueError, "HashGridConfig: radius must be positive, got -1.0"),
        (
            {"box": (0.5, 0.5)},
            ValueError,
            r"HashGridConfig: box must be \(low, high\) with low < high, got \(0.5, 0.5\)",
        ),
        ({"width": 0}, ValueError, "width and beta must be positive"),
        ({"depth": 3}, TypeError, "depth"),
    ],
)
def test_bad_settings(options, error, message):
    with pytest.raises(error, match=message):
        HashGrid(**options)


def test_wrong_shape_and_dtype_are_named():
    with pytest.raises(ValueError, match=r"HashGrid: x must have shape \(\.\.\., 3\), got \(4, 2\)"):
        HashGrid(**SMALL)(torch.zeros(4, 2))
    with pytest.raises(ValueError, match=r"x is torch\.float64 but the field is torch\.float32"):
        HashGrid(**SMALL).value_and_gradient(torch.zeros(4, 3, dtype=torch.float64))
