"""The objectives of critic and generator: cross-entropy, or Wasserstein with a gradient penalty.

    gan:      critic  mean softplus(-C(x)) + mean softplus(C(y))              generator  mean softplus(-C(y))
    wgan-gp:  critic  mean C(y) - mean C(x) + weight mean (|grad C(m)| - 1)^2   generator  -mean C(y)

with real examples x, drawn ones y, and m = x + e (y - x), one e from U(0, 1) for each example of the batch. Source:
Goodfellow et al., NeurIPS 2014, section 3, with the generator's objective that does not saturate; Gulrajani et al.,
NeurIPS 2017, algorithm 1.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from diffshape.losses import LossTerms
from diffshape.models.generative.adversarial.config import AdversarialConfig
from diffshape.training.parallel import uniform_like

Critic = Callable[[Tensor], Tensor]
"""Function from examples (B, ...) to answers (B,), the larger the more real."""
_PENALTY = 10.0


def critic_loss(
    critic: Critic, real: Tensor, drawn: Tensor, config: AdversarialConfig, generator: torch.Generator
) -> LossTerms:
    """The objective of the critic, which falls as it tells real from drawn examples.

    Args:
        critic: Network to learn.
        real: Real examples, shape (B, ...).
        drawn: As many drawn ones, detached from their generator.
        config: Objective and weight of its penalty.
        generator: Generator of the places between real and drawn examples, on the CPU.
    """
    if config.objective == "gan":
        total = softplus(-critic(real)).mean() + softplus(critic(drawn)).mean()
        return LossTerms(total, {"critic": total})
    value = critic(drawn).mean() - critic(real).mean()
    shares = uniform_like(real.flatten(1)[:, 0], generator)
    penalty = gradient_penalty(critic, real, drawn, shares)
    weight = _PENALTY if config.penalty is None else config.penalty
    return LossTerms(value + weight * penalty, {"critic": value, "penalty": penalty})


def generator_loss(critic: Critic, drawn: Tensor, config: AdversarialConfig) -> LossTerms:
    """The objective of the generator, which falls as the critic takes what it drew for real."""
    answers = critic(drawn)
    total = softplus(-answers).mean() if config.objective == "gan" else -answers.mean()
    return LossTerms(total, {"generator": total})


def gradient_penalty(critic: Critic, real: Tensor, drawn: Tensor, shares: Float[Tensor, "b"]) -> Float[Tensor, ""]:
    """mean (|grad C(m)| - 1)^2 at m = real + share (drawn - real), with a share for each example.

    >>> real, drawn, shares = torch.zeros(2, 3), torch.ones(2, 3), torch.tensor([0.5, 1.0])
    >>> gradient_penalty(lambda examples: 2 * examples[:, 0], real, drawn, shares)  # (2 - 1)^2
    tensor(1.)
    """
    shares = shares.reshape(-1, *[1] * (real.ndim - 1))
    between = torch.lerp(real, drawn, shares).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (torch.linalg.vector_norm(gradient.flatten(1), dim=1) - 1).square().mean()
