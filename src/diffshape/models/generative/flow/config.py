"""Config of flow matching on codes: a plain frozen dataclass that needs no torch."""

from dataclasses import dataclass
from typing import Literal

from diffshape._bounds import check_finite, check_whole
from diffshape._typed import check_settings

STEPS = 4000
"""Default number of training steps."""


@dataclass(frozen=True, kw_only=True)
class FlowConfig:
    """A flow from noise to the codes of an autoencoder, brought to mean 0 and standard deviation 1."""

    hidden: tuple[int, ...] = (256, 256, 256)
    """Hidden sizes of the network that gives the velocity."""
    frequencies: int = 4
    """Number of waves of the time that the network is given, of 1, 2, 3... turns from start to end."""
    lr: float = 1e-3
    """Learning rate of Adam; it falls along half a cosine to a hundredth."""
    batch: int = 128
    """Codes in a batch, drawn with repetition, each with noise and a time of its own."""
    solver: Literal["euler", "heun"] = "heun"
    """Steps from noise to codes: euler follows the velocity where the step begins, heun the mean of those where it
    begins and where it would end, at twice the cost."""
    solver_steps: int = 20
    """Number of steps from noise to codes."""

    def __post_init__(self) -> None:
        check_settings(self)
        check_finite(self)
        for name, least in (("frequencies", 0), ("batch", 1), ("solver_steps", 1)):
            check_whole(f"FlowConfig: {name}", getattr(self, name), least)
        if not all(size >= 1 for size in self.hidden):
            raise ValueError(f"FlowConfig: hidden must hold sizes of 1 or more, got {self.hidden}")
        if not self.lr > 0:
            raise ValueError(f"FlowConfig: lr must be positive, got {self.lr}")
