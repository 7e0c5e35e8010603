"""The task of an adversarial training: each step updates the critic or the generator, in turns.

A turn of the critic takes ``config.critic_turns`` steps, that of the generator one. The network whose turn it is not
keeps its weights and moments: it takes no gradients.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape.losses import LossTerms
from diffshape.models.generative.adversarial.config import AdversarialConfig
from diffshape.models.generative.adversarial.objective import critic_loss, generator_loss
from diffshape.training import Adam, Constant, Schedule
from diffshape.training.models.task import Model, ModelTask
from diffshape.training.parallel import own_part

_BETAS = (0.5, 0.999)
Draw = Callable[[int, torch.Generator], Tensor]
"""Function of a number of examples and of a generator on the CPU: so many real examples."""


class AdversarialTask(ModelTask[Model]):
    """Training of a model that has a ``generator``, against a critic that is left behind at the end.

    Args:
        model: Model whose ``generator`` makes examples (B, ...) of noise (B, ``config.noise``).
        critic: Network from examples to answers (B,).
        config: Objective, noise and batches.
        examples: All real examples, (S, ...), for a checkpoint to know them by.
        draw: What draws a batch of them.
        seed: Seed of noise and batches.
    """

    def __init__(
        self, model: Model, critic: nn.Module, config: AdversarialConfig, examples: Tensor, draw: Draw, *, seed: int
    ) -> None:
        super().__init__(examples, seed=seed)
        network: nn.Module = model.generator  # type: ignore[attr-defined]
        self.model, self.config, self.draw = model, config, draw
        self.network, self.critic = network.train(), critic.train()
        self.modules = {"generator": network, "critic": critic}
        self.batch, self.device = min(config.batch, len(examples)), examples.device
        self._parts: dict[str, Tensor] = {}

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective of the network whose turn it is, with the newest parts of both."""
        turn = step % (self.config.critic_turns + 1) < self.config.critic_turns
        self.critic.requires_grad_(turn)
        self.network.requires_grad_(not turn)
        drawn = self.network(self._noise())
        if turn:
            real = own_part(self.draw(self.batch, self.generator))
            terms = critic_loss(self.critic, real, drawn, self.config, self.generator)
        else:
            terms = generator_loss(self.critic, drawn, self.config)
        self._parts |= terms.parts
        return LossTerms(terms.total, self._parts)

    def _noise(self) -> Float[Tensor, "b z"]:
        noise = torch.randn(self.batch, self.config.noise, generator=self.generator)
        return self.config.noise_spread * own_part(noise).to(self.device)

    def optimizer(self) -> Adam:
        """Adam with a first beta of 0.5 for both networks."""
        return Adam(lr=self.config.lr, betas=_BETAS)

    def schedule(self) -> Schedule:
        """The learning rate as it is."""
        return Constant()

    def trained(self) -> Model:
        """The model as it stands, in evaluation mode."""
        self.network.requires_grad_(True).eval()
        return self.model
