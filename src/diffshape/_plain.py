"""Settings as plain values, and back: what YAML and JSON files keep of frozen dataclasses. Needs no torch."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints

Kinds = Mapping[str, type]
"""Names of dataclasses of which a setting may be one of several; files say which under the key "kind"."""
_NONE: Kinds = MappingProxyType({})


def to_plain(config: Any, kinds: Kinds = _NONE) -> dict[str, Any]:
    """Plain numbers, strings, lists and dictionaries, for dataclasses within dataclasses too; infinity is "inf"."""
    kind = next(({"kind": name} for name, kind in kinds.items() if type(config) is kind), {})
    return kind | {item.name: _plain_value(getattr(config, item.name), kinds) for item in fields(config)}


def from_plain(wanted: Any, plain: Any, kinds: Kinds = _NONE) -> Any:
    """The dataclass that :func:`to_plain` wrote.

    Args:
        wanted: The class, or the union of those in ``kinds`` that it may be.
        plain: Settings by name.
        kinds: As ``to_plain`` had them.

    Raises:
        ValueError: A key is unknown or missing, a kind is not one of those, or the dataclass refuses a value.
    """
    return _built(getattr(wanted, "__name__", "settings"), wanted, plain, kinds)


def check_choices(config: object) -> None:
    """Every setting declared as one of a few words is one of them.

    Raises:
        ValueError: One is not.
    """
    for name, kind in get_type_hints(type(config)).items():
        if get_origin(kind) is Literal and getattr(config, name) not in get_args(kind):
            wanted, given = ", ".join(get_args(kind)), getattr(config, name)
            raise ValueError(f"{type(config).__name__}: {name} must be one of {wanted}, got {given!r}")


def _plain_value(value: Any, kinds: Kinds) -> Any:
    if is_dataclass(value):
        return to_plain(value, kinds)
    if isinstance(value, tuple):
        return [_plain_value(inner, kinds) for inner in value]
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _built(title: str, wanted: Any, plain: Any, kinds: Kinds) -> Any:
    options = {name: kind for name, kind in kinds.items() if kind in (wanted, *get_args(wanted))}
    kind = plain.get("kind") if isinstance(plain, Mapping) else None
    if options and kind not in list(options):
        raise ValueError(f"{title} must have a kind out of {', '.join(options)}, got {plain!r}")
    if not isinstance(plain, Mapping):
        raise ValueError(f"{title} must be settings by name, got {plain!r}")
    if options:
        wanted, plain = options[str(kind)], {key: value for key, value in plain.items() if key != "kind"}
    known = {item.name: item for item in fields(wanted)}
    unknown = sorted(set(plain) - set(known), key=str)
    missing = [
        name
        for name, item in known.items()
        if name not in plain and item.default is MISSING and item.default_factory is MISSING
    ]
    if unknown or missing:
        raise ValueError(f"{wanted.__name__}: unknown settings {unknown}, missing settings {missing}")
    hints = get_type_hints(wanted)
    typed = {
        name: _typed_value(f"{wanted.__name__}: {name}", hints[name], value, kinds) for name, value in plain.items()
    }
    return wanted(**typed)


def _typed_value(title: str, hint: Any, value: Any, kinds: Kinds) -> Any:
    hints = (hint, *get_args(hint))
    if any(is_dataclass(each) for each in hints) and not (value is None and type(None) in hints):
        return _built(title, hint, value, kinds)
    if isinstance(value, str) and float in hints:
        try:
            return float(value)
        except ValueError as error:
            raise ValueError(f"{title} must be a number, got {value!r}") from error
    return tuple(value) if isinstance(value, list) else value
