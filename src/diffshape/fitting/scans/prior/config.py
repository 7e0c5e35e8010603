"""Config of the scan prior: a plain frozen dataclass that needs no torch."""

from dataclasses import dataclass

from diffshape._bounds import check_number, check_whole
from diffshape._typed import check_settings


@dataclass(frozen=True, kw_only=True)
class PriorConfig:
    """Networks that clean a scan, one pass after the other, and how they are trained."""

    neighbors: int = 256
    """Nearest points that each point is cleaned by, itself among them."""
    width: int = 32
    """Features of each neighbour in the networks."""
    wide: int = 64
    """Features of each point in the networks, pooled over its neighbours."""
    narrow: int = 16
    """Features of each neighbour from which the networks tell its weights."""
    passes: int = 3
    """Passes over the scan, each by a network of its own that starts from what the pass before it found."""
    batch: int = 512
    """Points in a batch."""
    lr: float = 3e-3
    """Largest learning rate of each pass."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name, least in (("neighbors", 32), ("width", 1), ("wide", 1), ("narrow", 1), ("passes", 1), ("batch", 1)):
            check_whole(f"PriorConfig: {name}", getattr(self, name), least)
        check_number("PriorConfig: lr", self.lr, 0, above=True)
