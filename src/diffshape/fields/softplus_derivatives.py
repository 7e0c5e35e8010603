"""The value and the gradient of a softplus perceptron, and the backward pass of both, written by hand.

    h_0 = x,    a_l = W_l h_{l-1} + b_l,    h_l = log(1 + exp(beta a_l)) / beta,    y = w . h_L + b

A layer named in ``skip`` reads ``concat(h_{l-1}, x) / sqrt 2`` instead of h_{l-1}. The gradient is the chain p_L = w,
q_l = p_l s_l, p_{l-1} = W_l^T q_l, dy/dx = p_0, with s_l = sigmoid(beta a_l). To differentiate both in the parameters,
the gradient's cotangent travels *up* the network as a tangent and the value's travels down it; they meet in every layer
at the curvature of the softplus, beta s (1 - s). Autograd's double backward does the same six matrix products a layer
(three tangents pushed forward: twelve), but this takes one exponential a unit and keeps only h, s and q.

Vectors are columns: x is (C, N), a layer (width, N). h and the tangents are kept times beta, which spares a product:
with u = beta a the softplus is log(1 + e^u). At beta = inf, where the softplus is the ReLU max(0, a), they are kept as
they are, a slope is 0 or 1, and there is no curvature.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.ops.transforms import is_transformed

_LINEAR_ABOVE = {torch.float16: 11.0}
"""Least u with log(1 + e^u) = u, by dtype: float16 holds no more than e^11; 40 serves all others, float64 included."""


class Softplus(torch.autograd.Function):
    """log(1 + e^u), several times faster than torch's and differentiable any number of times."""

    @staticmethod
    def forward(ctx: Any, u: Tensor) -> Tensor:
        """log(1 + e^u)."""
        ctx.save_for_backward(u)
        logarithm = u.clamp(max=_LINEAR_ABOVE.get(u.dtype, 40.0)).exp_().add_(1).log_()
        return torch.maximum(logarithm, u, out=logarithm)

    @staticmethod
    def backward(ctx: Any, h_bar: Tensor) -> Tensor:
        """The derivative of the softplus, differentiable again."""
        (u,) = ctx.saved_tensors
        return h_bar * torch.sigmoid(u)


def softplus(u: Tensor) -> Tensor:
    """log(1 + e^u), differentiable by autograd, ``torch.func`` and forward-mode derivatives."""
    if is_transformed(u):
        return torch.nn.functional.softplus(u, threshold=_LINEAR_ABOVE.get(u.dtype, 40.0))
    return Softplus.apply(u)


def up(
    x: Float[Tensor, "c n"], parameters: Sequence[Tensor], skip: tuple[int, ...], beta: float
) -> Float[Tensor, "h n"]:
    """Input of the last layer times beta, differentiable by autograd; ``parameters``: the weights, then the biases."""
    weights, biases = _halves(parameters)
    scale = kept_scale(beta)
    x = h = x * scale
    for layer, (weight, bias) in enumerate(zip(weights[:-1], biases[:-1])):
        h = _join(h, x) if layer in skip else h
        u = torch.addmm(bias[:, None], weight, h, beta=scale)
        h = u.relu() if math.isinf(beta) else softplus(u)
    return h


def kept_scale(beta: float) -> float:
    """Factor by which stored activations are scaled."""
    return 1.0 if math.isinf(beta) else beta


def up_and_down(
    x: Float[Tensor, "c n"], parameters: Sequence[Tensor], skip: tuple[int, ...], beta: float
) -> tuple[Float[Tensor, "n"], Float[Tensor, "c n"], list[Tensor]]:
    """Values, their gradients in ``x``, and the tensors for ``up_and_down_backward``; autograd does not track this."""
    weights, biases = _halves(parameters)
    scale = kept_scale(beta)
    inputs, slopes = _values_up(x * scale, weights, biases, skip, beta)
    values = (weights[-1][0] @ inputs[-1]).div_(scale).add_(biases[-1])
    adjoints, gradients = _adjoints_down(weights, slopes, skip)
    return values, gradients, [*weights, *inputs, *slopes, *adjoints]


