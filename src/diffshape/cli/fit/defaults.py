"""Defaults of the flags of a fit: the settings of a preset, or of the config.yaml of another run.

They may be for scans, for meshes, or for both; which of them apply is known when the input has been read.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from diffshape._files import read_yaml
from diffshape.batch.input_file import input_file
from diffshape.cli.errors import UsageError, as_option, without_class
from diffshape.fields.config import FieldConfig, HashGridConfig
from diffshape.fitting.methods.config import MethodConfig, ScanMethodConfig, method_of
from diffshape.fitting.methods.table import DEFAULT_METHODS, METHODS, Fits, fits_of, name_of
from diffshape.fitting.presets import PRESETS
from diffshape.fitting.scans.config import ScanConfig
from diffshape.fitting.settings import FitSettings


class FitDefaults(NamedTuple):
    """Settings for each kind of input that a preset or a config.yaml suits."""

    name: str
    """Option that names the settings, such as "--preset paper"."""
    settings: Mapping[Fits, FitSettings]
    """Settings by the kind of input."""

    def method(self, kind: Fits) -> MethodConfig:
        """The default of the method for a kind of input."""
        if kind in self.settings:
            return self.settings[kind].method
        return METHODS[DEFAULT_METHODS[kind]].config()

    @property
    def field(self) -> FieldConfig:
        """The default of the field; the standard grid where it depends on the kind of input."""
        fields = [settings.field for settings in self.settings.values()]
        return (fields[0] if len(fields) == 1 else None) or HashGridConfig()

    @property
    def seed(self) -> int:
        """The default of the seed."""
        return next(iter(self.settings.values())).seed

    def settings_for(self, kind: Fits, path: Path) -> FitSettings:
        """The settings for a kind of input.

        Raises:
            UsageError: There are none.
        """
        if kind not in self.settings:
            suited = ", ".join(PRESETS[DEFAULT_METHODS[kind]])
            raise UsageError(f"{self.name} is not for a {kind}, which {path} is; choose a --preset out of {suited}")
        return self.settings[kind]

    def field_for(self, kind: Fits, given: FieldConfig, typed: Sequence[str], path: Path) -> FieldConfig | None:
        """The field for a kind of input, with the settings that were typed; None if it is to be matched.

        Args:
            kind: What the input is.
            given: The field of the arguments, from which the typed settings are taken.
            typed: Names of those.
            path: The input, for errors.

        Raises:
            UsageError: There are no settings for this kind; or a typed one does not go with the others.
        """
        own = self.settings_for(kind, path).field
        if not typed:
            return own
        changed = {name: getattr(given, name) for name in typed}
        try:
            return replace(own or self.field, **changed)  # type: ignore[type-var]
        except ValueError as error:
            raise UsageError(as_option(str(error), {type(own or self.field).__name__: "field"})) from error


def defaults_of(preset: str, config: Path | None, prepare: Literal["yes", "no"] | None = None) -> FitDefaults:
    """The defaults that ``--preset`` or ``--config`` names; what a config.yaml does not say is as in the preset.

    Args:
        preset: Name of a preset.
        config: A config.yaml, or None.
        prepare: Whether a scan is prepared; None: as in the preset or the config.yaml.

    Raises:
        UsageError: The file is no config.yaml of a fit.
        OSError: The file cannot be read.
    """
    presets: dict[Fits, FitSettings] = {
        kind: PRESETS[name][preset] for kind, name in DEFAULT_METHODS.items() if preset in PRESETS[name]
    }
    name = f"--preset {preset}" if config is None else f"--config {config}"
    settings = presets if config is None else _configured(presets, config)
    if prepare is not None and "scan" in settings:
        settings["scan"] = _prepared(settings["scan"], prepare == "yes")
    return FitDefaults(name=name, settings=settings)


def defaults_named_in(words: Sequence[str]) -> FitDefaults:
    """The defaults that a command line names, looked for before the whole of it is parsed.

    >>> defaults_named_in(["fit", "scan.ply", "--preset=paper"]).settings["scan"].steps
    40000
    """
    found = named_in(words, "preset", "config", "prepare")
    preset, config, prepare = found["preset"], found["config"], found["prepare"]
    if preset is None or not any(preset in presets for presets in PRESETS.values()):
        preset = "standard"  # the words are checked later, and another preset is refused then
    known = prepare if prepare == "yes" or prepare == "no" else None
    return defaults_of(preset, Path(config).expanduser() if config else None, known)


def named_in(words: Sequence[str], *options: str) -> dict[str, str | None]:
    """The values of some options, looked for before the whole command line is parsed; ``None`` if they are not there.

    >>> named_in(["scan.ply", "--preset=paper"], "preset", "config")
    {'preset': 'paper', 'config': None}
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for option in options:
        parser.add_argument(f"--{option}", nargs="?")
    return vars(parser.parse_known_args(list(words))[0])


def _configured(presets: Mapping[Fits, FitSettings], config: Path) -> dict[Fits, FitSettings]:
    """The settings of a file, for the kinds of input that its method suits; what it does not name is the presets'."""
    plain, found, refusals = _settings_in(config), {}, []
    for kind, preset in presets.items():
        try:
            found[kind] = _filled(plain, preset)
        except ValueError as error:  # noqa: PERF203
            refusals.append(str(error))
    if not found:
        refusal = min(refusals, key=lambda text: text.startswith("method.kind"))
        raise UsageError(f"--config {config} is not the config.yaml of a fit: {without_class(refusal)}")
    return found


def _prepared(settings: FitSettings, prepare: bool) -> FitSettings:
    """The settings of a scan, with a preparation of the scan or without."""
    method = method_of(ScanMethodConfig, settings.method)
    if not prepare:
        return replace(settings, method=method.unprepared())
    return replace(settings, method=replace(method, scan=method.scan or ScanConfig()))


def _settings_in(config: Path) -> dict[str, Any]:
    try:
        return read_yaml(input_file(config))
    except ValueError as error:
        raise UsageError(f"--config {config} is not the config.yaml of a fit: {error}") from error


def _filled(plain: dict[str, Any], preset: FitSettings) -> FitSettings:
    """The settings of a file, those that it does not name taken from a preset.

    Raises:
        ValueError: A key is unknown, a value is refused, or the method fits another kind of input than the preset's.
    """
    settings = FitSettings.from_dict(plain, replace(preset, field=preset.field or HashGridConfig()))
    if fits_of(settings.method) != fits_of(preset.method):
        raise ValueError(f"method.kind is that of another input, {name_of(settings.method)}")
    return settings if "field" in plain else replace(settings, field=preset.field)
