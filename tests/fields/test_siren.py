import dataclasses
import math

import pytest
import torch

from diffshape.fields import MLP, Field, HashGrid, Siren, SirenConfig

STARTS = ("siren", "sphere", "multi-frequency")


def points(count=40, seed=0):
    return torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) - 0.5


def small(start="siren", **options):
    return Siren(width=16, start=start, **options).double()


def test_published_size():
    shapes = [tuple(weight.shape) for weight in Siren().weights]
    assert shapes == [(256, 3), (256, 256), (256, 256), (256, 256), (1, 256)]
    assert sum(parameter.numel() for parameter in Siren().parameters()) == 198_657
    assert repr(Siren()) == "Siren(198,657 parameters)"


@pytest.mark.parametrize("start", STARTS)
def test_the_values_are_those_of_the_published_formula(start):
    field, x = small(start, scale=0.25), points()
    h = x / 0.25
    for weight, bias in zip(field.weights[:-1], field.biases[:-1]):
        h = torch.sin(30 * torch.nn.functional.linear(h, weight, bias))
    y = torch.nn.functional.linear(h, field.weights[-1], field.biases[-1])[:, 0]
    expected = y if start == "siren" else 0.1 * (torch.sign(y) * torch.sqrt(y.abs() + 1e-8) - 1.6)
    torch.testing.assert_close(field(x), 0.25 * expected)


