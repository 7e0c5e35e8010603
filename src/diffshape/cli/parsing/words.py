"""Words of a command line, checked before they are parsed: which options are typed, and what is wrong with a word.

Every error is one sentence that names the option as it is typed. The parser that follows only builds the arguments.
"""

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import tyro

from diffshape._did_you_mean import did_you_mean
from diffshape.cli.errors import UsageError


class Words(NamedTuple):
    """A command line whose options are known, and have values of their kinds."""

    words: list[str]
    """Words for the parser, where a value that begins with "-" is bound to its option."""
    typed: frozenset[str]
    """Names of the settings that were typed, such as "steps" and "field.log2_entries"."""
    groups: dict[str, str]
    """Groups of settings by their classes, such as "field" by "MLPConfig"."""


class Option(NamedTuple):
    """An option of a command."""

    name: str
    """Name of the setting, with underscores."""
    hint: Any
    """Type of its value."""


def read_words(verb: str, words: Sequence[str], kind: type, default: Any = None) -> Words:
    """Look at the words after a verb.

    Args:
        verb: What errors call the command, such as "fit".
        words: What follows it.
        kind: The dataclass of its arguments.
        default: What its settings begin with; decides which of several kinds a group of settings has.

    Raises:
        UsageError: An option is unknown, has no value or one of a wrong kind, or there are too many or too few words.
    """
    options, places = options_of(kind, default), _positionals(kind)
    read, typed, found = [], set(), []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            found += rest
            break
        if not word.startswith("-") or _is_number(word):
            found.append(word)
            continue
        label, _, bound = word.partition("=")
        option = options.get(label.replace("_", "-")) if label.startswith("--") else None
        if option is None:
            raise UsageError(f"{verb}: there is no option {label}{did_you_mean(label, options)}")
        label = label.replace("_", "-")
        typed.add(option.name)
        read += _with_values(label, option.hint, [bound] if "=" in word else None, rest)
    required = [place for place, needed in places.items() if needed]
    many = any(place.endswith("...") for place in places)
    if len(found) > len(places) and not many:
        wanted = f"takes {' '.join(places)}" if places else "takes options only"
        raise UsageError(f"{verb}: unexpected {found[len(places)]!r}; it {wanted}")
    if len(found) < len(required):
        raise UsageError(f"{verb}: {required[len(found)]} is missing; type diffshape {verb} {' '.join(places)}")
    if "" in found:
        raise UsageError(f"{verb}: {list(places)[min(found.index(''), len(places) - 1)]} is empty")
    return Words([*read, "--", *found] if found else read, frozenset(typed), _groups(kind, default))


def split_words(
    verb: str, words: Sequence[str], own: Mapping[str, Option], others: Mapping[str, Option]
) -> tuple[list[str], list[str]]:
    """Words of a command that runs another one, and the options that it passes on.

    Args:
        verb: What errors call the command.
        words: What follows it.
        own: Its own options by how they are typed; an option that both have is its own.
        others: Options of the other command.

    Raises:
        UsageError: An option is unknown to both, or has no value or one of a wrong kind.
    """
    kept, passed, rest = [], [], list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--") or word == "--":
            kept.append(word)
            continue
        label, _, bound = word.partition("=")
        label = label.replace("_", "-")
        option = own.get(label) or others.get(label)
        if option is None:
            raise UsageError(f"{verb}: there is no option {label}{did_you_mean(label, [*own, *others])}")
        taken = kept if label in own else passed
        taken += _with_values(label, option.hint, [bound] if "=" in word else None, rest)
    return kept, passed


