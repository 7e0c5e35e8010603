import dataclasses
import math

import pytest
import torch

from diffshape.fields import MLP, Field, MLPConfig


def sphere(radius, seed=0):
    """Points on a sphere, float64."""
    directions = torch.randn(500, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return radius * torch.nn.functional.normalize(directions, dim=-1)


def test_published_size():
    field = MLP()
    shapes = [tuple(weight.shape) for weight in field.network.weights]
    assert sum(parameter.numel() for parameter in field.parameters()) == 461_054
    assert shapes == [(256, 3), (256, 256), (256, 256), (253, 256), *[(256, 256)] * 4, (1, 256)]


def test_starts_as_a_sphere_negative_inside():
    """The sharper and wider, the closer to |x| - radius, to which geometric initialisation tends."""
    fields = [
        MLP(width=512, beta=1e4, radius=0.7, generator=torch.Generator().manual_seed(seed)).double()
        for seed in range(3)
    ]
    for radius in (0.0, 0.3, 0.7, 1.5):
        mean = torch.stack([field(sphere(radius)) for field in fields]).mean()
        assert abs(mean - (radius - 0.7)) < 0.15 * max(radius, 0.1)


def test_default_start_is_a_closed_surface_around_the_centre():
    for seed in range(3):
        field = MLP(generator=torch.Generator().manual_seed(seed)).double()
        assert (field(sphere(0.15)) < 0).all()
        assert (field(sphere(0.9)) > 0).all()


@pytest.mark.parametrize(
    "options",
    [
        {"width": 24},
        {"width": 16, "hidden_layers": 3, "skip": (), "beta": 10.0},
        {"width": 24, "beta": math.inf, "weight_norm": True},
    ],
)
def test_fast_gradient_equals_the_default_one(options):
    field = MLP(**options).double()
    points = sphere(0.6)[:40]
    results = []
    for evaluate in (field.evaluate_with_gradient, lambda x: Field.evaluate_with_gradient(field, x)):
        values, gradients = evaluate(points)
        loss = values.abs().mean() + (gradients.norm(dim=-1) - 1).square().mean()
        results.append((values, gradients, *torch.autograd.grad(loss, list(field.parameters()))))
    for fast, slow in zip(*results):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-10)


def test_float32_agrees_with_float64():
    field = MLP(width=64)
    single = field.value_and_gradient(sphere(0.5).float())
    double = field.double().value_and_gradient(sphere(0.5))
    for left, right in zip(single, double):
        torch.testing.assert_close(left.double(), right, rtol=2e-4, atol=2e-5)


def test_every_setting_acts():
    changes = {"hidden_layers": 7, "width": 32, "skip": (2,), "beta": 50.0, "radius": 0.4}
    assert changes.keys() == {entry.name for entry in dataclasses.fields(MLPConfig)} - {"weight_norm"}
    base = MLPConfig(width=24)
    points = sphere(0.5).float()
    for name, value in changes.items():
        assert not torch.equal(MLP(dataclasses.replace(base, **{name: value}))(points), MLP(base)(points)), name


def test_weight_norm_starts_as_the_same_field_and_learns_otherwise():
    """Rows v -> g v / |v|: the slope in v is that in the weight, less its part along v; that in g is this part."""
    plain, normed = (MLP(width=24, weight_norm=norm).double() for norm in (False, True))
    points = sphere(0.6)[:40]
    for left, right in zip(plain.value_and_gradient(points), normed.value_and_gradient(points)):
        torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-6)  # lengths are those of float32 weights
    for field in (plain, normed):
        values, gradients = field.value_and_gradient(points)
        (values.square().mean() + gradients.square().mean()).backward()
    names = [name for name, _ in normed.named_parameters() if "weights" in name]
    assert len(names) == 2 * len(plain.network.weights)
    for layer, weight in enumerate(plain.network.weights):
        parts = getattr(normed.network.weights.parametrizations, str(layer))
        length, direction = parts.original0, parts.original1
        along = (weight.grad * weight).sum(1, keepdim=True) / weight.norm(dim=1, keepdim=True)
        across = weight.grad - along * weight / weight.norm(dim=1, keepdim=True)
        torch.testing.assert_close(length.grad, along, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(direction.grad, across, rtol=1e-4, atol=1e-6)


def test_a_relu_network_starts_as_a_sphere_too():
    """The settings of the released code of Neural-Pull."""
    field = MLP(beta=math.inf, weight_norm=True).double()
    assert (field(sphere(0.15)) < 0).all()
    assert (field(sphere(0.9)) > 0).all()


def test_seeds():
    points = sphere(0.5).float()
    first, second, other = (MLP(width=16, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first(points), second(points))
    assert not torch.equal(first(points), other(points))
    assert torch.equal(MLP(width=16)(points), MLP(width=16)(points))


def test_learns_a_box_in_a_few_steps():
    """Trained on values and gradients together, the held-out error halves and more."""
    generator = torch.Generator().manual_seed(0)
    field = MLP(width=32, hidden_layers=3, skip=(), generator=generator)
    optimiser = torch.optim.Adam(field.parameters(), lr=3e-3)

    def box(x):
        return (x.abs() - torch.tensor([0.2, 0.3, 0.4])).amax(dim=-1)

    held_out = torch.rand(500, 3, generator=generator) * 1.2 - 0.6
    before = (field(held_out) - box(held_out)).abs().mean()
    for _ in range(150):
        points = torch.rand(256, 3, generator=generator) * 1.2 - 0.6
        values, gradients = field.value_and_gradient(points)
        loss = (values - box(points)).abs().mean() + 0.1 * (gradients.norm(dim=-1) - 1).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (field(held_out) - box(held_out)).abs().mean() < min(0.02, 0.4 * before)


def test_saved_and_loaded_weights_give_the_same_field():
    field, other = MLP(width=16), MLP(width=16, generator=torch.Generator().manual_seed(5))
    other.load_state_dict(field.state_dict())
    assert torch.equal(field(sphere(0.5).float()), other(sphere(0.5).float()))


def test_bad_settings():
    with pytest.raises(TypeError, match="not both"):
        MLP(MLPConfig(), width=3)
    with pytest.raises(ValueError, match="skip layers must lie in 1 to 1"):
        MLP(hidden_layers=2)
