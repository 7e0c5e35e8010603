"""A trained flow on the codes of an autoencoder: noise, moved along a velocity, to codes and shapes."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._config import from_plain
from diffshape.models.autoencoders.layers import perceptron
from diffshape.models.generative.flow.config import FlowConfig
from diffshape.models.generative.latent_generator import LatentGenerator, load_weights

_CHUNK = 4096
Velocity = Callable[[Tensor, Tensor], Tensor]
"""Function from places (B, L) and times (B,) in [0, 1] to velocities (B, L)."""


class LatentFlow(LatentGenerator):
    """A distribution of shapes: a flow from noise to codes, and the autoencoder that decodes them.

    ``train_flow`` makes it. Source: Lipman et al., ICLR 2023 (flow matching); Liu, Gong, Liu, ICLR 2023 (straight
    paths).
    """

    KIND = "latent-flow"

    config: FlowConfig

    def __init__(self, autoencoder: Any, config: FlowConfig, latent: int) -> None:
        super().__init__(autoencoder, config, latent)
        self.velocity = VelocityNetwork(config, latent)

    def _drawn(self, count: int, generator: torch.Generator) -> Float[Tensor, "n c"]:
        noise = torch.randn(count, len(self.scale.mean), generator=generator).to(self.scale.mean)
        steps, solver = self.config.solver_steps, self.config.solver
        codes = [carried(self.velocity, part, steps=steps, solver=solver) for part in noise.split(_CHUNK)]
        return self.scale.restored(torch.cat(codes))


class VelocityNetwork(nn.Module):
    """A perceptron of place and time; the last layer is zero before training."""

    def __init__(self, config: FlowConfig, latent: int) -> None:
        super().__init__()
        self.frequencies = config.frequencies
        self.layers = perceptron([latent + 1 + 2 * config.frequencies, *config.hidden, latent], "silu", 0.0)
        nn.init.zeros_(self.layers[-1].weight)  # type: ignore[arg-type]

    def forward(self, places: Float[Tensor, "b c"], times: Float[Tensor, "b"]) -> Float[Tensor, "b c"]:
        """Velocities (B, L) at places (B, L) and times (B,) in [0, 1]."""
        turns = torch.arange(1, self.frequencies + 1, device=times.device)
        waves = 2 * torch.pi * turns * times[:, None]
        return self.layers(torch.cat([places, times[:, None], waves.sin(), waves.cos()], 1))


def carried(
    velocity: Velocity, places: Float[Tensor, "b c"], *, steps: int, solver: Literal["euler", "heun"]
) -> Float[Tensor, "b c"]:
    """Places moved along a velocity from time 0 to time 1.

    Args:
        velocity: Function of places and times.
        places: Places at time 0, shape (B, L).
        steps: Number of equal steps of time.
        solver: "euler": x + h v(x, t), of order 1. "heun": x + h (v(x, t) + v(x + h v(x, t), t + h)) / 2, of order 2.

    >>> def doubling(places, times):
    ...     return places * 0.6931472
    >>> [round(carried(doubling, torch.ones(1, 1), steps=10, solver=each).item(), 2) for each in ("euler", "heun")]
    [1.95, 2.0]
    """
    size = 1 / steps
    for step in range(steps):
        time = torch.full_like(places[:, 0], step * size)
        first = velocity(places, time)
        moved = places + size * first
        places = moved if solver == "euler" else places + size / 2 * (first + velocity(moved, time + size))
    return places


def saved_latent_flow(settings: Mapping[str, Any], tensors: Mapping[str, Tensor], autoencoder: Any) -> LatentFlow:
    """The model of the settings and weights that ``save`` wrote, and of its autoencoder."""
    model = LatentFlow(autoencoder, from_plain(FlowConfig, settings), len(tensors["scale.mean"]))
    load_weights(model, tensors)
    return model.eval()