@pytest.mark.parametrize("start", STARTS)
def test_the_gradient_is_that_of_autograd_and_trains_alike(start):
    field, x = small(start), points()
    results = []
    for evaluate in (field.evaluate_with_gradient, lambda x: Field.evaluate_with_gradient(field, x)):
        values, gradients = evaluate(x)
        loss = values.abs().mean() + (gradients.norm(dim=-1) - 1).square().mean()
        results.append((values, gradients, *torch.autograd.grad(loss, list(field.parameters()))))
    for own, default in zip(*results):
        torch.testing.assert_close(own, default, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("along", ["axes", "gradient"])
@pytest.mark.parametrize("start", STARTS)
def test_second_derivatives_are_those_of_autograd_and_train_alike(start, along):
    field, x = small(start, scale=0.7), points()
    results = []
    for evaluate in (field.evaluate_second_order, lambda x, along: Field.evaluate_second_order(field, x, along)):
        values, gradients, second = evaluate(x, along)
        loss = values.square().mean() + gradients.norm(dim=-1).mean() + second.abs().mean()
        results.append((values, gradients, second, *torch.autograd.grad(loss, list(field.parameters()))))
    for own, default in zip(*results):
        torch.testing.assert_close(own, default, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("along", ["axes", "gradient"])
def test_second_derivatives_are_those_of_the_hessian(along):
    field, x = small("multi-frequency"), points()
    hessians = torch.func.vmap(torch.func.hessian(lambda p: field(p)))(x)
    _, gradients, second = field.second_order(x, along=along)
    expected = torch.einsum("nii->n", hessians)
    if along == "gradient":
        expected = torch.einsum("ni,nij,nj->n", gradients, hessians, gradients)
    torch.testing.assert_close(second, expected)


def test_no_graph_is_kept_without_gradients():
    with torch.no_grad():
        results = small().second_order(points())
    assert not any(each.requires_grad for each in results)


@pytest.mark.parametrize("start", ["sphere", "multi-frequency"])
def test_starts_as_a_sphere_negative_inside(start):
    for seed in range(3):
        field = Siren(hidden_layers=5, start=start, generator=torch.Generator().manual_seed(seed)).double()
        directions = torch.nn.functional.normalize(points(300, seed), dim=1)
        assert (field(0.1 * directions) < 0).all()
        assert (field(0.95 * directions) > 0).all()
        spread = field(0.5 * directions).std() / (field(0.6 * directions) - field(0.4 * directions)).mean()
        assert spread < 0.75  # of a tenth of the longest side


@pytest.mark.parametrize("start", ["sphere", "multi-frequency"])
def test_the_root_is_finite_where_the_network_is_zero(start):
    field = small(start)
    with torch.no_grad():
        field.biases[-1].zero_()
        field.weights[-1].zero_()
    results = field.second_order(points(4))
    sum(each.sum() for each in results).backward()
    assert all(each.isfinite().all() for each in results)
    assert all(parameter.grad.isfinite().all() for parameter in field.parameters())


def test_every_setting_acts():
    changes = {
        "hidden_layers": 3,
        "width": 20,
        "frequency": 20.0,
        "start": "sphere",
        "scale": 1.0,
        "box": (-1.0, 1.0),
    }
    assert changes.keys() == {entry.name for entry in dataclasses.fields(SirenConfig)}
    base, x = SirenConfig(width=16), points().float()
    for name, value in changes.items():
        changed = Siren(dataclasses.replace(base, **{name: value}))
        assert changed.box == value if name == "box" else not torch.equal(changed(x), Siren(base)(x)), name


def test_float32_agrees_with_float64():
    field, x = Siren(width=32, start="multi-frequency"), points()
    single = field.second_order(x.float())
    for left, right in zip(single, field.double().second_order(x)):
        torch.testing.assert_close(left.double(), right, rtol=1e-3, atol=1e-3)


def test_seeds():
    x = points().float()
    first, second, other = (Siren(width=16, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first(x), second(x))
    assert not torch.equal(first(x), other(x))
    assert torch.equal(Siren(width=16)(x), Siren(width=16)(x))


def test_learns_a_box_in_a_few_steps():
    generator = torch.Generator().manual_seed(0)
    field = Siren(width=32, hidden_layers=3, start="multi-frequency")
    optimiser = torch.optim.Adam(field.parameters(), lr=1e-3)

    def box(x):
        return (x.abs() - torch.tensor([0.2, 0.3, 0.4])).amax(dim=-1)

    held_out = torch.rand(500, 3, generator=generator) * 1.2 - 0.6
    before = (field(held_out) - box(held_out)).abs().mean()
    for _ in range(150):
        x = torch.rand(256, 3, generator=generator) * 1.2 - 0.6
        optimiser.zero_grad()
        (field(x) - box(x)).abs().mean().backward()
        optimiser.step()
    assert (field(held_out) - box(held_out)).abs().mean() < 0.4 * before


@pytest.mark.parametrize("along", ["axes", "gradient"])
def test_other_fields_have_second_derivatives_by_autograd(along):
    for field in (MLP(width=16, hidden_layers=2, skip=(), beta=5.0), HashGrid(levels=2, finest=8, width=8, beta=5.0)):
        field, x = field.double(), points(9) / 2
        hessians = torch.func.vmap(torch.func.hessian(lambda p, field=field: field(p)))(x)
        _, gradients, second = field.second_order(x, along=along)
        expected = torch.einsum("nii->n", hessians)
        if along == "gradient":
            expected = torch.einsum("ni,nij,nj->n", gradients, hessians, gradients)
        torch.testing.assert_close(second, expected)
        second.square().sum().backward()
        assert all(parameter.grad is None or parameter.grad.isfinite().all() for parameter in field.parameters())


def test_a_linear_field_does_not_bend():
    class Plane(Field):
        def evaluate(self, points):
            return points[:, 0]

    for along in ("axes", "gradient"):
        assert Plane().second_order(torch.rand(2, 5, 3), along=along)[2].tolist() == [[0.0] * 5] * 2


def test_shapes_and_wrong_arguments():
    assert [each.shape for each in small().second_order(points().reshape(4, 10, 3))] == [(4, 10), (4, 10, 3), (4, 10)]
    assert small().second_order(points(0))[2].shape == (0,)
    with pytest.raises(ValueError, match="along must be one of 'axes', 'gradient'"):
        small().second_order(points(), along="x")
    with pytest.raises(ValueError, match=r"Siren: x must have shape \(\.\.\., 3\)"):
        small().second_order(torch.zeros(3, 2).double())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frequency": 0.0}, "frequency and scale must be positive, got 0.0, 0.5"),
        ({"scale": -1.0}, "frequency and scale must be positive"),
        ({"frequency": math.inf}, "frequency must be"),
        ({"start": "cube"}, "start must be one of"),
        ({"start": "sphere", "hidden_layers": 1}, "a sphere start needs 2 hidden layers or more, got 1"),
        ({"start": "multi-frequency", "hidden_layers": 2}, "a multi-frequency start needs 3 hidden layers"),
        ({"box": (1.0, -1.0)}, r"box must be \(low, high\) with low < high"),
        ({"width": 0}, "width must be at least 1"),
    ],
)
def test_bad_settings(options, message):
    with pytest.raises(ValueError, match=f"SirenConfig: .*{message}"):
        SirenConfig(**options)
