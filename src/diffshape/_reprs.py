"""Results as one line, for prompts and notebooks: numbers rounded, arrays by type and shape, the rest by its class."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

WIDTH = 120
"""Number of characters that fit on a line."""
_ITEMS = 4
"""Largest number of items of a list or dictionary that is shown whole."""
_TEXT = 60
"""Largest number of characters of a dictionary that is shown whole."""


def one_line(self: Any) -> str:
    """The ``__repr__`` of a dataclass or named tuple that holds results, of at most 120 characters.

    >>> from typing import NamedTuple
    >>> class Score(NamedTuple):
    ...     mean: float
    ...     errors: list
    ...     __repr__ = one_line
    >>> Score(1 / 3, [0.5] * 100)
    Score(mean=0.3333, errors=100 items)
    """
    names = [item.name for item in fields(self) if item.repr] if is_dataclass(self) else self._fields
    parts = [f"{name}={shortly(getattr(self, name))}" for name in names]
    text = f"{type(self).__name__}({', '.join(parts)})"
    while len(text) > WIDTH and len(parts) > 1:
        parts.pop()
        text = f"{type(self).__name__}({', '.join(parts)}, ...)"
    return text


def shortly(value: Any) -> str:
    """A value in a few characters."""
    if isinstance(value, float) and math.isfinite(value):
        return repr(float(f"{value:.4g}"))
    if value is None or isinstance(value, (int, float, str, Path)):
        text = str(value) if isinstance(value, Path) else repr(value)
        return text if len(text) <= 40 else f"{text[:37]}..."
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        kind = str(value.dtype).removeprefix("torch.")
        return f"{kind} {tuple(value.shape)}" if value.ndim else shortly(value.item())
    if isinstance(value, Mapping) and len(value) <= _ITEMS:
        text = ", ".join(f"{key!r}: {shortly(each)}" for key, each in value.items())
        return f"{{{text}}}" if len(text) <= _TEXT else _counted(value)
    if isinstance(value, (Mapping, list)) or type(value) is tuple:
        few = len(value) <= _ITEMS and all(each is None or isinstance(each, (bool, int, float)) for each in value)
        return f"({', '.join(map(shortly, value))}{',' * (len(value) == 1)})" if few else _counted(value)
    return type(value).__name__


def _counted(value: Any) -> str:
    return f"{len(value)} item{'s' * (len(value) != 1)}"
