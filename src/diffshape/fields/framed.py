"""A field seen from other coordinates: f(x) = scale * inner((x - center) / scale)."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_number
from diffshape.fields.field import Field
from diffshape.ops.checks import widened


class FramedField(Field):
    """A field of the unit frame that takes points, and gives distances, in input coordinates.

    A signed distance stays one, and its gradient does not change. Points are moved in float64, so that a far centre
    costs no more digits than they have themselves.

    Args:
        inner: The field in its own coordinates.
        center: Position of the inner field's origin in input coordinates.
        scale: Length of the inner field's unit in input coordinates, positive.

    Raises:
        ValueError: ``center`` is not three finite numbers or ``scale`` not a positive one.

    >>> from diffshape.fields import FeatureGrid
    >>> field = FramedField(FeatureGrid(radius=0.5), center=(10.0, 0.0, 0.0), scale=4.0)  # a sphere of radius 2
    >>> values, gradients = field.value_and_gradient(torch.tensor([[12.0, 0.0, 0.0], [16.0, 0.0, 0.0]]))
    >>> [round(value, 1) for value in (values + 2).tolist()]
    [2.0, 6.0]
    """

    @checked
    def __init__(self, inner: Field, *, center: Sequence[float] = (0.0, 0.0, 0.0), scale: float = 1.0) -> None:
        super().__init__()
        check_number("FramedField: scale", scale, 0, above=True)
        for each in center:
            check_number("FramedField: center", each)
        if len(center) != 3:
            raise ValueError(f"FramedField: center must be three finite numbers, got {tuple(center)}")
        self.inner, self.center, self.scale = inner, tuple(float(each) for each in center), float(scale)
        self.learning_rate = inner.learning_rate

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points."""
        return self.inner.evaluate(self.to_inner(points)) * self.scale

    def evaluate_with_gradient(self, points: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"]]:
        """Values and gradients at (N, 3) points, in one pass of the inner field."""
        values, gradients = self.inner.evaluate_with_gradient(self.to_inner(points))
        return values * self.scale, gradients

    def plain(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points by the inner field's plain operations."""
        return self.inner.plain(self.to_inner(points)) * self.scale

    @checked
    def fade_in(self, progress: float, *, over: float = 0.2) -> None:
        """Bring in the fine parts of the inner field; see :meth:`Field.fade_in`."""
        self.inner.fade_in(progress, over=over)

    @checked
    def to_inner(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
        """The points in the inner field's coordinates."""
        if points.shape[-1:] != (3,):
            raise ValueError(f"FramedField.to_inner: points must have shape (..., 3), got {tuple(points.shape)}")
        axes = [axis - middle for axis, middle in zip(points.double().unbind(-1), self.center)]
        return (torch.stack(axes, dim=-1) / self.scale).to(points.dtype)

    def _values_in_own_dtype(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at points that are moved first: float32 may not hold those around a far centre."""
        return self.inner._values_in_own_dtype(self.to_inner(widened(points))) * self.scale
