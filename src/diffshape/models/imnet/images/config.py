"""Config of the network from images to codes: a plain frozen dataclass that needs no torch."""

from dataclasses import dataclass

from diffshape._bounds import check_finite
from diffshape._typed import check_settings

STEPS = 1000
"""Default number of training steps."""


@dataclass(frozen=True, kw_only=True)
class ImNetImagesConfig:
    """A residual network from an image to the code of a trained IM-NET; minutes on one CPU thread."""

    size: int = 64
    """Pixels a side of the images, a power of two from 32."""
    width: int = 8
    """Channels of the first convolution; they double with each halving of the image but the first."""
    batch: int = 16
    """Shapes in a batch, one random view of each, drawn without repetition; all of them if there are fewer."""
    lr: float = 1e-3
    """Learning rate of Adam."""
    beta: float = 0.5
    """Share of its first moment that Adam keeps in a step."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("width", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"ImNetImagesConfig: {name} must be 1 or more, got {getattr(self, name)}")
        if self.size < 32 or self.size & (self.size - 1):
            raise ValueError(f"ImNetImagesConfig: size must be a power of two of 32 or more, got {self.size}")
        if not self.lr > 0:
            raise ValueError(f"ImNetImagesConfig: lr must be positive, got {self.lr}")
        if not 0 <= self.beta < 1:
            raise ValueError(f"ImNetImagesConfig: beta must lie in [0, 1), got {self.beta}")
        check_finite(self)


PUBLISHED_IMNET_IMAGES = ImNetImagesConfig(size=128, width=64, batch=64, lr=5e-5)
"""Settings of the published network and its training: a day on a GPU."""
