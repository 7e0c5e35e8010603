"""Divergence of the random codes of variational models from the distribution that they are drawn from afterwards."""

from jaxtyping import Float
from torch import Tensor


def normal_divergence(mean: Float[Tensor, "*n"], log_variance: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
    """Kullback-Leibler divergence of N(mean, s^2) from N(0, 1), number by number: (mean^2 + s^2 - 1 - ln s^2) / 2, in
    nats.

    >>> import torch
    >>> normal_divergence(torch.tensor([1.0, 0.0]), torch.zeros(2))
    tensor([0.5000, 0.0000])
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance) / 2
