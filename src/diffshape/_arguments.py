"""Checks of what functions are called with: one sentence that names function and argument. Needs no torch."""

from collections.abc import Sequence
from os import PathLike
from typing import Any


def check_kind(argument: str, value: Any, *kinds: type | None, hint: str = "") -> None:
    """``value`` is of one of these classes, or None where None is among them.

    Args:
        argument: What errors call it, such as "fit_points: method".
        value: What was given.
        kinds: Classes, and None where it may be left out.
        hint: What else to say.

    Raises:
        ValueError: It is not.

    >>> check_kind("fit_points: folder", 7, str, None)
    Traceback (most recent call last):
    ValueError: fit_points: folder must be str or None, got 7
    """
    classes = tuple(kind for kind in kinds if kind is not None)
    if isinstance(value, classes) or (value is None and None in kinds):
        return
    *names, last = ["None" if kind is None else kind.__name__ for kind in kinds]
    wanted = f"{', '.join(names)} or {last}" if names else last
    raise ValueError(f"{argument} must be {wanted}, got {_shown(value)}" + (f"; {hint}" if hint else ""))


def check_folder(argument: str, folder: Any) -> None:
    """A path, or None.

    Raises:
        ValueError: It is something else.
    """
    check_kind(argument, folder, str, PathLike, None)


def check_observers(argument: str, observers: Any) -> None:
    """A list or tuple of functions.

    Raises:
        ValueError: It is something else, such as one function.
    """
    if not isinstance(observers, Sequence) or not all(callable(observer) for observer in observers):
        raise ValueError(f"{argument} must be a list of functions that take a StepReport, got {_shown(observers)}")


def _shown(value: Any) -> str:
    """A value if it is short whatever it is, else what it is."""
    plain = value is None or isinstance(value, (bool, int, float, str))
    return repr(value) if plain and len(repr(value)) <= 80 else type(value).__name__
