"""What a fit starts from before the flags of its command line: a preset, or the config.yaml of another run.

A preset may be for scans, for meshes, or for both; which of its halves counts is known when the input has been read.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diffshape._config import read_yaml
from diffshape.cli.errors import UsageError, as_option, without_class
from diffshape.cli.folders import input_file
from diffshape.fields.config import FieldConfig, HashGridConfig
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.supervised import Supervised
from diffshape.fitting.presets import MESH_PRESETS, PRESETS, Preset
from diffshape.fitting.settings import FitSettings


@dataclass(frozen=True, kw_only=True)
class Base:
    """Method, field (None: matched to the points), budget and seed, for each kind of input that they suit."""

    name: str
    scan: Preset | None = None
    mesh: Preset | None = None
    seconds: float | None = None
    seed: int = 0
    resolution: int = 256

    @property
    def method(self) -> DiffCD:
        """The method for scans, as the flags begin with it."""
        method = self.scan.method if self.scan else DiffCD()
        assert isinstance(method, DiffCD)
        return method

    @property
    def supervised(self) -> Supervised:
        """The method for meshes, as the flags begin with it."""
        method = self.mesh.method if self.mesh else Supervised()
        assert isinstance(method, Supervised)
        return method

    @property
    def field(self) -> FieldConfig:
        """The field, as the flags begin with it; where it depends on the kind of input, an ordinary grid."""
        one = self.scan if self.mesh is None else (self.mesh if self.scan is None else None)
        return (one.field if one else None) or HashGridConfig()

    def preset_for(self, kind: str, path: Path) -> Preset:
        """The half for a kind of input, "scan" or "mesh".

        Raises:
            UsageError: There is none.
        """
        preset = self.mesh if kind == "mesh" else self.scan
        if preset is None:
            suited = ", ".join(MESH_PRESETS if kind == "mesh" else PRESETS)
            raise UsageError(f"{self.name} is not for a {kind}, which {path} is; choose a --preset out of {suited}")
        return preset

    def field_for(self, kind: str, given: FieldConfig, typed: Sequence[str], path: Path) -> FieldConfig | None:
        """The preset's field for a kind of input, with the settings that were typed; None if it is to be matched.

        Args:
            kind: "scan" or "mesh".
            given: The field of the arguments, from which the typed settings are taken.
            typed: Names of those.
            path: The input, for errors.

        Raises:
            UsageError: There is no preset for this kind; or a setting does not go with the preset's others.
        """
        own = self.preset_for(kind, path).field
        if not typed:
            return own
        changed = {name: getattr(given, name) for name in typed}
        try:
            return replace(own or self.field, **changed)  # type: ignore[type-var]
        except ValueError as error:
            raise UsageError(as_option(str(error), {type(own or self.field).__name__: "field"})) from error


def base_of(preset: str, config: Path | None) -> Base:
    """The base that ``--preset`` or ``--config`` names; what a config.yaml does not say is as in the preset.

    Raises:
        UsageError: The file is no config.yaml of a fit.
        OSError: The file cannot be read.
    """
    base = Base(name=f"--preset {preset}", scan=PRESETS.get(preset), mesh=MESH_PRESETS.get(preset))
    return base if config is None else _configured(base, config)


def base_named_in(words: Sequence[str]) -> Base:
    """The base that a command line names, looked for before the whole of it is parsed.

    >>> base_named_in(["fit", "scan.ply", "--preset=paper"]).scan.steps
    40000
    """
    found = named_in(words, "preset", "config")
    preset, config = found["preset"], found["config"]
    if preset not in PRESETS and preset not in MESH_PRESETS:
        preset = "standard"  # tyro will tell of another
    return base_of(preset, Path(config) if config else None)


def named_in(words: Sequence[str], *options: str) -> dict[str, str | None]:
    """The values of some options, looked for before the whole command line is parsed; ``None`` if they are not there.

    >>> named_in(["scan.ply", "--preset=paper"], "preset", "config")
    {'preset': 'paper', 'config': None}
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for option in options:
        parser.add_argument(f"--{option}", nargs="?")
    return vars(parser.parse_known_args(list(words))[0])


def _configured(base: Base, config: Path) -> Base:
    """A base with the settings of a file, for the kinds of input that its method suits."""
    plain = _settings_in(config)
    fits, refusals = {}, []
    for kind in ("scan", "mesh"):
        preset = getattr(base, kind)
        try:
            if preset is not None:
                fits[kind] = _filled(plain, preset)
        except ValueError as error:
            refusals.append(str(error))
    if not fits:
        refusal = min(refusals, key=lambda text: text.startswith("method.kind"))
        raise UsageError(f"--config {config} is not the config.yaml of a fit: {without_class(refusal)}")
    presets = {
        kind: Preset(
            method=settings.method,
            field=settings.field if "field" in plain else getattr(base, kind).field,
            steps=settings.steps or 0,
        )
        for kind, settings in fits.items()
    }
    one = next(iter(fits.values()))
    return Base(name=f"--config {config}", seconds=one.seconds, seed=one.seed, resolution=one.resolution, **presets)


def _settings_in(config: Path) -> dict[str, Any]:
    try:
        return read_yaml(input_file(config))
    except ValueError as error:
        raise UsageError(f"--config {config} is not the config.yaml of a fit: {error}") from error


def _filled(plain: dict[str, Any], preset: Preset) -> FitSettings:
    """The settings of a file, those that it does not name taken from a preset.

    Raises:
        ValueError: A key is unknown, a value is refused, or the method is not of the preset's kind.
    """
    usual = FitSettings(method=preset.method, field=preset.field or HashGridConfig(), steps=preset.steps, seconds=None)
    settings = FitSettings.from_dict(plain, usual)
    if type(settings.method) is not type(preset.method):
        raise ValueError(f"method.kind is that of another input, {plain['method']['kind']}")
    return settings
