"""Configs of the adversarial generators: plain frozen dataclasses that need no torch."""

from dataclasses import dataclass
from typing import Literal

from diffshape._bounds import check_finite, check_whole
from diffshape._typed import check_settings

RAW_STEPS = 3000
"""Default number of updates, of generator and critic together, of a GAN of clouds."""
LATENT_STEPS = 12_000
"""Default number of updates, of generator and critic together, of a GAN of codes."""


@dataclass(frozen=True, kw_only=True)
class AdversarialConfig:
    """What all adversarial trainings share: a generator and a critic of it take turns."""

    objective: Literal["gan", "wgan-gp"] = "wgan-gp"
    """gan: the critic tells drawn from real by cross-entropy, the generator raises the probability that its own are
    taken for real. wgan-gp: the critic's mean difference between real and drawn, its gradient held near norm 1."""
    penalty: float | None = None
    """Weight of the gradient penalty of "wgan-gp", used by no other objective; None is 10."""
    critic_steps: int | None = None
    """Updates of the critic before each of the generator; None is 1 for gan and 5 for wgan-gp."""
    noise: int = 32
    """Size of the noise from which the generator makes a sample."""
    noise_spread: float = 1.0
    """Standard deviation of the noise."""
    lr: float = 5e-4
    """Learning rate of Adam for both networks, with beta 0.5 and 0.999."""
    batch: int = 32
    """Examples in a batch, drawn without repetition; all of them if there are fewer."""

    def __post_init__(self) -> None:
        check_settings(self)
        check_finite(self)
        title = type(self).__name__
        for name in ("noise", "batch"):
            check_whole(f"{title}: {name}", getattr(self, name), 1)
        if self.critic_steps is not None:
            check_whole(f"{title}: critic_steps", self.critic_steps, 1)
        for name in ("noise_spread", "lr"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{title}: {name} must be positive, got {getattr(self, name)}")
        if self.penalty is not None and self.objective != "wgan-gp":
            raise ValueError(f"{title}: penalty acts only with objective wgan-gp, got objective {self.objective}")
        if self.penalty is not None and not self.penalty >= 0:
            raise ValueError(f"{title}: penalty must be 0 or more, got {self.penalty}")

    @property
    def critic_turns(self) -> int:
        """Updates of the critic before each of the generator."""
        return self.critic_steps or (1 if self.objective == "gan" else 5)


@dataclass(frozen=True, kw_only=True)
class RawGANConfig(AdversarialConfig):
    """A GAN of point clouds: from noise to all points at once."""

    points: int = 512
    """Number of points of a cloud."""
    generator: tuple[int, ...] = (64, 128, 256)
    """Hidden sizes between noise and points."""
    point_features: tuple[int, ...] = (32, 64, 128)
    """Features of each point in the critic, layer by layer; it looks at their maxima over the points."""
    critic: tuple[int, ...] = (64,)
    """Hidden sizes of the critic between those maxima and its answer."""
    standardized: bool = True
    """Learn clouds whose coordinates are brought, axis by axis, to mean 0 and standard deviation 1 over all shapes, and
    bring samples back. The gradient penalty suits that size: at a length of 1 it outweighs what tells clouds apart."""
    critic_steps: int | None = 1
    """Updates of the critic before each of the generator; None is 1 for gan and 5 for wgan-gp."""
    lr: float = 1e-3
    """Learning rate of Adam for both networks, with beta 0.5 and 0.999."""
    batch: int = 16
    """Examples in a batch, drawn without repetition; all of them if there are fewer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("RawGANConfig: points", self.points, 1)
        _check_sizes(self, "generator", "critic")
        if not self.point_features:
            raise ValueError("RawGANConfig: point_features must hold one size or more, got none")
        _check_sizes(self, "point_features")


@dataclass(frozen=True, kw_only=True)
class LatentGANConfig(AdversarialConfig):
    """A GAN of the codes of an autoencoder."""

    output: Literal["linear", "relu", "sigmoid"] = "linear"
    """linear: generate codes brought to mean 0 and standard deviation 1. relu, as published, and sigmoid: generate
    codes as they are, for an encoder that ends in a ReLU or a sigmoid."""
    generator: tuple[int, ...] = (128, 128)
    """Hidden sizes between noise and code."""
    critic: tuple[int, ...] = (256, 256)
    """Hidden sizes of the critic."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_sizes(self, "generator", "critic")


def _check_sizes(config: object, *names: str) -> None:
    for name in names:
        if not all(size >= 1 for size in getattr(config, name)):
            raise ValueError(
                f"{type(config).__name__}: {name} must hold sizes of 1 or more, got {getattr(config, name)}"
            )


PUBLISHED_RAW_GAN = RawGANConfig(
    objective="gan",
    noise=128,
    noise_spread=0.2,
    lr=1e-4,
    batch=50,
    points=2048,
    generator=(64, 128, 512, 1024),
    point_features=(64, 128, 256, 256, 512),
    critic=(128, 64),
    standardized=False,
    critic_steps=None,
)
"""The r-GAN of latent_3d_points, for 2,048 points."""
PUBLISHED_LATENT_GAN = LatentGANConfig(
    objective="gan", noise=128, noise_spread=0.2, lr=1e-4, batch=50, output="relu", generator=(128,), critic=(256, 512)
)
"""The l-GAN of latent_3d_points, on codes of 0 or more; with objective="wgan-gp", its l-WGAN."""
