"""How optional values look in the help: ``--out PATH``, without a default where there is none."""

from pathlib import Path
from typing import Annotated, TypeAlias

import tyro

OptionalPath: TypeAlias = Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")]
OptionalInt: TypeAlias = Annotated[int | None, tyro.conf.arg(metavar="INT", help_behavior_hint="")]
OptionalFloat: TypeAlias = Annotated[float | None, tyro.conf.arg(metavar="FLOAT", help_behavior_hint="")]
PositionalPath: TypeAlias = Annotated[
    Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="POINTS", help_behavior_hint="")
]
