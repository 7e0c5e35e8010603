"""The result of an objective made of several parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor

from diffshape._reprs import one_line


@dataclass(frozen=True)
class LossTerms:
    """A total that backpropagates and its parts, detached, for people and logs.

    Of a loss with ``reduction="none"`` both hold one value a sample; weight or pick these, then backpropagate
    ``terms.total.mean()``, as `backward` takes one number only. Logs and text show means over the samples.

    Attributes:
        total: Scalar, or one value a sample; attached to whatever the loss was computed from.
        parts: What the total is made of, without weights, by name; of the total's shape, detached.

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
        """Backpropagate the total, which must be one number.

        Raises:
            ValueError: It is not.
        """
        if self.total.numel() != 1:
            raise ValueError(
                f"LossTerms.backward: total must be one number, got shape {tuple(self.total.shape)}; call "
                f'terms.total.mean().backward(), or compute the loss with reduction="mean"'
            )
        self.total.backward()

    def log(self) -> dict[str, float]:
        """The total, as ``loss``, and every part as plain numbers, means over the samples."""
        return {name: _number(value) for name, value in {"loss": self.total, **self.parts}.items()}

    __repr__ = one_line

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {_number(part):.4g}" for name, part in self.parts.items())
        return f"{_number(self.total):.4g} ({parts})"


def _number(values: Tensor) -> float:
    """The value, or the mean of one value a sample."""
    return values.item() if values.numel() == 1 else values.detach().mean().item()
