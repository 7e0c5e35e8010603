"""Fit before it is run: all that it needs besides weights."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from diffshape._reprs import one_line
from diffshape.data import Frame
from diffshape.fields import Field, build_field
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.surface.measured_points import MeasuredPoints
from diffshape.fitting.targets.target import Target

TargetKind = TypeVar("TargetKind", bound=Target, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Fit(Generic[TargetKind]):
    """Settings of a fit, and the target that its input was made into."""

    settings: FitSettings
    """Method, field, budget and seed."""
    frame: Frame
    """Map between the coordinates of the input and those of the field."""
    target: TargetKind
    """Target of the field, in the frame."""
    notes: tuple[str, ...]
    """Sentences on what was done to the input."""
    as_torch: bool
    """Whether the input was a tensor, so that meshes are given as tensors too."""
    measured: MeasuredPoints | None = None
    """Points of the scan that the fit kept, which tell of what its mesh is sure; None for a fit of a mesh."""

    __repr__ = one_line

    def new_field(self) -> Field:
        """The field with fresh weights, drawn from the seed.

        Raises:
            ValueError: The settings leave the field open.
        """
        if self.settings.field is None:
            raise ValueError("the settings of this fit have no field")
        return build_field(self.settings.field, seed=self.settings.seed)
