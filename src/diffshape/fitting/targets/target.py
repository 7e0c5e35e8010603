"""Base of the targets of fits, whichever kind of input they are made of."""

from collections.abc import Mapping
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.config import MethodConfig


class Target:
    """Shape that a field is fitted to, in the frame of the fit."""

    bounds: ClassVar[tuple[float, float]]
    """Lowest and highest coordinate, on every axis, between which the surface is meshed."""
    support: ClassVar[float]
    """Share of the points of the best supported body that another body of the fitted surface must have to be kept."""
    points: Float[Tensor, "n 3"]
    """Points on the surface."""

    def box(self, field: Field) -> tuple[float, float]:
        """Lowest and highest coordinate of the box in which a field has its surface: the box of the field, or else of
        the target."""
        return field.box or self.bounds

    def tensors(self) -> dict[str, Tensor]:
        """Tensors by name, as a file keeps the target."""
        raise NotImplementedError

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], method: MethodConfig) -> "Target":
        """The target of which a file kept ``tensors``, for a fit by ``method``."""
        raise NotImplementedError

    def first(self, count: int) -> "Target":
        """A target like this one with ``count`` of its points at most."""
        return self
