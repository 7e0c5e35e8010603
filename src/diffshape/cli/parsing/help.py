"""Help: the verbs; the options of one; or, with ``--help-all``, its advanced settings as well."""

import dataclasses
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import tyro

from diffshape.cli.parsing.options import STYLE
from diffshape.cli.parsing.verbs import VERBS, Command, command

HELP = ("help", "--help", "-h", "--help-all")
"""Words that ask for help."""


def print_help(words: Sequence[str]) -> None:
    """The help that a command line asks for, to stdout.

    Raises:
        UsageError: It asks for that of a verb that there is none of.
    """
    verb = [word for place, word in enumerate(words) if word not in HELP[place > 0 :]]
    if not verb or verb == ["train"]:
        _print_verbs([name for name in VERBS if name.startswith(" ".join([*verb, ""]))])
    else:
        _print_options(command(verb), everything="--help-all" in words)


def _print_verbs(verbs: Sequence[str]) -> None:
    print("usage: diffshape VERB ...\n\nTurn 3D scans into clean surfaces, query them, and score them.\n")
    width = max(map(len, verbs))
    for verb in verbs:
        print(f"  {verb:<{width}} {VERBS[verb].purpose}")
    print(
        "\ndiffshape VERB --help      the options of a verb"
        "\ndiffshape VERB --help-all  its advanced settings as well"
        "\ndiffshape --version        the version"
    )


def _print_options(typed: Command, *, everything: bool) -> None:
    groups = [
        item.name
        for item in dataclasses.fields(typed.kind)
        if dataclasses.is_dataclass(getattr(typed.default, item.name, None))
    ]
    kind, default = typed.kind, tyro.MISSING_NONPROP if typed.default is None else typed.default
    if groups and not everything:
        kind, default = _without(typed.kind, typed.default, groups), tyro.MISSING_NONPROP
    page = StringIO() if os.environ.get("NO_COLOR") else sys.stdout  # the parser colours what a terminal shows
    try:
        with redirect_stdout(page):
            tyro.cli(kind, default=default, args=["--help"], prog=f"diffshape {typed.verb}", config=STYLE)
    except SystemExit:  # the help is printed
        if isinstance(page, StringIO):
            print(page.getvalue(), end="")
        if groups and not everything:
            print(
                f"advanced settings ({', '.join(f'--{name}.*' for name in groups)}): diffshape {typed.verb} --help-all"
            )


def _without(kind: type, default: Any, groups: Sequence[str]) -> type:
    """A class of arguments of which the help shows no groups of settings."""
    annotations: dict[str, Any] = {}
    content: dict[str, Any] = {"__annotations__": annotations, "__doc__": kind.__doc__, "__module__": kind.__module__}
    for name in groups:
        part = type(getattr(default, name))
        annotations[name] = tyro.conf.Suppress[part]
        content[name] = dataclasses.field(default_factory=part)
    return dataclasses.dataclass(frozen=True)(type(kind.__name__, (kind,), content))
