"""Functions that check what they are called with against their own annotations: one sentence names what is wrong."""

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, wraps
from numbers import Real
from os import PathLike
from types import UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin

from diffshape._typed import shown, typed

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def checked(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorate a function or method: an argument of another kind than its annotation is a ValueError of one sentence.

    Checked are numbers, text, paths, choices, classes, functions and sequences of these; a tensor is one, of any shape.

    >>> @checked
    ... def thin(points: Any, count: int, *, seed: int | None = None) -> int:
    ...     return count
    >>> thin([], "ten")
    Traceback (most recent call last):
    ValueError: thin: count must be a whole number, got 'ten'
    """
    signature = inspect.signature(function)
    *_, owner, name = ["", *function.__qualname__.rpartition("<locals>.")[2].split(".")]
    title = owner if name == "__init__" else f"{owner}.{name}" if owner else name

    @wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        hints = _hints(function)
        for argument, value in signature.bind(*args, **kwargs).arguments.items():
            if argument in hints:
                check(f"{title}: {argument}", hints[argument], value)
        return function(*args, **kwargs)

    return call


def check(argument: str, hint: Any, value: Any) -> None:
    """``value`` is as ``hint`` declares it.

    Args:
        argument: What errors call it, such as "fit_points: method".
        hint: An annotation.
        value: What was given.

    Raises:
        ValueError: It is not.

    >>> check("fit_points: folder", str | PathLike | None, 7)
    Traceback (most recent call last):
    ValueError: fit_points: folder must be a path or None, got 7
    """
    options = list(_options(hint))
    if not any(_fits(option, value) for option in options):
        wanted = list(dict.fromkeys(_name(option, options) for option in options))
        *names, last = wanted
        raise ValueError(f"{argument} must be {', '.join(names) + ' or ' if names else ''}{last}, got {_got(value)}")


@cache
def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    return {name: hint for name, hint in typing.get_type_hints(function).items() if name != "return"}


def _options(hint: Any) -> Iterable[Any]:
    """The members of a union, and of unions in it."""
    if get_origin(hint) in (Union, UnionType):
        for member in get_args(hint):
            yield from _options(member)
    else:
        yield hint


def _fits(hint: Any, value: Any) -> bool:
    if hint is Any or isinstance(hint, TypeVar):
        return True
    if (array := getattr(hint, "array_type", None)) is not None:  # jaxtyping: the function tells of shapes itself
        return array is Any or isinstance(value, array)
    if hint is float:  # NaN too: what is out of range, the function tells itself
        return isinstance(value, Real) and not isinstance(value, bool)
    origin = get_origin(hint)
    if origin is Callable:
        return callable(value)
    if origin is Sequence:
        members = get_args(hint)[0]
        listed = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
        return listed and all(any(_fits(option, each) for option in _options(members)) for each in value)
    if origin in (Mapping, PathLike):
        return isinstance(value, origin)
    try:
        typed("", hint, value)
    except ValueError:
        return False
    return True


def _name(hint: Any, options: list[Any]) -> str:
    """What a hint is in words; text beside paths is one of them."""
    if hint is None or hint is type(None):
        return "None"
    if getattr(hint, "array_type", None) is not None:
        return _one(hint.array_type.__name__)
    if _is_path(hint) or (hint is str and any(map(_is_path, options))):
        return "a path"
    if get_origin(hint) is Callable:
        return "a function"
    if get_origin(hint) is Sequence:
        member = next(iter(_options(get_args(hint)[0])))
        return "a list" if member is Any else f"a list of {_name(member, []).partition(' ')[2]}s"
    if get_origin(hint) is Mapping:
        return "a dictionary"
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(repr, get_args(hint)))}"
    return _WORDS.get(hint) or (_one(hint.__name__) if isinstance(hint, type) else str(hint))


def _is_path(hint: Any) -> bool:
    return hasattr(get_origin(hint) or hint, "__fspath__")


_WORDS = {bool: "True or False", int: "a whole number", float: "a number", str: "text"}


def _got(value: Any) -> str:
    """A value if it is short whatever it is, else what it is."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return shown(value) if isinstance(value, (bool, int, float, str, type(None))) else _one(type(value).__name__)


def _one(name: str) -> str:
    """A class with its article."""
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
