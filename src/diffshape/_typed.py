"""Values of settings against their annotations: True is not a number, 64.5 not a whole number, NaN not a value."""

import math
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from numbers import Integral, Real
from reprlib import Repr
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_REFUSED = object()
"""Result of a reader that does not take a value."""
_SHORT = Repr()
"""Printer of short values, for errors."""
_SHORT.maxstring = _SHORT.maxother = 60


def typed(title: str, hint: Any, value: Any, *, from_text: bool = False) -> Any:
    """``value`` as ``hint`` declares it: lists become tuples, whole numbers numbers.

    Args:
        title: Name of the value in errors.
        hint: bool, int, float, str, a Literal, a tuple of these, a class, or a union of some of these.
        value: What was given.
        from_text: Take words such as "inf" or "1e-3", which YAML does not read as a number, for one.

    Raises:
        ValueError: It is of another type.

    >>> typed("box", tuple[float, float], [-1, "1e0"], from_text=True)
    (-1.0, 1.0)
    >>> typed("batch", int | None, 64.5)
    Traceback (most recent call last):
    ValueError: batch must be a whole number or None, got 64.5
    """
    for option in options_of(hint):
        result = _taken(option, value, from_text)
        if result is not _REFUSED:
            return result
    raise ValueError(f"{title} must be {_wanted(hint)}, got {shown(value)}")


def check_settings(config: object) -> None:
    """Every setting of a dataclass is of the type that it is declared with, and one of the words if it is a Literal.

    A list becomes a tuple, and a number or truth of NumPy one of Python, so that files can keep them.

    Raises:
        ValueError: One is not.
    """
    kind = type(config)
    for name, hint in hints_of(kind).items():
        given = getattr(config, name)
        value = typed(f"{kind.__name__}: {name}", hint, given)
        if type(value) is not type(given) and type(given) not in (bool, int, float):
            object.__setattr__(config, name, value)


@cache
def hints_of(kind: type) -> dict[str, Any]:
    """The types of the fields of a dataclass."""
    hints = get_type_hints(kind)
    return {item.name: hints[item.name] for item in fields(kind)}  # type: ignore[arg-type]


def shown(value: Any) -> str:
    """A value as errors show it: short, however deep or long it is."""
    return _SHORT.repr(value)


def options_of(hint: Any) -> tuple[Any, ...]:
    """The members of a union, or the one hint."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _taken(hint: Any, value: Any, from_text: bool) -> Any:
    """``value`` if it is of the type ``hint``, else ``_REFUSED``."""
    origin = get_origin(hint)
    if origin is Literal:
        return next((word for word in get_args(hint) if _taken(type(word), value, False) == word), _REFUSED)
    if origin is tuple:
        return _tuple(get_args(hint), value, from_text)
    if hint in _READERS:
        return _READERS[hint](value, from_text)
    return value if not isinstance(hint, type) or isinstance(value, hint) else _REFUSED


def _tuple(hints: tuple[Any, ...], value: Any, from_text: bool) -> Any:
    if not isinstance(value, (list, tuple)):
        return _REFUSED
    each = (hints[0],) * len(value) if hints[-1] is Ellipsis else hints
    if len(each) != len(value):
        return _REFUSED
    items = tuple(_taken(hint, item, from_text) for hint, item in zip(each, value))
    return _REFUSED if any(item is _REFUSED for item in items) else items


def _truth(value: Any, from_text: bool) -> Any:
    kind = type(value)
    numpy = kind.__module__ == "numpy" and kind.__name__ in ("bool", "bool_")  # the second before NumPy 2
    return bool(value) if kind is bool or numpy else _REFUSED


def _whole(value: Any, from_text: bool) -> Any:
    return int(value) if isinstance(value, Integral) and not isinstance(value, bool) else _REFUSED


def _number(value: Any, from_text: bool) -> Any:
    if isinstance(value, bool) or not isinstance(value, (Real, str) if from_text else Real):
        return _REFUSED
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return _REFUSED
    return _REFUSED if math.isnan(number) else number


_READERS: dict[Any, Callable[[Any, bool], Any]] = {
    bool: _truth,
    int: _whole,
    float: _number,
    str: lambda value, from_text: value if isinstance(value, str) else _REFUSED,
    type(None): lambda value, from_text: None if value is None else _REFUSED,
    None: lambda value, from_text: None if value is None else _REFUSED,
}
"""Readers of values by their annotation: the value as it is kept, or ``_REFUSED``."""
WORDS = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "None",
    Any: "anything",
}
"""Annotations as errors name them."""


def _wanted(hint: Any) -> str:
    return " or ".join(_name(option) for option in options_of(hint))


def _name(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if get_origin(hint) is tuple:
        first, *rest = get_args(hint)
        kind = _name(first).removeprefix("a ") + "s"
        return f"a list of {kind}" if rest == [Ellipsis] else f"a list of {1 + len(rest)} {kind}"
    return WORDS.get(hint) or getattr(hint, "__name__", str(hint))
