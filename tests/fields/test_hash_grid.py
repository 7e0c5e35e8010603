import dataclasses

import pytest
import torch

from diffshape.fields import Field, HashGrid, HashGridConfig

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


@pytest.mark.parametrize("hidden_layers", [1, 2, 3])
def test_starts_as_a_sphere(hidden_layers):
    for seed, radius in ((0, 0.3), (1, 0.5), (2, 0.5)):
        field = HashGrid(
            hidden_layers=hidden_layers, radius=radius, log2_entries=12, generator=generator(seed)
        ).double()
        points = points_in(0.8, count=2000, seed=7)
        assert (field(points) - (points.norm(dim=-1) - radius)).abs().max() < 0.1


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
        ({"width": 0}, ValueError, "width must be at least 1, got 0"),
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
