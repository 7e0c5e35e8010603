"""Pictures of results in notebooks. Their painters are on a floor above the results, and register when they load."""

from collections.abc import Callable
from typing import Any

_PAINTERS: dict[type, Callable[[Any], bytes | None]] = {}
"""Painters by the class of the results that they paint."""


def paint(kind: type, painter: Callable[[Any], bytes | None]) -> None:
    """Let ``painter`` make the PNG of every object of a class; None is no picture."""
    _PAINTERS[kind] = painter


def picture_of(self: Any) -> bytes | None:
    """The ``_repr_png_`` of a class that something may paint; None, which a notebook shows as text, until then."""
    painter = _PAINTERS.get(type(self))
    return painter(self) if painter else None
