"""A softplus perceptron whose value and input gradient come in one call; see ``softplus_derivatives`` for the formulas.

Architecture: Park et al., DeepSDF, CVPR 2019; softplus with beta 100 and this skip: Gropp et al., IGR, ICML 2020.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear, softplus

from diffshape._arguments import checked
from diffshape._bounds import check_network, check_whole
from diffshape.fields.softplus_derivatives import kept_scale, up, up_and_down, up_and_down_backward


class SoftplusNetwork(torch.nn.Module):
    """Scalar softplus perceptron on any number of inputs: ``network(x)`` and ``network.value_and_gradient(x)``.

    Hidden weights start as N(0, 2 / outputs), the last as N(0, 1 / inputs), biases at 0.

    Args:
        inputs: Size C of the input vectors.
        hidden_layers: Number of hidden layers, at least 1.
        width: Units in a hidden layer; the layer before a skip has ``width - inputs``, so that all layers read as much.
        skip: Indices (from 0) of the hidden layers that also read the network's input.
        beta: Sharpness of the softplus; the larger, the closer to a ReLU, which it is at inf.
        generator: CPU generator of the weights; ``None`` is a fresh one with seed 0.

    Raises:
        ValueError: A size is not positive, or ``skip`` names a layer that cannot have one.

    >>> network = SoftplusNetwork(16, hidden_layers=2, width=64)
    >>> values, gradients = network.value_and_gradient(torch.zeros(5, 16))
    >>> values.shape, gradients.shape
    (torch.Size([5]), torch.Size([5, 16]))
    """

    @checked
    def __init__(
        self,
        inputs: int,
        *,
        hidden_layers: int,
        width: int,
        skip: Sequence[int] = (),
        beta: float = 100.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _check_sizes(inputs, hidden_layers, width, skip, beta)
        self.inputs, self.skip, self.beta = inputs, tuple(skip), float(beta)
        generator = generator if generator is not None else torch.Generator().manual_seed(0)
        outs = [width - inputs if layer + 1 in self.skip else width for layer in range(hidden_layers)] + [1]
        ins = [inputs] + [width] * hidden_layers
        spread = [math.sqrt(2 / out) for out in outs[:-1]] + [math.sqrt(1 / width)]
        self.weights = torch.nn.ParameterList(
            torch.randn(n_out, n_in, generator=generator) * scale for n_out, n_in, scale in zip(outs, ins, spread)
        )
        self.biases = torch.nn.ParameterList(torch.zeros(n_out) for n_out in outs)

    @property
    def layers(self) -> list[Tensor]:
        """The weights, first layer first, then the biases."""
        return [*self.weights, *self.biases]

    @checked
    def forward(self, x: Float[Tensor, "*b c"]) -> Float[Tensor, "*b"]:
        """Values, shape (...,); differentiable any number of times in ``x`` and the parameters."""
        values = self.weights[-1][0] / kept_scale(self.beta) @ self._up(x) + self.biases[-1]
        return values.reshape(x.shape[:-1])

    def plain(self, x: Float[Tensor, "n c"]) -> Float[Tensor, "n"]:
        """Values at (N, C) inputs, those of ``forward`` but for rounding, by layers that TorchScript and ONNX know."""
        *hidden, (last, offset) = zip(self.weights, self.biases)
        h = x
        for layer, (weight, bias) in enumerate(hidden):
            h = torch.cat([h, x], dim=1) * math.sqrt(0.5) if layer in self.skip else h
            h = linear(h, weight, bias)
            h = h.relu() if math.isinf(self.beta) else softplus(h, self.beta)
        return linear(h, last, offset)[:, 0]

    @checked
    def hidden(self, x: Float[Tensor, "*b c"]) -> Float[Tensor, "*b h"]:
        """Output of the last hidden layer, shape (..., width)."""
        hidden = (self._up(x) / kept_scale(self.beta)).t()
        return hidden.reshape(*x.shape[:-1], hidden.shape[1])

    def _up(self, x: Float[Tensor, "*b c"]) -> Float[Tensor, "h n"]:
        _check_inputs(x, self.inputs)
        return up(x.reshape(-1, self.inputs).t(), self.layers, self.skip, self.beta)

    @checked
    def value_and_gradient(self, x: Float[Tensor, "*b c"]) -> tuple[Float[Tensor, "*b"], Float[Tensor, "*b c"]]:
        """Values (...,) and gradients dy/dx (..., C), both differentiable once in ``x`` and the parameters."""
        _check_inputs(x, self.inputs)
        columns = x.reshape(-1, self.inputs).t()
        values, gradients = _ValueAndGradient.apply(columns, self.skip, self.beta, *self.layers)
        return values.reshape(x.shape[:-1]), gradients.t().reshape(x.shape)


class _ValueAndGradient(torch.autograd.Function):
    """Both results in one node of autograd's graph."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, skip: tuple[int, ...], beta: float, *parameters: Tensor) -> tuple[Tensor, Tensor]:
        values, gradients, kept = up_and_down(x, parameters, skip, beta)
        ctx.save_for_backward(*kept)
        ctx.skip, ctx.beta = skip, beta
        ctx.set_materialize_grads(False)
        return values, gradients

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, value_bar: Tensor | None, gradient_bar: Tensor | None) -> tuple[Tensor | None, ...]:
        x_bar, parameter_bars = up_and_down_backward(ctx.saved_tensors, value_bar, gradient_bar, ctx.skip, ctx.beta)
        return x_bar, None, None, *parameter_bars


def _check_inputs(x: Tensor, inputs: int) -> None:
    if x.shape[-1:] != (inputs,):
        raise ValueError(f"SoftplusNetwork: x must have shape (..., {inputs}), got {tuple(x.shape)}")


def _check_sizes(inputs: int, hidden_layers: int, width: int, skip: Sequence[int], beta: float) -> None:
    check_whole("SoftplusNetwork: inputs", inputs, 1, 2**16)
    check_network("SoftplusNetwork", hidden_layers=hidden_layers, width=width, beta=beta)
    if skip and (min(skip) < 1 or max(skip) >= hidden_layers or width <= inputs):
        raise ValueError(
            f"SoftplusNetwork: skip layers must lie in 1 to {hidden_layers - 1} and width above {inputs} inputs, "
            f"got skip {tuple(skip)} and width {width}"
        )
