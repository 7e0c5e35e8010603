"""Negative log-likelihoods of coordinates whose uncertainty is predicted too, always as s = ln(variance).

With r = pred - target and the variance e^s of each coordinate:

    Gaussian    r^2 e^-s / 2 + s / 2    (+ ln(2 pi) / 2)
    Laplace     |r| / b + ln(2 b),  b = e^(s / 2) / sqrt(2): the scale whose variance is e^s
    beta        stop_gradient(e^(beta s)) times the Gaussian one; beta 0 is that, 1 pulls on pred like squared error

A likelihood is a density, so its logarithm has either sign. Bound s by ``bounded_log_variance`` where a network gives
it: a clamp would leave an over-confident network without a gradient, and an unbounded s can overflow. Sources: Kendall
and Gal, NeurIPS 2017; Seitzer et al., On the Pitfalls of Heteroscedastic Uncertainty Estimation, ICLR 2022.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, read_elements, reduce_elements
from diffshape.ops.checks import widened


@checked
def bounded_log_variance(raw: Float[Tensor, "*b"], low: float, high: float) -> Float[Tensor, "*b"]:
    """An unbounded output of a network as a ln(variance) between two bounds, with a gradient everywhere.

    c + h z / sqrt(1 + z^2), z = (raw - c) / h, with centre c and half width h of the bounds: slope 1 at the centre,
    and far outside it falls like |z|^-3, where that of a tanh falls like e^-2|z| and that of a clamp is 0.

    Args:
        raw: Any shape.
        low: Lowest ln(variance), that is 2 ln(standard deviation), in the unit of the coordinates.
        high: Highest ln(variance), > ``low``.

    Returns:
        The shape of ``raw``, strictly between the bounds up to rounding.

    Raises:
        ValueError: The bounds are not in order.

    Differentiable to any order. Give the same bounded values to the loss and to whoever reads the uncertainty.

    >>> bounded_log_variance(torch.tensor([-100.0, 0.0, 100.0]), -4.0, 4.0)
    tensor([-3.9968,  0.0000,  3.9968])
    """
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"bounded_log_variance: low must be below high, and both finite, got {low} and {high}")
    center, half = (low + high) / 2, (high - low) / 2
    z = (widened(raw) - center) / half
    return center + half * z * torch.rsqrt(1 + z.square())


@checked
def gaussian_nll(
    pred: Float[Tensor, "*b"],
    target: Float[Tensor, "*b"],
    log_variance: Float[Tensor, "*b"],
    *,
    full: bool = False,
    mask: Bool[Tensor, "*m"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """r^2 e^-s / 2 + s / 2 of every coordinate, with r = pred - target and its variance e^s.

    Args:
        pred: Predicted coordinates, any shape, usually landmarks (B, K, 2).
        target: True coordinates, the same shape and unit.
        log_variance: s = ln(variance) of each coordinate, twice the logarithm of its standard deviation; same shape.
        full: Add ln(2 pi) / 2, which no gradient sees.
        mask: True where real: a landmark, the shape without its last dimension, or a coordinate.
        reduction: "mean" or "sum" over the real coordinates, or "none" for the input's shape.

    Returns:
        Scalar or the input's shape, of either sign.

    Raises:
        ValueError: A shape, a dtype or the reduction is wrong.

    Differentiable (twice). Its pull on ``pred``, r e^-s, is large for a confident and wrong prediction; ``laplace_nll``
    and ``beta_nll`` hold it back.

    >>> gaussian_nll(torch.tensor([2.0]), torch.tensor([0.0]), torch.tensor([4.0]).log())
    tensor(1.1931)
    """
    pred, target, s, mask = _read("gaussian_nll", pred, target, log_variance, mask)
    values = _gaussian(pred, target, s)
    return reduce_elements(values + math.log(2 * math.pi) / 2 if full else values, mask, reduction)


@checked
def laplace_nll(
    pred: Float[Tensor, "*b"],
    target: Float[Tensor, "*b"],
    log_variance: Float[Tensor, "*b"],
    *,
    mask: Bool[Tensor, "*m"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """|r| / b + ln(2 b) of every coordinate, with r = pred - target and 2 b^2 = e^s its variance.

    Args:
        pred: Predicted coordinates, any shape, usually landmarks (B, K, 2).
        target: True coordinates, the same shape and unit.
        log_variance: s = ln(variance) = ln(2 b^2) of each coordinate, as in ``gaussian_nll``; same shape. From a scale
            b it is ``2 * log_b + log(2)``.
        mask: True where real: a landmark, the shape without its last dimension, or a coordinate.
        reduction: "mean" or "sum" over the real coordinates, or "none" for the input's shape.

    Returns:
        Scalar or the input's shape, of either sign.

    Raises:
        ValueError: A shape, a dtype or the reduction is wrong.

    Differentiable, with gradient 0 in ``pred`` where it equals the target.

    >>> laplace_nll(torch.tensor([3.0]), torch.tensor([0.0]), torch.tensor([8.0]).log())  # b = 2
    tensor(2.8863)
    """
    pred, target, s, mask = _read("laplace_nll", pred, target, log_variance, mask)
    values = (pred - target).abs() * math.sqrt(2) * _exponential(-s / 2) + (s + math.log(2)) / 2
    return reduce_elements(values, mask, reduction)


@checked
def beta_nll(
    pred: Float[Tensor, "*b"],
    target: Float[Tensor, "*b"],
    log_variance: Float[Tensor, "*b"],
    *,
    beta: float = 0.5,
    mask: Bool[Tensor, "*m"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """e^(beta s) (r^2 e^-s + s) / 2 of every coordinate, r = pred - target, its variance e^s; the weight a constant.

    The Gaussian likelihood, weighted by its own variance, so that hard samples keep their pull.

    Args:
        pred: Predicted coordinates, any shape, usually landmarks (B, K, 2).
        target: True coordinates, the same shape and unit.
        log_variance: s = ln(variance) of each coordinate; same shape.
        beta: 0 to 1.
        mask: True where real: a landmark, the shape without its last dimension, or a coordinate.
        reduction: "mean" or "sum" over the real coordinates, or "none" for the input's shape.

    Returns:
        Scalar or the input's shape, of either sign.

    Raises:
        ValueError: A shape, a dtype, ``beta`` or the reduction is wrong.

    Differentiable, the weight taken as a constant: the gradient is not that of the value.

    >>> beta_nll(torch.tensor([2.0]), torch.tensor([0.0]), torch.tensor([4.0]).log())
    tensor(2.3863)
    """
    if not 0 <= beta <= 1:
        raise ValueError(f"beta_nll: beta must lie between 0 and 1, got {beta}")
    pred, target, s, mask = _read("beta_nll", pred, target, log_variance, mask)
    return reduce_elements(_exponential(beta * s.detach()) * _gaussian(pred, target, s), mask, reduction)


def _gaussian(pred: Tensor, target: Tensor, s: Tensor) -> Tensor:
    """Scaled before it is squared, so that large errors with large variances do not overflow."""
    return (((pred - target) * _exponential(-s / 2)).square() + s) / 2


def _exponential(x: Tensor) -> Tensor:
    """e^x, finite and not 0 where x is not, so that no product of two is NaN."""
    limit = math.log(torch.finfo(x.dtype).max) / 2
    return x.clamp(-limit, limit).exp()


def _read(
    name: str, pred: Tensor, target: Tensor, log_variance: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    tensors = {"pred": pred, "target": target, "log_variance": log_variance}
    (pred, target, log_variance), mask = read_elements(name, tensors, mask, inner=1)
    return pred, target, log_variance, mask
