"""Everything that a fit depends on besides its input, as one value that a YAML file keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diffshape._bounds import check_budget, check_whole
from diffshape._config import from_plain, to_plain
from diffshape._typed import check_settings
from diffshape.fields.config import FIELD_KINDS, FieldConfig
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.supervised import Supervised

VERSION = 1
_KINDS = {"diffcd": DiffCD, "supervised": Supervised, **FIELD_KINDS}


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """Method, field, budget, seed and mesh of one fit; exactly one of ``steps`` and ``seconds`` is set."""

    method: DiffCD | Supervised
    field: FieldConfig
    steps: int | None
    seconds: float | None
    seed: int = 0
    resolution: int = 256
    """Grid nodes along the side of the box in which the result is meshed, unless another number is asked for."""

    def __post_init__(self) -> None:
        check_settings(self)
        if (self.steps is None) == (self.seconds is None):
            raise ValueError(f"FitSettings: give steps or seconds, one of them, got {self.steps} and {self.seconds}")
        check_budget("FitSettings", steps=self.steps, seconds=self.seconds, seed=self.seed)
        check_whole("FitSettings: resolution", self.resolution, 16)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and dictionaries."""
        return {"version": VERSION, **to_plain(self, _KINDS)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], base: "FitSettings | None" = None) -> "FitSettings":
        """The settings that ``to_dict`` wrote, or, with a ``base``, a part of them; the base has the others.

        A part may leave out the version, and steps given replace seconds of the base, or the other way round.

        Raises:
            ValueError: The version is another one, or a key is unknown, missing, or of a value that does not suit it.

        >>> from diffshape.fields import HashGridConfig
        >>> settings = FitSettings(method=DiffCD(), field=HashGridConfig(), steps=1800, seconds=None)
        >>> part = FitSettings.from_dict({"method": {"batch": 64}, "seconds": 2}, settings)
        >>> part.method.batch, part.method.pool, part.steps, part.seconds
        (64, 30000, None, 2.0)
        """
        values = dict(plain)
        version = values.pop("version", None if base is None else VERSION)
        if version != VERSION:
            raise ValueError(f"FitSettings: version must be {VERSION}, got {version!r}")
        for given, other in (("steps", "seconds"), ("seconds", "steps")):
            if values.get(given) is not None:
                values.setdefault(other, None)
        return from_plain(cls, values, _KINDS, base=base)
