"""Settings as plain values, and back: what YAML files keep of frozen dataclasses. Needs no torch."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints


def to_plain(config: Any) -> dict[str, Any]:
    """Plain numbers, strings, lists and dictionaries, for dataclasses within dataclasses too."""
    return {key: _plain_value(value) for key, value in asdict(config).items()}


def from_plain(kind: type, plain: Mapping[str, Any]) -> Any:
    """The dataclass of this kind that :func:`to_plain` wrote.

    Raises:
        ValueError: A key is unknown or missing, or the dataclass refuses a value.
    """
    known = {field.name: field for field in fields(kind)}
    unknown = sorted(set(plain) - set(known))
    missing = [
        name
        for name, field in known.items()
        if name not in plain and field.default is MISSING and field.default_factory is MISSING
    ]
    if unknown or missing:
        raise ValueError(f"{kind.__name__}: unknown settings {unknown}, missing settings {missing}")
    hints = get_type_hints(kind)
    return kind(**{name: _typed_value(hints[name], value) for name, value in plain.items()})


def check_choices(config: object) -> None:
    """Every setting declared as one of a few words is one of them.

    Raises:
        ValueError: One is not.
    """
    for name, kind in get_type_hints(type(config)).items():
        if get_origin(kind) is Literal and getattr(config, name) not in get_args(kind):
            wanted, given = ", ".join(get_args(kind)), getattr(config, name)
            raise ValueError(f"{type(config).__name__}: {name} must be one of {wanted}, got {given!r}")


def _plain_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain_value(inner) for key, inner in value.items()}
    return [_plain_value(inner) for inner in value] if isinstance(value, tuple) else value


def _typed_value(kind: Any, value: Any) -> Any:
    if isinstance(value, Mapping) and is_dataclass(kind):
        return from_plain(kind, value)  # type: ignore[arg-type]
    return tuple(value) if isinstance(value, list) else value
