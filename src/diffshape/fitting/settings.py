"""Everything that a fit depends on besides its input, as one value that a YAML file keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diffshape._plain import from_plain, to_plain
from diffshape.fields.config import FeatureGridConfig, FieldConfig, HashGridConfig, LatentMLPConfig, MLPConfig
from diffshape.fitting.config import DiffCD
from diffshape.fitting.supervised_config import Supervised

VERSION = 1
_METHODS = {"diffcd": DiffCD, "supervised": Supervised}
_FIELDS = {
    "feature-grid": FeatureGridConfig,
    "hash-grid": HashGridConfig,
    "latent-mlp": LatentMLPConfig,
    "mlp": MLPConfig,
}


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
        if not (self.seconds if self.steps is None else self.steps) > 0:  # type: ignore[operator]
            raise ValueError(f"FitSettings: steps and seconds must be positive, got {self.steps} and {self.seconds}")

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and dictionaries."""
        return {
            "version": VERSION,
            "method": _tagged(self.method, _METHODS),
            "field": _tagged(self.field, _FIELDS),
            "steps": self.steps,
            "seconds": self.seconds,
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "FitSettings":
        """The settings that ``to_dict`` wrote.

        Raises:
            ValueError: The version is another one, or a key is unknown or missing.
        """
        values = dict(plain)
        if values.pop("version", None) != VERSION:
            raise ValueError(f"FitSettings: version must be {VERSION}, got {plain.get('version')!r}")
        values["method"] = _untagged("method", values.get("method"), _METHODS)
        values["field"] = _untagged("field", values.get("field"), _FIELDS)
        return from_plain(cls, values)


def _tagged(config: Any, kinds: Mapping[str, type]) -> dict[str, Any]:
    name = next(name for name, kind in kinds.items() if isinstance(config, kind))
    return {"kind": name, **to_plain(config)}


def _untagged(name: str, plain: Any, kinds: Mapping[str, type]) -> Any:
    if not isinstance(plain, Mapping) or plain.get("kind") not in kinds:
        raise ValueError(f"FitSettings: {name} must have a kind out of {', '.join(kinds)}, got {plain!r}")
    return from_plain(kinds[plain["kind"]], {key: value for key, value in plain.items() if key != "kind"})
