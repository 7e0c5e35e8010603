"""The result of an objective made of several parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor


@dataclass(frozen=True)
class LossTerms:
    """A total that backpropagates and its parts, detached, for people and logs.

    >>> import torch
    >>> terms = LossTerms(torch.tensor(1.5), {"points": torch.tensor(1.0), "eikonal": torch.tensor(0.5)})
    >>> print(terms)
    1.5 (points 1, eikonal 0.5)
    >>> terms.log()
    {'loss': 1.5, 'points': 1.0, 'eikonal': 0.5}
    """

    total: Tensor
    parts: Mapping[str, Tensor]

    def __post_init__(self) -> None:
        detached = {name: part.detach() for name, part in self.parts.items()}
        object.__setattr__(self, "parts", MappingProxyType(detached))

    def backward(self) -> None:
        """Backpropagate the total."""
        self.total.backward()

    def log(self) -> dict[str, float]:
        """The total, as ``loss``, and every part as plain numbers."""
        return {"loss": self.total.item(), **{name: part.item() for name, part in self.parts.items()}}

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {part.item():.4g}" for name, part in self.parts.items())
        return f"{self.total.item():.4g} ({parts})"