def up_and_down_backward(
    kept: Sequence[Tensor],
    value_bar: Float[Tensor, "n"] | None,
    gradient_bar: Float[Tensor, "c n"] | None,
    skip: tuple[int, ...],
    beta: float,
) -> tuple[Float[Tensor, "c n"], list[Tensor]]:
    """Cotangents of ``x`` and of the parameters of ``up_and_down``, given those of its values and gradients."""
    scale = kept_scale(beta)
    depth = len(kept) // 4 + 1  # weights and inputs: depth each; slopes and adjoints: one less
    weights, inputs = kept[:depth], kept[depth : 2 * depth]
    slopes, adjoints = _halves(kept[2 * depth :])
    value_bar = torch.zeros_like(inputs[0][0]) if value_bar is None else value_bar
    tangents, bends = [], []
    if gradient_bar is not None:
        tangents, bends = _tangents_up(gradient_bar * scale, weights, slopes, adjoints, skip)
    a_bars, x_bar = _cotangents_down(value_bar, weights, slopes, bends, skip)
    weight_bars = [torch.mm(a_bar, h.t()) for a_bar, h in zip(a_bars, inputs)]
    if gradient_bar is not None:
        for weight_bar, adjoint, tangent in zip(weight_bars, adjoints, tangents):
            weight_bar.addmm_(adjoint, tangent.t())
        weight_bars[-1] += tangents[-1].sum(1)
    weight_bars = [weight_bar.div_(scale) for weight_bar in weight_bars]
    return x_bar, [*weight_bars, *(a_bar.sum(1) for a_bar in a_bars)]


def _values_up(
    x: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor], skip: tuple[int, ...], beta: float
) -> tuple[list[Tensor], list[Tensor]]:
    """Input of every layer, the last one included, times beta, and the slope of every softplus."""
    inputs, slopes = [x], []
    for layer, (weight, bias) in enumerate(zip(weights[:-1], biases[:-1])):
        if layer in skip:
            inputs[-1] = _join(inputs[-1], x)
        u = torch.addmm(bias[:, None], weight, inputs[-1], beta=kept_scale(beta))
        h, slope = _relu_and_slope(u) if math.isinf(beta) else _softplus_and_slope(u)
        inputs.append(h)
        slopes.append(slope)
    return inputs, slopes


def _adjoints_down(
    weights: Sequence[Tensor], slopes: Sequence[Tensor], skip: tuple[int, ...]
) -> tuple[list[Tensor], Tensor]:
    """dy/da of every layer, and dy/dx."""
    p, at_skips, adjoints = weights[-1].t(), [], []
    for layer in reversed(range(len(slopes))):
        adjoints.append(slopes[layer] * p)
        p = weights[layer].t() @ adjoints[-1]
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
    """The tangent at every layer's input, times beta, and what the curvature adds to the cotangent of the layer's a."""
    tangents, bends = [tangent], []
    for layer, (weight, slope, adjoint) in enumerate(zip(weights[:-1], slopes, adjoints)):
        if layer in skip:
            tangents[-1] = _join(tangents[-1], tangent)
        adjoint_bar = weight @ tangents[-1]
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
    a_bars, at_skips = [value_bar[None]], []
    h_bar = weights[-1].t() * value_bar
    for layer in reversed(range(len(slopes))):
        a_bar = torch.addcmul(bends[layer], h_bar, slopes[layer]) if bends else h_bar.mul_(slopes[layer])
        a_bars.append(a_bar)
        h_bar = weights[layer].t() @ a_bar
        if layer in skip:
            h_bar, at_skip = _part(h_bar, weights[0].shape[1])
            at_skips.append(at_skip)
    return a_bars[::-1], sum(at_skips, start=h_bar)


def _softplus_and_slope(u: Tensor) -> tuple[Tensor, Tensor]:
    """log(1 + e^u), which is u beyond the limit, and its derivative e^u / (1 + e^u), with one exponential for both."""
    exponential = u.clamp(max=_LINEAR_ABOVE.get(u.dtype, 40.0)).exp_()
    total = exponential + 1
    slope = exponential.div_(total)
    return torch.maximum(total.log_(), u, out=total), slope


def _relu_and_slope(u: Tensor) -> tuple[Tensor, Tensor]:
    """max(0, u) and its slope, 0 or 1."""
    return u.relu(), (u > 0).to(u)


def _join(h: Tensor, x: Tensor) -> Tensor:
    return torch.cat([h, x]) * math.sqrt(0.5)


def _part(joined: Tensor, inputs: int) -> tuple[Tensor, Tensor]:
    """The transpose of ``_join``."""
    h, x = (joined * math.sqrt(0.5)).split([len(joined) - inputs, inputs])
    return h, x


def _halves(tensors: Sequence[Tensor]) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    return tensors[: len(tensors) // 2], tensors[len(tensors) // 2 :]
