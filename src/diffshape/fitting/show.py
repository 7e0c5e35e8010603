"""``show()`` of results: the live viewer is on a floor above them, registers when it loads, and loads when it is asked.

A result names no class of the viewer, and imports nothing from above: the module that registers is named here by a
string, as the table of methods names their tasks, and is imported when the first result is shown.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

_HOME = "diffshape.report.viewer.showing"
"""Module that registers all openers."""
_OPENERS: dict[type, Callable[..., "OpenViewer"]] = {}
"""Functions that open the viewer, by the class of the results that they show."""


class OpenViewer(Protocol):
    """A viewer that is open."""

    @property
    def address(self) -> str:
        """Address to open in a browser."""
        ...

    def screenshot(self, path: str, *, width: int = 1280, height: int = 800) -> Path:
        """Write what a connected browser shows as PNG."""
        ...

    def wait(self) -> None:
        """Wait until the viewer is closed, or Ctrl-C closes it."""
        ...

    def close(self) -> None:
        """Stop serving."""
        ...


def open_with(kind: type, opener: Callable[..., OpenViewer]) -> None:
    """Let ``opener`` show every object of a class."""
    _OPENERS[kind] = opener


def open_viewer(result: Any, **options: Any) -> OpenViewer:
    """Show an object of a class that something shows."""
    importlib.import_module(_HOME)
    return _OPENERS[type(result)](result, **options)
