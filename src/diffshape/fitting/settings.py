"""Everything that a fit depends on besides its input, as one value that a YAML file keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diffshape._bounds import check_budget
from diffshape._plain import from_plain, to_plain
from diffshape.fields.config import FIELD_KINDS, FieldConfig
from diffshape.fitting.config import DiffCD
from diffshape.fitting.supervised_config import Supervised

VERSION = 1
_KINDS = {"diffcd": DiffCD, "supervised": Supervised, **FIELD_KINDS}


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """Method, field, budget and seed of one fit; exactly one of ``steps`` and ``seconds`` is set."""

    method: DiffCD | Supervised
    field: FieldConfig
    steps: int | None
    seconds: float | None
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.seconds is None):
            raise ValueError(f"FitSettings: give steps or seconds, one of them, got {self.steps} and {self.seconds}")
        check_budget("FitSettings", steps=self.steps, seconds=self.seconds, seed=self.seed)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and dictionaries."""
        return {"version": VERSION, **to_plain(self, _KINDS)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "FitSettings":
        """The settings that ``to_dict`` wrote.

        Raises:
            ValueError: The version is another one, or a key is unknown or missing.
        """
        values = dict(plain)
        if values.pop("version", None) != VERSION:
            raise ValueError(f"FitSettings: version must be {VERSION}, got {plain.get('version')!r}")
        return from_plain(cls, values, _KINDS)
