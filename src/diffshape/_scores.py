"""Methods that all scores share: plain values for files, and a line of text for people."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from diffshape._reprs import shortly


def plain_values(self: Any) -> dict[str, Any]:
    """Plain numbers, words, lists and dictionaries under the names of the attributes, ready for JSON.

    Keys of dictionaries become text, as in a JSON file; tensors become numbers or lists.

    >>> from typing import NamedTuple
    >>> class Score(NamedTuple):
    ...     mean: float
    ...     shares: Mapping[float, float]
    ...     to_dict = plain_values
    >>> Score(1.5, {0.9: 2.0}).to_dict()
    {'mean': 1.5, 'shares': {'0.9': 2.0}}
    """
    return {name: _plain(getattr(self, name)) for name in _names(self)}


def line_of_text(self: Any) -> str:
    """The ``__str__`` of a score: every number with its name, rounded to four digits; "none" where there is none.

    >>> from typing import NamedTuple
    >>> class Score(NamedTuple):
    ...     mean_error: float | None
    ...     shares: Mapping[float, float]
    ...     __str__ = line_of_text
    >>> print(Score(1 / 3, {0.9: 2.0, 1.0: None}))
    mean error 0.3333, shares@0.9 2.0, shares@1 none
    """
    return ", ".join(f"{title} {_shown(value)}" for name in _names(self) for title, value in _titled(self, name))


def _names(score: Any) -> list[str]:
    return [item.name for item in fields(score)] if is_dataclass(score) else list(score._fields)


def _plain(value: Any) -> Any:
    if is_dataclass(value) or hasattr(value, "_fields"):
        return plain_values(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _titled(score: Any, name: str) -> list[tuple[str, Any]]:
    """Pairs of a title and a value: one, or, for a dictionary, one for each key."""
    title, value = name.replace("_", " "), getattr(score, name)
    return (
        [(f"{title}@{key:g}", each) for key, each in value.items()] if isinstance(value, Mapping) else [(title, value)]
    )


def _shown(value: Any) -> str:
    return "none" if value is None else shortly(value)
