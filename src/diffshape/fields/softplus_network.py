"""A softplus perceptron whose value and input gradient come in one call, by a derivative written by hand.

    h_0 = x,    a_l = W_l h_{l-1} + b_l,    h_l = log(1 + exp(beta a_l)) / beta,    y = w . h_L + b

A layer named in ``skip`` reads ``concat(h_{l-1}, x) / sqrt 2`` instead of h_{l-1}. The gradient is the chain p_L = w,
q_l = p_l s_l, p_{l-1} = W_l^T q_l, dy/dx = p_0, with s_l = sigmoid(beta a_l). To differentiate both in the parameters,
the gradient's cotangent travels *up* the network as a tangent and the value's travels down it; they meet in every layer
at the curvature of the softplus, beta s (1 - s). Autograd's double backward does the same six matrix products a layer
(three tangents pushed forward: twelve), but this takes one exponential a unit and keeps only h, s and q.
Architecture: Park et al., DeepSDF, CVPR 2019; softplus with beta 100 and this skip: Gropp et al., IGR, ICML 2020.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

_LINEAR_ABOVE = 40.0  # there log(1 + e^u) = u in float64 too; the published networks take 20, the same in float32


class SoftplusNetwork(torch.nn.Module):
    """Scalar softplus perceptron on any number of inputs: ``network(x)`` and ``network.value_and_gradient(x)``.

    Hidden weights start as N(0, 2 / outputs), the last as N(0, 1 / inputs), biases at 0.

    Args:
        inputs: Size C of the input vectors.
        hidden_layers: Number of hidden layers, at least 1.
        width: Units in a hidden layer; the layer before a skip has ``width - inputs``, so that all layers read as much.
        skip: Indices (from 0) of the hidden layers that also read the network's input.
        beta: Sharpness of the softplus; the larger, the closer to a ReLU.
        generator: CPU generator of the weights; ``None`` is a fresh one with seed 0.

    Raises:
        ValueError: A size is not positive, or ``skip`` names a layer that cannot have one.

    >>> network = SoftplusNetwork(16, hidden_layers=2, width=64)
    >>> values, gradients = network.value_and_gradient(torch.zeros(5, 16))
    >>> values.shape, gradients.shape
    (torch.Size([5]), torch.Size([5, 16]))
    """

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

    def forward(self, x: Float[Tensor, "*b c"]) -> Float[Tensor, "*b"]:
        """Values, shape (...,); differentiable any number of times in ``x`` and the parameters."""
        _check_inputs(x, self.inputs)
        return torch.nn.functional.linear(self.hidden(x), self.weights[-1], self.biases[-1]).squeeze(-1)

    def hidden(self, x: Float[Tensor, "*b c"]) -> Float[Tensor, "*b h"]:
        """What the last layer reads, shape (..., width)."""
        h = x
        for layer, (weight, bias) in enumerate(zip(self.weights[:-1], self.biases[:-1])):
            h = _join(h, x) if layer in self.skip else h
            h = torch.nn.functional.softplus(torch.nn.functional.linear(h, weight, bias), self.beta, _LINEAR_ABOVE)
        return h

    def value_and_gradient(self, x: Float[Tensor, "*b c"]) -> tuple[Float[Tensor, "*b"], Float[Tensor, "*b c"]]:
        """Values (...,) and gradients dy/dx (..., C), both differentiable once in ``x`` and the parameters."""
        _check_inputs(x, self.inputs)
        parameters = [*self.weights, *self.biases]
        values, gradients = _ValueAndGradient.apply(x.reshape(-1, self.inputs), self.skip, self.beta, *parameters)
        return values.reshape(x.shape[:-1]), gradients.reshape(x.shape)


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


def up_and_down(
    x: Float[Tensor, "n c"], parameters: Sequence[Tensor], skip: tuple[int, ...], beta: float
) -> tuple[Float[Tensor, "n"], Float[Tensor, "n c"], list[Tensor]]:
    """Values, their gradients by ``x``, and what ``up_and_down_backward`` needs; autograd does not follow.

    ``parameters`` are a network's weights, then its biases. h and t are kept times beta: softplus is then log(1 + e^u).
    """
    weights, biases = _halves(parameters)
    inputs, slopes = _values_up(x * beta, weights, biases, skip, beta)
    values = (inputs[-1] @ weights[-1][0]).div_(beta).add_(biases[-1])
    adjoints, gradients = _adjoints_down(weights, slopes, skip)
    return values, gradients, [*weights, *inputs, *slopes, *adjoints]


def up_and_down_backward(
    kept: Sequence[Tensor],
    value_bar: Float[Tensor, "n"] | None,
    gradient_bar: Float[Tensor, "n c"] | None,
    skip: tuple[int, ...],
    beta: float,
) -> tuple[Float[Tensor, "n c"], list[Tensor]]:
    """Cotangents of ``x`` and of the parameters of ``up_and_down``, given those of its values and gradients."""
    depth = len(kept) // 4 + 1  # weights and inputs: depth each; slopes and adjoints: one less
    weights, inputs = kept[:depth], kept[depth : 2 * depth]
    slopes, adjoints = _halves(kept[2 * depth :])
    value_bar = torch.zeros_like(inputs[0][:, 0]) if value_bar is None else value_bar
    tangents, bends = [], []
    if gradient_bar is not None:
        tangents, bends = _tangents_up(gradient_bar * beta, weights, slopes, adjoints, skip)
    a_bars, x_bar = _cotangents_down(value_bar, weights, slopes, bends, skip)
    weight_bars = [torch.mm(a_bar.t(), h) for a_bar, h in zip(a_bars, inputs)]
    if gradient_bar is not None:
        for weight_bar, adjoint, tangent in zip(weight_bars, adjoints, tangents):
            weight_bar.addmm_(adjoint.t(), tangent)
        weight_bars[-1] += tangents[-1].sum(0)
    weight_bars = [weight_bar.div_(beta) for weight_bar in weight_bars]
    return x_bar, [*weight_bars, *(a_bar.sum(0) for a_bar in a_bars)]


def _values_up(
    x: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor], skip: tuple[int, ...], beta: float
) -> tuple[list[Tensor], list[Tensor]]:
    """What every layer reads (the last layer included), times beta, and the slope of every softplus."""
    inputs, slopes = [x], []
    for layer, (weight, bias) in enumerate(zip(weights[:-1], biases[:-1])):
        if layer in skip:
            inputs[-1] = _join(inputs[-1], x)
        h, slope = _softplus_and_slope(torch.addmm(bias, inputs[-1], weight.t(), beta=beta))
        inputs.append(h)
        slopes.append(slope)
    return inputs, slopes


def _adjoints_down(
    weights: Sequence[Tensor], slopes: Sequence[Tensor], skip: tuple[int, ...]
) -> tuple[list[Tensor], Tensor]:
    """dy/da of every layer, and dy/dx."""
    p, at_skips, adjoints = weights[-1], [], []
    for layer in reversed(range(len(slopes))):
        adjoints.append(slopes[layer] * p)
        p = adjoints[-1] @ weights[layer]
        if layer in skip:
            p, at_skip = _part(p, weights[0].shape[1])
            at_skips.append(at_skip)
    return adjoints[::-1], sum(at_skips, start=p)


def _tangents_up(
    tangent: Tensor,
    weights: Sequence[Tensor],
    slopes: Sequence[Tensor],
    adjoints: Sequence[Tensor],
    skip: tuple[int, ...],
) -> tuple[list[Tensor], list[Tensor]]:
    """The cotangent of what every layer's adjoint becomes, times beta, and what the curvature adds to the one of a."""
    tangents, bends = [tangent], []
    for layer, (weight, slope, adjoint) in enumerate(zip(weights[:-1], slopes, adjoints)):
        if layer in skip:
            tangents[-1] = _join(tangents[-1], tangent)
        adjoint_bar = tangents[-1] @ weight.t()
        bend = adjoint_bar * adjoint
        bends.append(bend.addcmul_(bend, slope, value=-1))
        tangents.append(adjoint_bar.mul_(slope))
    return tangents, bends


