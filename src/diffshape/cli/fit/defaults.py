"""Defaults of the flags of a fit: the settings of a preset, or of the config.yaml of another run.

They may be for scans, for meshes, or for both; which of them apply is known when the input has been read.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

from diffshape._files import read_yaml
from diffshape.cli.errors import UsageError, as_option, without_class
from diffshape.fields.config import FIELD_KINDS, FieldConfig, HashGridConfig, LatentMLPConfig
from diffshape.fitting.inputs.input_file import input_file
from diffshape.fitting.methods.config import MethodConfig, ScanMethodConfig, method_of
from diffshape.fitting.methods.table import DEFAULT_METHODS, METHODS, Fits, name_of
from diffshape.fitting.official_config import is_official, read_official
from diffshape.fitting.presets import PRESETS, SCAN_PRESETS
from diffshape.fitting.scans.config import ScanConfig
from diffshape.fitting.settings import FitSettings

_SHORT_NAMES = {"grid": "feature-grid", "hash": "hash-grid"}
"""Kinds of fields by the shorter names that a command line takes too."""
FIELD_NAMES: dict[str, type[FieldConfig]] = {
    **{name: kind for name, kind in FIELD_KINDS.items() if kind is not LatentMLPConfig},
    **{short: FIELD_KINDS[name] for short, name in _SHORT_NAMES.items()},
}
"""Configs of the fields of one shape, by the names that a command line takes."""


class FitDefaults(NamedTuple):
    """Settings for each kind of input that a preset, a method or a config.yaml suits."""

    name: str
    """Option that names the settings, such as "--preset paper"."""
    settings: Mapping[Fits, FitSettings]
    """Settings by the kind of input."""
    notes: tuple[str, ...] = ()
    """Sentences on what was read of a file of another program."""

    def method(self, kind: Fits) -> MethodConfig:
        """The default of the method for a kind of input."""
        return self.settings[kind].method if kind in self.settings else METHODS[DEFAULT_METHODS[kind]].config()

    @property
    def field(self) -> FieldConfig:
        """The default of the field; the standard grid where it depends on the kind of input."""
        fields = [settings.field for settings in self.settings.values()]
        return (fields[0] if len(set(map(type, fields))) == 1 else None) or HashGridConfig()

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
            choose = "choose another one" if self.name.startswith("--config") else "leave it out"
            if self.name.startswith("--preset"):
                choose = f"choose a --preset out of {', '.join(PRESETS[DEFAULT_METHODS[kind]])}"
            as_scan = ", or fit it --as-scan" if kind == "mesh" else ""
            raise UsageError(f"{self.name} is not for a {kind}, which {path} is; {choose}{as_scan}")
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


def defaults_of(
    preset: str,
    config: Path | None = None,
    prepare: Literal["yes", "no"] | None = None,
    *,
    method: str | None = None,
    field: str | None = None,
) -> FitDefaults:
    """The defaults that ``--preset``, ``--method`` or ``--config`` names; ``--field`` and ``--prepare`` change them.

    Args:
        preset: Name of a preset; what a config.yaml does not say is as in the preset.
        config: A config.yaml, or None.
        prepare: Whether a scan is prepared; None: as in the preset or the config.yaml.
        method: Name of the method; None: that of the config.yaml, or the usual one of each kind of input.
        field: Name of the kind of field; None: as in the preset or the config.yaml.

    Raises:
        UsageError: The method has no such preset; or the file is no config.yaml of a fit, or of another method.
        OSError: The file cannot be read.
    """
    notes = ()
    if config is None:
        name = f"--preset {preset}" if method is None else f"--method {method}"
        settings = _presets(preset, method)
    else:
        name = f"--config {config}"
        settings, notes = _official(config, method) or (_configured(preset, config, method), ())
    if field is not None:
        settings |= {kind: _with_field(each, FIELD_NAMES[field], kind) for kind, each in settings.items()}
    if prepare is not None and "scan" in settings:
        settings["scan"] = _prepared(settings["scan"], prepare == "yes")
    return FitDefaults(name=name, settings=settings, notes=notes)


def defaults_named_in(words: Sequence[str]) -> FitDefaults:
    """The defaults that a command line names, looked for before the whole of it is parsed.

    What is no name of a preset, a method or a field is left to the parser, which refuses it.

    >>> defaults_named_in(["fit", "scan.ply", "--preset=paper"]).settings["scan"].steps
    40000
    """
    found = named_in(words, "preset", "config", "prepare", "method", "field")

    def known(option: str, names: Iterable[str]) -> Any:
        return next((name for name in names if name == found[option]), None)

    preset, config = known("preset", chain(*PRESETS.values())), found["config"]
    return defaults_of(
        preset or "standard",
        Path(config).expanduser() if config else None,
        known("prepare", ("yes", "no")),
        method=known("method", SCAN_PRESETS),
        field=known("field", FIELD_NAMES),
    )


def named_in(words: Sequence[str], *options: str) -> dict[str, str | None]:
    """The values of some options, looked for before the whole command line is parsed; ``None`` if they are not there.

    >>> named_in(["scan.ply", "--preset=paper"], "preset", "config")
    {'preset': 'paper', 'config': None}
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for option in options:
        parser.add_argument(f"--{option}", nargs="?")
    return vars(parser.parse_known_args(list(words))[0])


