"""A fit before it is run: all that it needs besides weights."""

from dataclasses import dataclass

from diffshape._reprs import one_line
from diffshape.data import Frame
from diffshape.fields import Field, build_field
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.targets.target import Target


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Settings, and what the input was made into."""

    settings: FitSettings
    """Method, field, budget and seed."""
    frame: Frame
    """The way between input coordinates and those of the field."""
    target: Target
    """What the field is fitted to."""
    notes: tuple[str, ...]
    """What was done to the input, a sentence each."""
    as_torch: bool
    """Whether the input was a tensor, so that meshes are too."""

    __repr__ = one_line

    def new_field(self) -> Field:
        """The field with fresh weights, drawn from the seed.

        Raises:
            ValueError: The settings leave the field open.
        """
        if self.settings.field is None:
            raise ValueError("the settings of this fit have no field")
        return build_field(self.settings.field, seed=self.settings.seed)