def _cotangents_down(
    value_bar: Tensor,
    weights: Sequence[Tensor],
    slopes: Sequence[Tensor],
    bends: Sequence[Tensor],
    skip: tuple[int, ...],
) -> tuple[list[Tensor], Tensor]:
    """Cotangents of every layer's a, first layer first, and of x."""
    a_bars, at_skips = [value_bar[:, None]], []
    h_bar = a_bars[0] * weights[-1]
    for layer in reversed(range(len(slopes))):
        a_bar = torch.addcmul(bends[layer], h_bar, slopes[layer]) if bends else h_bar.mul_(slopes[layer])
        a_bars.append(a_bar)
        h_bar = a_bar @ weights[layer]
        if layer in skip:
            h_bar, at_skip = _part(h_bar, weights[0].shape[1])
            at_skips.append(at_skip)
    return a_bars[::-1], sum(at_skips, start=h_bar)


def _softplus_and_slope(u: Tensor) -> tuple[Tensor, Tensor]:
    """log(1 + e^u), which is u beyond the limit, and its derivative e^u / (1 + e^u), with one exponential for both."""
    exponential = u.clamp(max=_LINEAR_ABOVE).exp_()
    total = exponential + 1
    slope = exponential.div_(total)
    return torch.maximum(total.log_(), u, out=total), slope


def _join(h: Tensor, x: Tensor) -> Tensor:
    return torch.cat([h, x], dim=-1) * math.sqrt(0.5)


def _part(joined: Tensor, inputs: int) -> tuple[Tensor, Tensor]:
    """The transpose of ``_join``."""
    h, x = (joined * math.sqrt(0.5)).split([joined.shape[1] - inputs, inputs], dim=1)
    return h, x


def _halves(tensors: Sequence[Tensor]) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    return tensors[: len(tensors) // 2], tensors[len(tensors) // 2 :]


def _check_inputs(x: Tensor, inputs: int) -> None:
    if x.shape[-1:] != (inputs,):
        raise ValueError(f"SoftplusNetwork: x must have shape (..., {inputs}), got {tuple(x.shape)}")


def _check_sizes(inputs: int, hidden_layers: int, width: int, skip: Sequence[int], beta: float) -> None:
    if min(inputs, hidden_layers, width) < 1 or not beta > 0:
        raise ValueError(
            "SoftplusNetwork: inputs, hidden_layers, width and beta must be positive, "
            f"got {inputs}, {hidden_layers}, {width} and {beta}"
        )
    if skip and (min(skip) < 1 or max(skip) >= hidden_layers or width <= inputs):
        raise ValueError(
            f"SoftplusNetwork: skip layers must lie in 1 to {hidden_layers - 1} and width above {inputs} inputs, "
            f"got skip {tuple(skip)} and width {width}"
        )
