import dataclasses

import pytest
import torch

from diffshape.fields import FeatureGrid, FeatureGridConfig, Field
from diffshape.ops import isosurface

SMALL = {"levels": 3, "base": 4, "finest": 16, "log2_entries": 9}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def points_in(reach, count=200, seed=0):
    """Uniform in [-reach, reach]^3, float64; the box of the field ends at 0.8."""
    return (torch.rand(count, 3, dtype=torch.float64, generator=generator(seed)) * 2 - 1) * reach


def rough(**options):
    """A float64 field with a random number at every node; its finest level is hashed."""
    field = FeatureGrid(**{**SMALL, **options}).double()
    torch.nn.init.normal_(field.tables, std=0.3, generator=generator(1))
    return field


@pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gradient_equals_finite_differences_inside_and_outside(axis, interpolation):
    field, points = rough(interpolation=interpolation), points_in(1.2)
    assert 20 < (points.abs() > 0.8).any(-1).sum() < 180
    step = torch.zeros(3, dtype=torch.float64)
    step[axis] = 1e-7
    difference = (field(points + step) - field(points - step)) / 2e-7
    torch.testing.assert_close(field.value_and_gradient(points)[1][:, axis], difference, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])
def test_fast_gradient_equals_autograd(interpolation):
    """Values, gradients and what an eikonal loss sends to the tables, inside the box and around it."""
    field, points = rough(interpolation=interpolation), points_in(1.6)
    field.fade.copy_(torch.tensor([1.0, 0.5, 0.0]))
    results = []
    for evaluate in (field.value_and_gradient, lambda x: Field.evaluate_with_gradient(field, x)):
        values, gradients = evaluate(points)
        loss = values.sin().sum() + (gradients.norm(dim=-1) - 1).square().mean()
        results.append((values, gradients, *torch.autograd.grad(loss, field.tables)))
    assert results[0][2].abs().sum() > 0
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])
def test_gradcheck_in_points_and_tables(interpolation):
    field, points = rough(interpolation=interpolation), points_in(1.0, count=4).requires_grad_()
    assert torch.autograd.gradcheck(field, points)
    assert torch.autograd.gradcheck(field.value_and_gradient, points)

    def of_tables(tables):
        return torch.func.functional_call(field, {"tables": tables}, points.detach())

    assert torch.autograd.gradcheck(of_tables, field.tables.detach()[:].requires_grad_(), fast_mode=True)


def test_values_and_gradients_are_linear_in_the_tables():
    points = points_in(0.8)
    one, other, both = rough(), rough(), rough()
    with torch.no_grad():
        other.tables.copy_(one.tables.flip(0))
        both.tables.copy_(2 * one.tables - 3 * other.tables)
    for left, right, mixed in zip(*(each.value_and_gradient(points) for each in (one, other, both))):
        torch.testing.assert_close(mixed, 2 * left - 3 * right)


@pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])
def test_a_node_by_hand(interpolation):
    """One dense level of 4 nodes on [-1, 1]: node k = 2 of each axis lies at 0 of u = (k - 1/2) / 3, so at x = 0."""
    field = FeatureGrid(levels=1, base=4, finest=4, interpolation=interpolation, box=(-1.0, 1.0)).double()
    with torch.no_grad():
        field.tables.zero_()
        field.tables[2 + 4 * (2 + 4 * 2)] = 8.0
    spacing = 2 / 3
    points = torch.zeros(4, 3, dtype=torch.float64)
    points[1, 0], points[2, 1], points[3, 2] = spacing / 4, -spacing / 2, 0.99 * spacing
    value = {"linear": [8, 6, 4, 0.08], "smoothstep": [8, 8 * (1 - 0.25**2 * 2.5), 4, 8 * 0.01**2 * 2.98]}
    torch.testing.assert_close(field(points), torch.tensor(value[interpolation], dtype=torch.float64))


def test_outside_the_box_it_grows_by_the_distance():
    field = rough()
    edge = torch.tensor([[0.8, 0.1, 0.2], [0.8, -0.8, 0.2], [0.8, -0.8, 0.8]], dtype=torch.float64)
    outwards = torch.tensor([[1.0, 0, 0], [0.6, -0.8, 0], [1.0, -2.0, 2.0]], dtype=torch.float64)
    values, gradients = field.value_and_gradient(edge + outwards)
    lengths = outwards.norm(dim=-1)
    torch.testing.assert_close(values, field(edge) + lengths)
    away = outwards != 0
    torch.testing.assert_close(gradients[away], (outwards / lengths[:, None])[away])
    torch.testing.assert_close(gradients[~away], field.value_and_gradient(edge)[1][~away])


def test_gradients_are_finite_at_and_next_to_the_box():
    field = rough().float()
    edge = torch.full((1, 3), 0.8)
    for points in (edge, edge.nextafter(torch.tensor(9.0)), edge + 1e-30, -edge, 1e6 * edge):
        values, gradients = field.value_and_gradient(points)
        (values.sum() + gradients.square().sum()).backward()
        assert values.isfinite().all()
        assert gradients.isfinite().all()
    assert field.tables.grad.isfinite().all()


@pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])
@pytest.mark.parametrize("base", [11, 16])
def test_starts_as_a_sphere(base, interpolation):
    """With padded rows (11^3 is no multiple of 8) and without.

    Interpolation of |x| is off by up to cell^2 / (4 |x|), |x| the least of a cell, and smoothstep by up to 0.17 cells
    more. At the faces of the box, where nodes wrap around, it may be a cell.
    """
    points = points_in(0.8, count=5000, seed=7)
    cell = 1.6 / (base - 1)
    for radius in (0.4, 0.5):
        field = FeatureGrid(base=base, radius=radius, interpolation=interpolation).double()
        distances = points.norm(dim=-1) - radius
        errors = (field(points) - distances).abs()
        assert errors.max() < cell
        near = errors[distances.abs() < 0.1]
        limit = cell**2 / (4 * (radius - 0.1 - cell)) + (0.17 * cell if interpolation == "smoothstep" else 0)
        assert near.max() < limit


def test_start_is_one_closed_surface():
    with torch.no_grad():
        vertices, faces = isosurface(FeatureGrid(), bounds=(-0.8, 0.8), resolution=24)
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).sort(-1).values
    once, counts = edges.unique(dim=0, return_counts=True)
    assert (counts == 2).all()
    assert len(vertices) - len(once) + len(faces) == 2  # Euler's number of one sphere


def test_float32_agrees_with_float64():
    field, points = rough().float(), points_in(1.2)
    single = field.value_and_gradient(points.float())
    double = field.double().value_and_gradient(points.float().double())
    for left, right in zip(single, double):
        torch.testing.assert_close(left.double(), right, rtol=1e-3, atol=1e-4)


def test_learns_a_box_in_a_few_steps():
    """Trained on values and gradients together, the held-out error drops to a few hundredths of the box."""
    field = FeatureGrid(levels=3, finest=32, base=8, log2_entries=15)
    optimiser = torch.optim.Adam(field.parameters(), lr=1e-2)

    def box(x):
        return (x.abs() - torch.tensor([0.2, 0.3, 0.4])).amax(dim=-1)

    held_out = points_in(0.6).float()
    before = (field(held_out) - box(held_out)).abs().mean()
    for step in range(60):
        points = points_in(0.6, count=2048, seed=step + 1).float()
        values, gradients = field.value_and_gradient(points)
        loss = (values - box(points)).abs().mean() + 0.01 * (gradients.norm(dim=-1) - 1).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (field(held_out) - box(held_out)).abs().mean() < min(0.02, 0.3 * before)


def test_faded_levels_are_left_out_and_fade_is_saved():
    field, points = rough(), points_in(0.8)
    field.fade.copy_(torch.tensor([1.0, 0.0, 0.0]))
    before = field(points)
    with torch.no_grad():
        field.tables[field.grid.sizes[0] :] += 1.0
    torch.testing.assert_close(field(points), before, rtol=0, atol=0)
    other = FeatureGrid(**SMALL).double()
    other.load_state_dict(field.state_dict())
    assert torch.equal(other(points), before)


def test_no_grad_keeps_no_graph_and_no_points_are_fine():
    field = rough()
    with torch.no_grad():
        assert not any(part.requires_grad for part in field.value_and_gradient(points_in(1.0)))
    values, gradients = field.value_and_gradient(points_in(1.0, count=0))
    assert (values.shape, gradients.shape) == ((0,), (0, 3))


def test_nan_stays_nan_and_harms_no_other_point():
    field, points = rough(), points_in(0.7, count=3)
    clean = field.value_and_gradient(points)
    points[1, 0] = torch.nan
    values, gradients = field.value_and_gradient(points)
    assert values[1].isnan()
    assert gradients[1].isnan().any()
    torch.testing.assert_close((values[::2], gradients[::2]), (clean[0][::2], clean[1][::2]))


def test_every_setting_acts():
    changes = {
        "levels": 4,
        "base": 5,
        "finest": 20,
        "log2_entries": 8,
        "interpolation": "smoothstep",
        "radius": 0.4,
        "box": (-1.0, 0.8),
    }
    assert changes.keys() == {entry.name for entry in dataclasses.fields(FeatureGridConfig)}
    base, points = FeatureGridConfig(**SMALL), points_in(0.7)

    def values(config):
        field = FeatureGrid(config).double()
        with torch.no_grad():
            field.tables += torch.linspace(-1, 1, field.tables.numel(), dtype=torch.float64).view_as(field.tables)
        return field(points)

    for name, value in changes.items():
        assert not torch.allclose(values(dataclasses.replace(base, **{name: value})), values(base)), name


def test_the_same_settings_give_the_same_bits():
    points = points_in(1.0).float()
    one, other = FeatureGrid(**SMALL), FeatureGrid(FeatureGridConfig(**SMALL))
    assert torch.equal(one.tables, other.tables)
    for left, right in zip(one.value_and_gradient(points), other.value_and_gradient(points)):
        assert torch.equal(left, right)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"finest": 4}, ValueError, "finest must be from base = 16"),
        ({"interpolation": "cubic"}, ValueError, "interpolation must be"),
        ({"radius": 0.0}, ValueError, "FeatureGridConfig: radius must be positive, got 0"),
        ({"box": (0.5, 0.5)}, ValueError, r"FeatureGridConfig: box must be \(low, high\) with low < high"),
        ({"log2_entries": 11}, ValueError, r"base\^3 nodes must fit a table of 2\^11 rows.* got base 16"),
        ({"width": 3}, TypeError, "width"),
    ],
)
def test_bad_settings(options, error, message):
    with pytest.raises(error, match=message):
        FeatureGrid(**options)
