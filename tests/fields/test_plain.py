"""``plain`` of every kind of field: the values of the field by operations that TorchScript and ONNX know."""

import math
from typing import get_args

import pytest
import torch

from diffshape.fields import (
    DistanceGridConfig,
    FeatureGridConfig,
    Field,
    FieldConfig,
    FramedField,
    HashGridConfig,
    LatentMLPConfig,
    MLPConfig,
    SirenConfig,
    build_field,
)

GRID = {"levels": 3, "base": 4, "finest": 16, "log2_entries": 8}
CONFIGS = [
    MLPConfig(hidden_layers=3, width=16, skip=(2,), beta=20.0),
    HashGridConfig(**GRID, width=12, hidden_layers=2),
    HashGridConfig(**GRID, interpolation="smoothstep", width=12, features=1, box=(-0.5, 1.0)),
    HashGridConfig(**GRID, width=12, hidden_layers=2, beta=math.inf, reads_point=False),
    HashGridConfig(**GRID, width=12, beta=math.inf),
    LatentMLPConfig(hidden_layers=2, width=16, latent=4, skip=(), dropout=0.0),
    SirenConfig(hidden_layers=2, width=16),
    SirenConfig(hidden_layers=3, width=16, start="multi-frequency"),
    DistanceGridConfig(cell=0.1),
    FeatureGridConfig(**GRID),
    FeatureGridConfig(**GRID, interpolation="smoothstep", box=(-0.5, 1.0)),
]


def rough(config):
    field = build_field(config).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in field.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, dtype=torch.float64, generator=generator)
        if hasattr(field, "fade"):
            field.fade.copy_(torch.tensor([1.0, 0.5, 0.2]))
    return field


def points_in(reach, count=300):
    """Some of them on the faces of the box."""
    points = (torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1) * reach
    points[:20, 0], points[20:40, 2] = 0.8, -0.8
    return points


def test_every_kind_of_field_is_tried():
    assert {type(config) for config in CONFIGS} == set(get_args(FieldConfig))


@pytest.mark.parametrize("config", CONFIGS)
def test_it_is_what_the_field_says(config):
    field, points = rough(config), points_in(1.2)
    torch.testing.assert_close(field.plain(points), field(points), rtol=1e-9, atol=1e-9)
    framed = FramedField(field, center=(1.0, 2.0, 3.0), scale=0.5)
    torch.testing.assert_close(framed.plain(points), framed(points), rtol=1e-9, atol=1e-9)
    assert field.plain(points[:0]).shape == (0,)


def test_a_nan_harms_no_other_point():
    field, points = rough(CONFIGS[1]), points_in(0.7, 50)
    clean = field.plain(points)
    points[1] = torch.nan
    values = field.plain(points)
    assert values[1].isnan()
    torch.testing.assert_close(values[2:], clean[2:])


def test_a_field_of_another_kind_is_taken_at_its_word():
    class Ball(Field):
        def evaluate(self, points):
            return points.norm(dim=-1) - 1

    assert Ball().plain(torch.tensor([[0.0, 3.0, 4.0]])).tolist() == [4]
