"""Fields in half precision: near what they are in float32, and points in half precision for fields in float32."""

import pytest
import torch

from diffshape import fields

MAKERS = {
    "hash grid": lambda: fields.HashGrid(levels=4, finest=32, width=32),
    "hash grid, relu": lambda: fields.HashGrid(levels=4, finest=32, width=32, beta=float("inf")),
    "feature grid": lambda: fields.FeatureGrid(levels=4, finest=32),
    "mlp": lambda: fields.MLP(width=64, hidden_layers=3, skip=()),
}
POINTS = torch.rand(50, 3, generator=torch.Generator().manual_seed(0)) * 2.4 - 1.2


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_field_in_half_precision_is_near_its_float32(name, dtype):
    points = POINTS.to(dtype)
    expected = MAKERS[name]()(points.float())
    field = MAKERS[name]().to(dtype)
    values, gradients = field.value_and_gradient(points)
    assert values.dtype == field(points).dtype == dtype
    for found in (values, field(points)):
        torch.testing.assert_close(found.float(), expected, rtol=0, atol=64 * torch.finfo(dtype).eps / 16)
    (values.square().mean() + gradients.square().mean()).backward()
    assert all(bool(p.grad.isfinite().all()) for p in field.parameters() if p.grad is not None)


@pytest.mark.parametrize("name", MAKERS)
def test_points_in_half_precision_are_widened_to_a_field_in_float32(name):
    field = MAKERS[name]()
    torch.testing.assert_close(field(POINTS.half()), field(POINTS.half().float()))
    with pytest.raises(ValueError, match=r"x is torch\.float32 but the field is torch\.float64"):
        MAKERS[name]().double()(POINTS)