def options_of(kind: type, default: Any, prefix: str = "") -> dict[str, Option]:
    """The options of a dataclass and of those in it, as they are typed."""
    hints, found = get_type_hints(kind, include_extras=True), {}
    for item in fields(kind):
        marks = getattr(hints[item.name], "__metadata__", ())
        if tyro.conf.Suppress in marks or tyro.conf.Positional in marks:
            continue
        value = getattr(default, item.name, MISSING) if default is not None else _own_default(item)
        own = next((mark.name for mark in marks if getattr(mark, "name", None)), item.name)
        name = f"{prefix}{own}"
        if value is None and any(map(is_dataclass, get_args(_bare(hints[item.name])))):
            continue  # a group of settings that is switched off has no options
        if is_dataclass(value):
            found |= options_of(type(value), value, f"{name}.")
        else:
            last = f"no_{own}" if value is True else own
            found[f"--{prefix}{last}".replace("_", "-")] = Option(name, _bare(hints[item.name]))
    return found


def _groups(kind: type, default: Any, prefix: str = "") -> dict[str, str]:
    """Names of the settings of a dataclass that are dataclasses themselves, by the names of their classes."""
    found: dict[str, str] = {}
    for item in fields(kind):
        value = getattr(default, item.name, MISSING) if default is not None else _own_default(item)
        if is_dataclass(value):
            found[type(value).__name__] = f"{prefix}{item.name}"
            found |= _groups(type(value), value, f"{prefix}{item.name}.")
    return found


def _own_default(item: Any) -> Any:
    return item.default_factory() if item.default_factory is not MISSING else item.default


def _positionals(kind: type) -> dict[str, bool]:
    """Arguments that are typed without an option, in order, and whether they are required; "..." says that there may be
    several."""
    hints, found = get_type_hints(kind, include_extras=True), {}
    for item in fields(kind):
        marks = getattr(hints[item.name], "__metadata__", ())
        if tyro.conf.Positional in marks:
            shown = next((mark.metavar for mark in marks if getattr(mark, "metavar", None)), item.name.upper())
            found[shown] = item.default is MISSING
    return found


def _bare(hint: Any) -> Any:
    """A type without what is only for the help."""
    return _bare(get_args(hint)[0]) if get_origin(hint) is Annotated else hint


def _with_values(label: str, hint: Any, bound: list[str] | None, rest: list[str]) -> list[str]:
    """An option with its values, which are taken from ``rest`` unless one is bound to it by "="."""
    if hint is bool:
        if bound:
            raise UsageError(f"{label} takes no value, got {bound[0]!r}")
        return [label]
    if get_origin(hint) is tuple:
        kinds = get_args(hint)
        many = kinds[-1] is Ellipsis
        values = bound or []
        while rest and not rest[0].startswith("--") and (many or len(values) < len(kinds)):
            values.append(rest.pop(0))
        if not many and len(values) != len(kinds):
            raise UsageError(f"{label} takes {len(kinds)} values")
        for value in values:
            _check(label, kinds[0], value)
        return [label, *values]
    if bound is None:
        if not rest or rest[0].startswith("--"):
            raise UsageError(f"{label} needs a value")
        bound = [rest.pop(0)]
    _check(label, hint, bound[0])
    return [f"{label}={bound[0]}"]


def _check(label: str, hint: Any, text: str) -> None:
    """Check that a word can be a value of a type."""
    if get_origin(hint) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not type(None)]
        if len(kinds) != 1 or text == "None":
            return
        hint = kinds[0]
    if get_origin(hint) is Literal:
        choices = [str(choice) for choice in get_args(hint)]
        if text not in choices:
            question = did_you_mean(text, choices)
            raise UsageError(f"{label} must be one of {', '.join(choices)}, got {text!r}{question}")
    elif hint is int and not _reads(int, text):
        raise UsageError(f"{label} must be a whole number, got {text!r}")
    elif hint is float and (not _reads(float, text) or math.isnan(float(text))):
        raise UsageError(f"{label} must be a number, got {text!r}")
    elif hint is Path and not text:
        raise UsageError(f"{label} is empty; give a path")


def _reads(kind: type, text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _is_number(word: str) -> bool:
    return word == "-" or _reads(float, word)
