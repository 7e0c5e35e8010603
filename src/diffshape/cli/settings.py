"""What a fit starts from before the flags of its command line: a preset, or the config.yaml of another run."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from diffshape.cli.errors import UsageError
from diffshape.fields.config import FieldConfig
from diffshape.fitting.config import DiffCD
from diffshape.fitting.presets import PRESETS
from diffshape.fitting.settings import FitSettings


@dataclass(frozen=True, kw_only=True)
class Base:
    """Method, field (None: matched to the points), budget and seed."""

    method: DiffCD
    field: FieldConfig | None
    steps: int | None
    seconds: float | None = None
    seed: int = 0


def base_of(preset: str, config: Path | None) -> Base:
    """The base that ``--preset`` or ``--config`` names.

    Raises:
        UsageError: The file is no config.yaml of a fit.
        OSError: The file cannot be read.
    """
    if config is None:
        chosen = PRESETS[preset]
        return Base(method=chosen.method, field=chosen.field, steps=chosen.steps)
    settings = _read(config)
    return Base(
        method=settings.method,
        field=settings.field,
        steps=settings.steps,
        seconds=settings.seconds,
        seed=settings.seed,
    )


def base_named_in(words: Sequence[str]) -> Base:
    """The base that a command line names, looked for before the whole of it is parsed.

    >>> base_named_in(["fit", "scan.ply", "--preset=paper"]).steps
    40000
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--preset", nargs="?")
    parser.add_argument("--config", nargs="?", type=Path)
    found, _ = parser.parse_known_args(list(words))
    if found.preset and found.config:
        raise UsageError("--preset and --config exclude each other: a config.yaml holds all settings")
    preset = found.preset if found.preset in PRESETS else "standard"  # tyro will tell of another
    return base_of(preset, found.config)


def _read(path: Path) -> FitSettings:
    import yaml

    try:
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(plain, dict):
            raise ValueError("it holds no settings")
        return FitSettings.from_dict(plain)
    except (ValueError, TypeError, yaml.YAMLError) as error:
        raise UsageError(f"--config {path} is not the config.yaml of a fit: {error}") from error
