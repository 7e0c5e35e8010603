"""Failures in one sentence, and the exit code that belongs to each."""

import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from diffshape._sentence import sentence

DONE, FAILED, USAGE, PARTLY_FAILED, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes."""


class UsageError(Exception):
    """The command cannot be meant as it was typed."""


@contextmanager
def usage_errors() -> Iterator[None]:
    """Turn values out of range inside into errors of usage that name the option."""
    try:
        yield
    except ValueError as error:
        raise UsageError(as_option(str(error))) from error


def without_class(text: str) -> str:
    """A sentence without the class of settings that it begins with.

    >>> without_class("FitSettings: version must be 1, got 2")
    'version must be 1, got 2'
    """
    return re.sub(r"^[A-Z]\w*: ", "", text)


def as_option(text: str, groups: Mapping[str, str] = MappingProxyType({})) -> str:
    """The error of a class of settings, in terms of the option; ``groups`` has the prefixes of classes.

    >>> as_option("DrawnShapes: test_shapes must be at least 1, got 0")
    '--test-shapes must be at least 1, got 0'
    >>> as_option("MLPConfig: width must be positive, got 0", {"MLPConfig": "field"})
    '--field.width must be positive, got 0'
    """
    title = re.match(r"([A-Z]\w*): ", text)
    if title is None:
        return text
    prefix, said = groups.get(title[1], ""), text[title.end() :]
    name = re.match(r"(\w+)(?= (?:must|is) )", said)
    if name is None:
        return f"--{prefix}.*: {said}" if prefix else said
    return f"--{prefix}{'.' if prefix else ''}{name[1].replace('_', '-')}{said[name.end() :]}"


def exit_code(error: BaseException) -> int:
    """The exit code for an error.

    >>> exit_code(UsageError("--steps and --seconds exclude each other")), exit_code(ValueError("no points"))
    (2, 1)
    """
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return USAGE if isinstance(error, UsageError) else FAILED


def report(error: BaseException, *, debug: bool) -> int:
    """Print an error to stderr, with the traceback if ``debug``; returns the exit code."""
    if debug:
        traceback.print_exception(error)
    print(f"diffshape: {sentence(error)}", file=sys.stderr)
    return exit_code(error)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Print warnings inside as lines on stderr, without file names and source."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *place, **options: print(f"warning: {message}", file=sys.stderr)
        yield
