"""The hand-written derivative against autograd's double backward, and finite differences against both."""

import pytest
import torch

from diffshape.fields.softplus_network import SoftplusNetwork

SHAPES = [
    {"inputs": 3, "hidden_layers": 1, "width": 5},
    {"inputs": 3, "hidden_layers": 4, "width": 8, "skip": (2,)},
    {"inputs": 2, "hidden_layers": 5, "width": 7, "skip": (1, 3, 4)},
    {"inputs": 6, "hidden_layers": 2, "width": 9},
]


def network(*, beta=5.0, **sizes):
    """A small float64 network whose biases are not zero."""
    generator = torch.Generator().manual_seed(1)
    made = SoftplusNetwork(**sizes, beta=beta, generator=generator).double()
    for bias in made.biases:
        torch.nn.init.normal_(bias, generator=generator)
    return made


def random(*shape, seed=2):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def by_autograd(net, x):
    values = net(x)
    return values, torch.autograd.grad(values.sum(), x, create_graph=True)[0]


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("beta", [1.0, 100.0])
def test_equals_double_backward(sizes, beta):
    net = network(beta=beta, **sizes)
    x = random(11, sizes["inputs"]).requires_grad_()
    value_bar, gradient_bar = random(11, seed=3), random(11, sizes["inputs"], seed=4)
    results = []
    for values, gradients in (by_autograd(net, x), net.value_and_gradient(x)):
        total = (values * value_bar).sum() + (gradients * gradient_bar).sum()
        results.append([values, gradients, *torch.autograd.grad(total, [x, *net.parameters()])])
    for expected, got in zip(*results):
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("part", [0, 1])
def test_one_output_alone(part):
    net = network(**SHAPES[1])
    x = random(6, 3).requires_grad_()
    cotangent = random(6) if part == 0 else random(6, 3)
    tensors = [x, *net.parameters()]
    expected = torch.autograd.grad((by_autograd(net, x)[part] * cotangent).sum(), tensors, materialize_grads=True)
    got = torch.autograd.grad((net.value_and_gradient(x)[part] * cotangent).sum(), tensors)
    for left, right in zip(got, expected):
        torch.testing.assert_close(left, right)


@pytest.mark.parametrize("sizes", SHAPES[:3])
def test_gradcheck(sizes):
    net = network(beta=2.0, **sizes)
    x = random(3, sizes["inputs"]).requires_grad_()

    def both(x, *parameters):
        names = [name for name, _ in net.named_parameters()]
        return torch.func.functional_call(_Both(net), {f"net.{name}": p for name, p in zip(names, parameters)}, (x,))

    assert torch.autograd.gradcheck(both, (x, *net.parameters()))


class _Both(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net.value_and_gradient(x)


def test_far_from_the_bend_nothing_overflows():
    net = network(beta=100.0, **SHAPES[1]).float()
    x = (1e4 * random(50, 3).float()).requires_grad_()
    values, gradients = net.value_and_gradient(x)
    (values.square().mean() + gradients.square().mean()).backward()
    assert torch.isfinite(values).all()
    assert all(torch.isfinite(tensor.grad).all() for tensor in (x, *net.parameters()))
    torch.testing.assert_close(values, net(x))


def test_any_leading_shape():
    net = network(**SHAPES[3])
    x = random(2, 3, 6)
    values, gradients = net.value_and_gradient(x)
    flat_values, flat_gradients = net.value_and_gradient(x.reshape(6, 6))
    assert torch.equal(values, flat_values.reshape(2, 3))
    assert torch.equal(gradients, flat_gradients.reshape(2, 3, 6))
    assert net(x[0, 0]).shape == ()
    assert net.value_and_gradient(x[:0])[1].shape == (0, 3, 6)


def test_a_second_derivative_is_refused_not_wrong():
    net = network(**SHAPES[0])
    x = random(4, 3).requires_grad_()
    _, gradients = net.value_and_gradient(x)
    (once,) = torch.autograd.grad(gradients.square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        once.sum().backward()


def test_no_grad_keeps_no_graph():
    with torch.no_grad():
        values, gradients = network(**SHAPES[0]).value_and_gradient(random(4, 3))
    assert not values.requires_grad
    assert not gradients.requires_grad


def test_same_seed_same_weights():
    one, two, other = (
        SoftplusNetwork(3, hidden_layers=2, width=8, generator=torch.Generator().manual_seed(seed))
        for seed in (7, 7, 8)
    )
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters()))
    assert not torch.equal(one.weights[0], other.weights[0])


def test_wrong_inputs_are_named():
    with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., 3\), got \(4, 2\)"):
        network(**SHAPES[0])(torch.zeros(4, 2))
    with pytest.raises(ValueError, match="must have shape"):
        network(**SHAPES[0]).value_and_gradient(torch.zeros(()))
    with pytest.raises(ValueError, match="hidden_layers must be at least 1, got 0"):
        SoftplusNetwork(3, hidden_layers=0, width=8)
    with pytest.raises(ValueError, match="skip layers must lie in 1 to 1"):
        SoftplusNetwork(3, hidden_layers=2, width=8, skip=(2,))
