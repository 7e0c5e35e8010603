"""Failures in one sentence, and the exit code that belongs to each."""

import errno
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes."""
_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "your quota is used up", errno.EFBIG: "a file got too large"}
"""Causes of errors for lack of room, by their numbers."""


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


def sentence(error: BaseException) -> str:
    """What went wrong, on one line.

    >>> sentence(FileNotFoundError(2, "No such file or directory", "scan.ply"))
    'scan.ply: no such file or directory'
    """
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        what = error.strerror[0].lower() + error.strerror[1:]
        return f"{where}{what}" + (f"; {_FULL[error.errno]}, make room and try again" if error.errno in _FULL else "")
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error) or "out of memory" in str(error):
        return "out of memory; try a smaller --resolution, fewer points, or a smaller field or batch"
    text = re.sub(r"\b[A-Z]\w*(?:Settings|Config): ", "", " ".join(str(error).split())) or type(error).__name__
    named = type(error).__name__ in ("TrainingError", "SafetensorError")  # classes that would import torch
    expected = named or isinstance(error, (UsageError, ValueError, OSError, ImportError))
    return text if expected else f"{type(error).__name__}: {text}"


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
