"""The entry point: arguments to a verb, errors to exit codes."""

import logging
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Annotated, Any, Union

import tyro

from diffshape.cli import demo, errors, fit, info, mesh, query, score, train

_VERBS: dict[str, tuple[ModuleType, type]] = {
    "fit": (fit, fit.Fit),
    "mesh": (mesh, mesh.MeshRun),
    "eval": (score, score.Eval),
    "query": (query, query.Query),
    "demo": (demo, demo.Demo),
    "info": (info, info.Info),
}
_KINDS = {kind: module for module, kind in (*_VERBS.values(), *train.MODELS.values())}
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
"""Before torch loads: threads that spin while they wait made a fit nine times slower beside one other job."""

_STYLE = (tyro.conf.FlagCreatePairsOff, tyro.conf.AvoidSubcommands)
_DESCRIPTION = "Turn 3D scans into clean surfaces, query them, and score them. `diffshape VERB --help` tells more."


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns its exit code and raises nothing.

    Args:
        argv: The words after the program's name; those of this process if None.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    logging.getLogger("diffshape").setLevel("WARNING" if "--quiet" in words else "INFO")
    debug = "--debug" in words
    try:
        arguments = parse(words)
    except SystemExit as stop:  # tyro has printed help (0) or what is wrong (2)
        return int(stop.code or 0)
    except (errors.UsageError, ValueError, OSError) as error:
        errors.report(error, debug=debug)
        return errors.USAGE
    try:
        with errors.plain_warnings():
            return _KINDS[type(arguments)].run(arguments)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.DONE
    except (Exception, KeyboardInterrupt) as error:  # the last frame: one sentence, or all with --debug
        return errors.report(error, debug=debug)


def parse(words: Sequence[str]) -> Any:
    """The arguments of the verb that ``words`` begin with.

    Raises:
        SystemExit: Help was asked for, or the words do not fit.
        UsageError, ValueError, OSError: A value does not fit, or --config cannot be read.

    >>> parse(["mesh", "outputs/kettle", "--resolution", "512"]).resolution
    512
    """
    if words[:1] == ["train"] and words[1:2] and words[1] in train.MODELS:
        _, kind = train.MODELS[words[1]]
        default = train.defaults_for(words[1], words[2:])
        return tyro.cli(kind, default=default, args=words[2:], prog=f"diffshape train {words[1]}", config=_STYLE)
    defaults = {"fit": fit.defaults_for(words)} if words[:1] == ["fit"] else {}
    kinds = {name: kind for name, (_, kind) in _VERBS.items()} | {"train": train.Train}
    subcommands = tuple(
        Annotated[kind, tyro.conf.subcommand(name, default=defaults.get(name, tyro.MISSING_NONPROP), prefix_name=False)]
        for name, kind in kinds.items()
    )
    return tyro.cli(
        Union[subcommands],  # type: ignore[arg-type]  # noqa: UP007
        args=words or ["--help"],
        prog="diffshape",
        description=_DESCRIPTION,
        config=_STYLE,
    )


if __name__ == "__main__":
    sys.exit(main())
