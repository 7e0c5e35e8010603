"""Annotations and values as errors name them: "a whole number or None", "a list of 2 Tensors", "a tuple"."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, Literal, get_args, get_origin

from diffshape._typed import WORDS, shown


def kind_in_words(hint: Any, options: Sequence[Any] = ()) -> str:
    """An annotation in words; text beside paths is a path too."""
    origin, inner = get_origin(hint), get_args(hint)
    if _is_path(hint) or (hint is str and any(map(_is_path, options))):
        return "a path"
    if origin is Callable:
        return "a function"
    if origin in (tuple, Sequence):
        return _list_of(inner)
    if origin is Mapping:
        return "a dictionary"
    if origin is Literal:
        return f"one of {', '.join(map(repr, inner))}"
    kind = getattr(hint, "array_type", hint)
    return WORDS.get(hint) or (_one(kind.__name__) if isinstance(kind, type) else str(hint))


def _list_of(members: tuple[Any, ...]) -> str:
    """A list of so many such things, as far as they are alike and have a name."""
    many = len(members) - (members[-1] is Ellipsis)
    count = f"{many} " if many > 1 else ""
    names = {kind_in_words(member) for member in members if member is not Ellipsis}
    article, _, noun = names.pop().partition(" ")
    if names or article not in ("a", "an"):
        return f"a list of {count}values" if count else "a list"
    first, _, rest = noun.partition(" of ")
    return f"a list of {count}{first}s{' of ' + rest if rest else ''}"


def _is_path(hint: Any) -> bool:
    return hasattr(get_origin(hint) or hint, "__fspath__")


def value_in_words(value: Any) -> str:
    """A value in words: itself if it is a number, text or None, else its class."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return shown(value) if isinstance(value, (Real, str, type(None))) else _one(type(value).__name__)


def _one(name: str) -> str:
    """A class with its article."""
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
