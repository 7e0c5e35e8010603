"""Pictures of results in notebooks. Their painters are on a floor above the results, and register when they load."""

from collections.abc import Callable
from typing import Any

_PAINTERS: dict[str, Callable[[Any], bytes | None]] = {}
"""Painters by the class of the results that they paint, as ``package.module.Name``."""


def paint(kind: str, painter: Callable[[Any], bytes | None]) -> None:
    """Let ``painter`` make the PNG of every object of a class, which is named and need not load; None is no picture."""
    _PAINTERS[kind] = painter


def picture_of(self: Any) -> bytes | None:
    """The ``_repr_png_`` of a class that something may paint; None, which a notebook shows as text, until then."""
    kind = type(self)
    painter = _PAINTERS.get(f"{kind.__module__}.{kind.__qualname__}")
    return painter(self) if painter else None
