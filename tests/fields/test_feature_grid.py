import dataclasses

import pytest
import torch

from diffshape.fields import FeatureGrid, FeatureGridConfig

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
