"""Options of all verbs, and types of optional values, which the help shows without a default: ``--out PATH``."""

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import tyro

from diffshape.cli.errors import UsageError
from diffshape.data.up import Up

OptionalPath: TypeAlias = Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")]
OptionalInt: TypeAlias = Annotated[int | None, tyro.conf.arg(metavar="INT", help_behavior_hint="")]
OptionalFloat: TypeAlias = Annotated[float | None, tyro.conf.arg(metavar="FLOAT", help_behavior_hint="")]
OptionalShape: TypeAlias = Annotated[str | None, tyro.conf.arg(metavar="SHAPE", help_behavior_hint="")]
OptionalAnswer: TypeAlias = Annotated[
    Literal["yes", "no"] | None, tyro.conf.arg(metavar="{yes,no}", help_behavior_hint="")
]
OptionalNormals: TypeAlias = Annotated[
    Literal["given", "estimated", "none"] | None,
    tyro.conf.arg(metavar="{given,estimated,none}", help_behavior_hint=""),
]
OptionalTracker: TypeAlias = Annotated[
    Literal["tensorboard", "wandb"] | None, tyro.conf.arg(metavar="{tensorboard,wandb}", help_behavior_hint="")
]
OptionalUp: TypeAlias = Annotated[
    Up | None, tyro.conf.arg(metavar="{x,y,z,-x,-y,-z}", help_behavior_hint="(default: z; y for GLB)")
]
OptionalViewer: TypeAlias = Annotated[
    Literal["viewer"] | None, tyro.conf.arg(metavar="{viewer}", help_behavior_hint="")
]
RunPath: TypeAlias = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
PositionalPath: TypeAlias = Annotated[
    Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="POINTS", help_behavior_hint="")
]

STYLE = (tyro.conf.FlagCreatePairsOff, tyro.conf.AvoidSubcommands)
"""Style of the options: a flag has one form, and a group of settings is that of its default."""

_ALWAYS_ON_RESUME = {"resume", "device", "threads", "log", "json", "quiet", "debug"}
"""Options that every resumed run takes."""


@dataclass(frozen=True, kw_only=True)
class VerbOptions:
    """Base of the arguments of a verb."""

    debug: bool = False
    """Show the traceback of an error."""
    typed: tyro.conf.Suppress[frozenset[str]] = frozenset()
    """Names of the options that were typed, whatever their values."""

    def typed_in(self, group: str) -> list[str]:
        """Which settings of a group, such as "method", were typed.

        >>> VerbOptions(typed=frozenset({"field.width", "steps"})).typed_in("field")
        ['width']
        """
        return sorted(name[len(group) + 1 :] for name in self.typed if name.startswith(f"{group}."))

    def refuse_on_resume(self, positional: str | None, *, kept: str, besides: Set[str] = frozenset()) -> None:
        """Refuse what was typed beside ``--resume`` and cannot be changed on a run that goes on.

        Args:
            positional: Word that was typed without an option, as the help names it; None if there was none.
            kept: What the run goes on with besides its settings, such as "scan".
            besides: Options that may be given on top of device, threads and how loud the command is.

        Raises:
            UsageError: There is something of that.
        """
        given = [] if positional is None else [positional]
        given += [f"--{name.replace('_', '-')}" for name in sorted(self.typed - _ALWAYS_ON_RESUME - besides)]
        if given:
            raise UsageError(f"--resume goes on with the {kept} and settings of its run; leave out {', '.join(given)}")
