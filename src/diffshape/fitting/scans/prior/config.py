"""Settings of the scan prior: its size, and how it is trained. They need no torch, as a command line reads them."""

from dataclasses import dataclass

from diffshape._bounds import check_number, check_whole
from diffshape._typed import check_settings


@dataclass(frozen=True, kw_only=True)
class PriorConfig:
    """A scan prior: passes of one small network over the neighbourhood of every point."""

    passes: int = 4
    """Number of passes, each with weights of its own; each sees the points as the pass before left them."""
    neighbors: int = 256
    """Number of neighbours of a point that its surface is fitted to."""
    width: int = 32
    """Width of the layers that look at every neighbour."""
    wide: int = 64
    """Width of the layers that look at a whole neighbourhood."""
    narrow: int = 16
    """Width of the layer that weighs every neighbour."""
    batch: int = 512
    """Number of points of an optimiser step of the training."""
    lr: float = 3e-3
    """Learning rate of Adam at the start of each pass of the training."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name, least in (("passes", 1), ("neighbors", 16), ("width", 1), ("wide", 1), ("narrow", 1), ("batch", 1)):
            check_whole(f"PriorConfig: {name}", getattr(self, name), least)
        check_number("PriorConfig: lr", self.lr, 0, above=True)
