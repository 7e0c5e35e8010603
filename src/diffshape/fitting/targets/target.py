"""What every target of a fit answers, whichever kind of input it was made of."""

from collections.abc import Mapping
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from diffshape.fields import Field


class Target:
    """What a field is fitted to, in the frame of the fit."""

    bounds: ClassVar[tuple[float, float]]
    """Lowest and highest coordinate, on every axis, between which the surface is meshed."""
    support: ClassVar[float]
    """Bodies of the fitted surface are kept that have so many times the points of the best supported one nearest."""
    points: Float[Tensor, "n 3"]
    """Points of the surface."""

    def box(self, field: Field) -> tuple[float, float]:
        """Lowest and highest coordinate of the box in which a field has its surface: its own, or that of the target."""
        return field.box or self.bounds

    def tensors(self) -> dict[str, Tensor]:
        """What a file keeps of it."""
        raise NotImplementedError

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], method: Any) -> "Target":
        """The target of which a file kept ``tensors``, for a fit by ``method``."""
        raise NotImplementedError

    def first(self, count: int) -> "Target":
        """A target like this one with ``count`` of its points at most."""
        return self
