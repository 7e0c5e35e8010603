"""Settings as plain values, and back: what YAML and JSON files keep of frozen dataclasses. Needs no torch."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, get_args

from diffshape._did_you_mean import did_you_mean
from diffshape._typed import hints_of, shown, typed

Kinds = Mapping[str, type | tuple[type, ...]]
"""Names of dataclasses of which a setting may be one of several; files say which under the key "kind". Classes that are
never meant by the same setting may share a name."""
_NONE: Kinds = MappingProxyType({})
"""No kinds: every setting has one class."""


def to_plain(config: Any, kinds: Kinds = _NONE) -> dict[str, Any]:
    """Plain numbers, strings, lists and dictionaries, for dataclasses within dataclasses too; infinity is "inf"."""
    kind = next(({"kind": name} for name, kind in kinds.items() if type(config) in _classes(kind)), {})
    return kind | {item.name: _plain_value(getattr(config, item.name), kinds) for item in fields(config)}


def from_plain(wanted: Any, plain: Any, kinds: Kinds = _NONE, *, base: Any = None) -> Any:
    """The dataclass that :func:`to_plain` wrote.

    Args:
        wanted: The class, a base of those in ``kinds`` that it may be, or a union of some.
        plain: Settings by name.
        kinds: As ``to_plain`` had them.
        base: What settings are taken from that ``plain`` does not name, on every level of which it is of the same
            kind; by default they have the defaults of their class.

    Raises:
        ValueError: A key is unknown or missing, a kind is not one of those, a value is of another type than the class
            declares, or the class refuses it. Keys are named by their path, such as field.width.
    """
    return _built("", wanted, plain, kinds, base)


def _plain_value(value: Any, kinds: Kinds) -> Any:
    if is_dataclass(value):
        return to_plain(value, kinds)
    if isinstance(value, tuple):
        return [_plain_value(inner, kinds) for inner in value]
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _built(path: str, wanted: Any, plain: Any, kinds: Kinds, base: Any) -> Any:
    title = path or getattr(wanted, "__name__", "settings")
    options = {name: each for name, kind in kinds.items() for each in _classes(kind) if _is_one_of(each, wanted)}
    if not isinstance(plain, Mapping):
        which = f"have a kind out of {', '.join(options)}" if options else "be settings by name"
        raise ValueError(f"{title} must {which}, got {shown(plain)}")
    if options:
        usual = next((name for name, kind in options.items() if type(base) is kind), None)
        name = plain.get("kind", usual)
        if not isinstance(name, str) or name not in options:
            raise ValueError(f"{title} must have a kind out of {', '.join(options)}, got {shown(plain)}")
        wanted, plain = options[name], {key: value for key, value in plain.items() if key != "kind"}
    else:
        wanted = next(each for each in (wanted, *get_args(wanted)) if is_dataclass(each))
    base = base if type(base) is wanted else None
    below, hints = f"{path}." if path else "", hints_of(wanted)
    for key in plain:
        if key not in hints:
            hint = did_you_mean(str(key), hints, before=below) or f"; there are {', '.join(sorted(hints))}"
            raise ValueError(f"there is no setting {below}{key}{hint}")
    if base is None and (missing := [name for name in _needed(wanted) if name not in plain]):
        raise ValueError(f"{title}: missing settings {', '.join(below + name for name in missing)}")
    values = {
        name: _value(below + name, hints[name], value, kinds, getattr(base, name, None))
        for name, value in plain.items()
    }
    return wanted(**values) if base is None else replace(base, **values)


def _classes(kind: type | tuple[type, ...]) -> tuple[type, ...]:
    return kind if isinstance(kind, tuple) else (kind,)


def _is_one_of(kind: type, wanted: Any) -> bool:
    """Whether a setting may be of a dataclass: it is in the union, or below a class that the annotation names."""
    return any(isinstance(each, type) and issubclass(kind, each) for each in (wanted, *get_args(wanted)))


def _needed(wanted: Any) -> list[str]:
    return [item.name for item in fields(wanted) if item.default is MISSING and item.default_factory is MISSING]


def _value(path: str, hint: Any, value: Any, kinds: Kinds, base: Any) -> Any:
    hints = (hint, *get_args(hint))
    if any(is_dataclass(each) for each in hints) and not (value is None and type(None) in hints):
        return _built(path, hint, value, kinds, base)
    return typed(path, hint, value, from_text=True)