def _presets(preset: str, method: str | None) -> dict[Fits, FitSettings]:
    """The settings of a preset, for the kind of input that a method fits, or for each that has such a preset."""
    if method is None:
        return {kind: PRESETS[name][preset] for kind, name in DEFAULT_METHODS.items() if preset in PRESETS[name]}
    if preset not in PRESETS[method]:
        raise UsageError(f"--preset {preset} is not one of the method {method}, which has {', '.join(PRESETS[method])}")
    return {METHODS[method].fits: PRESETS[method][preset]}


def _official(config: Path, method: str | None) -> tuple[dict[Fits, FitSettings], tuple[str, ...]] | None:
    """The settings in a file of the DiffCD authors' program, with notes; None if the file is none of that program."""
    try:
        if not is_official(input_file(config)):
            return None
        read = read_official(config)
    except ValueError as error:
        raise UsageError(f"--config {config} cannot be read: {without_class(str(error))}") from error
    _check_method(config, name_of(read.settings.method), method)
    return {"scan": read.settings}, read.notes


def _check_method(config: Path, own: str | None, method: str | None) -> None:
    if method is not None and own not in (None, method):
        raise UsageError(f"--config {config} is of the method {own}; leave out --method {method}, or --config")


def _configured(preset: str, config: Path, method: str | None) -> dict[Fits, FitSettings]:
    """The settings of a file, for the kinds of input that its method suits; what it does not name is the preset's."""
    plain = _settings_in(config)
    own = _method_in(plain)
    _check_method(config, own, method)
    found, refusals = {}, []
    for kind, settings in _presets(preset, own or method).items():
        try:
            found[kind] = _filled(plain, settings)
        except ValueError as error:  # noqa: PERF203
            refusals.append(str(error))
    if not found:
        raise UsageError(f"--config {config} is not the config.yaml of a fit: {without_class(refusals[0])}")
    return found


def _method_in(plain: Mapping[str, Any]) -> str | None:
    """The name of the method in a file; None if it names none that there is."""
    method = plain.get("method")
    kind = method.get("kind") if isinstance(method, Mapping) else None
    return kind if isinstance(kind, str) and kind in METHODS else None


def _with_field(settings: FitSettings, kind: type[FieldConfig], fits: Fits) -> FitSettings:
    """The settings with a field of another kind, at its defaults, as large as the input is in the frame of the fit."""
    if type(settings.field) is kind:
        return settings
    field: Any = kind()
    if fits == "mesh":
        sizes = {"box": getattr(settings.field, "box", None), "scale": 1.0}  # the longest side is 2
        field = replace(field, **{name: size for name, size in sizes.items() if size and hasattr(field, name)})
    return replace(settings, field=field)


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
        ValueError: A key is unknown, or a value is refused.
    """
    settings = FitSettings.from_dict(plain, replace(preset, field=preset.field or HashGridConfig()))
    return settings if "field" in plain else replace(settings, field=preset.field)
