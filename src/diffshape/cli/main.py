"""The entry point: words to the arguments of a verb, errors to exit codes. Torch is imported when a verb runs."""

import logging
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import fields, replace
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from diffshape import __version__
from diffshape.cli import errors
from diffshape.cli.way_on import stopped_politely

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
"""Before torch loads: threads that spin while they wait made a fit nine times slower beside one other job."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns its exit code and raises nothing.

    Args:
        argv: The words after the program's name; those of this process if None.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    logging.getLogger("diffshape").setLevel("WARNING" if "--quiet" in words else "INFO")
    try:
        with errors.plain_warnings(), stopped_politely():
            code = _run(words)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.DONE
    except (Exception, KeyboardInterrupt) as error:  # the last frame: one sentence, or all with --debug
        return errors.report(error, debug="--debug" in words)


def parse(words: Sequence[str]) -> tuple[ModuleType, Any]:
    """The module of the verb that ``words`` begin with, and its arguments; ``~`` begins a path as it does in a shell.

    Raises:
        UsageError: The words do not fit, or a value is out of its range.
        OSError: --config cannot be read.

    >>> parse(["mesh", "outputs/kettle", "--resolution", "512"])[1].resolution
    512
    """
    import tyro

    from diffshape.cli.parsing.options import STYLE
    from diffshape.cli.parsing.verbs import command
    from diffshape.cli.parsing.words import read_words

    verb, rest, module, kind, default = command(words)
    read = read_words(verb, rest, kind, default)
    begin = tyro.MISSING_NONPROP if default is None else default
    box = StringIO()
    try:
        with redirect_stderr(box):
            arguments = tyro.cli(kind, default=begin, args=read.words, prog=f"diffshape {verb}", config=STYLE)
    except SystemExit as stop:
        raise errors.UsageError(_refusal(stop, box.getvalue(), read.groups)) from stop
    values = {item.name: _at_home(getattr(arguments, item.name)) for item in fields(kind)}
    return module, replace(arguments, **values | {"typed": read.typed})


def _run(words: Sequence[str]) -> int:
    if words[:1] in (["--version"], ["-V"], ["version"]):
        print(f"diffshape {__version__}")
        return errors.DONE
    if not words or words[0] == "help" or any(word in ("--help", "-h", "--help-all") for word in words):
        from diffshape.cli.parsing.help import print_help

        print_help(words)
        return errors.DONE
    module, arguments = parse(words)
    return module.run(arguments)


def _at_home(value: Any) -> Any:
    """The value, in whose paths the home folder takes the place of ``~``."""
    if isinstance(value, Path):
        return value.expanduser()
    return tuple(map(_at_home, value)) if type(value) is tuple else value  # a named tuple stays one


def _refusal(stop: SystemExit, box: str, groups: Mapping[str, str]) -> str:
    """Why the parser stopped: what a class of settings says, or else what was printed."""
    error: BaseException | None = stop
    while error is not None and not isinstance(error, ValueError):
        error = error.__cause__ or error.__context__
    if error is None:
        return " ".join(re.sub("[─│╭╮╰╯]", " ", box).split())
    return errors.as_option(" ".join(str(error).split()), groups)


if __name__ == "__main__":
    sys.exit(main())
