"""Options that all ``diffshape train`` commands share, and checks of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from diffshape._bounds import check_budget
from diffshape.cli.device import check_threads
from diffshape.cli.errors import UsageError, usage_errors
from diffshape.cli.folders import fresh_folder, unbegun_sentence
from diffshape.cli.parsing.options import OptionalFloat, OptionalInt, OptionalPath, VerbOptions
from diffshape.training.run_folder import RunFolder
from diffshape.training.run_settings import RunSettings

_ALSO_ON_RESUME = {"resume", "device", "threads", "json", "quiet", "debug"}


@dataclass(frozen=True, kw_only=True)
class TrainOptions(VerbOptions):
    """Options of every training: folder, budget, seed, device, messages."""

    out: OptionalPath = None
    """The run folder; new or empty. Default: outputs/MODEL/NAME/TIME."""
    steps: OptionalInt = None
    """Optimiser steps."""
    seconds: OptionalFloat = None
    """Seconds to optimise for, instead of steps."""
    seed: int = 0
    """Seed of all that is drawn: examples, weights and batches."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute; auto takes a GPU if there is one."""
    threads: OptionalInt = None
    """CPU threads; as many as PyTorch chooses if not given."""
    resume: OptionalPath = None
    """The folder of an interrupted training, to go on with."""
    json: bool = False
    """Print the metrics as JSON, and nothing else, to stdout."""
    quiet: bool = False
    """Print the run folder and nothing else."""

    def steps_or(self, usual: int) -> int | None:
        """The steps that were typed, or the usual number if no budget was."""
        return usual if self.steps is None and self.seconds is None else self.steps


def check_options(arguments: TrainOptions) -> None:
    """Check the options as far as all trainings agree on them.

    Raises:
        UsageError: A number is out of range, or what a resumed training cannot change was typed.
    """
    with usage_errors():
        check_threads(arguments.threads)
        check_budget("", steps=arguments.steps, seconds=arguments.seconds, seed=arguments.seed)
    if arguments.resume is not None:
        folder = ["FOLDER"] if getattr(arguments, "folder", None) is not None else []
        given = folder + [f"--{name.replace('_', '-')}" for name in sorted(arguments.typed - _ALSO_ON_RESUME)]
        if given:
            raise UsageError(f"--resume goes on with the data and settings of its run; leave out {', '.join(given)}")


def refuse_unused(typed: Iterable[str], unused: Mapping[str, str]) -> None:
    """Refuse options, or groups of them, that were typed and have no effect; ``unused`` names the case for each."""
    for name in sorted(typed):
        group = name.split(".")[0]
        if group in unused:
            raise UsageError(f"--{name.replace('_', '-')} has no effect where {unused[group]}; leave it out")


def resumed_folder(run: Path, kind: type[RunSettings]) -> Path:
    """The folder of a run that was typed, or of a file in it.

    Raises:
        UsageError: There is no such folder, or it holds no run.
    """
    folder = run.parent if run.is_file() else run
    if not folder.is_dir():
        printed = f"diffshape {kind.VERB}"
        raise UsageError(f"{run}: there is no such folder; a run is the folder that {printed} printed")
    if not RunFolder(folder).is_begun:
        unbegun = unbegun_sentence(folder, kind.VERB)
        raise UsageError(unbegun or f"{run} is not the folder of a {kind.TITLE}: it has no config.yaml")
    return folder


def training_folder(arguments: TrainOptions, kind: type[RunSettings], name: str) -> Path:
    """The folder to go on in, or a fresh one, by default in outputs/MODEL/``name``.

    Raises:
        UsageError: The folder to resume holds no training, or ``--out`` holds something.
    """
    if arguments.resume is not None:
        return resumed_folder(arguments.resume, kind)
    return fresh_folder(arguments.out, Path("outputs") / kind.VERB.removeprefix("train ") / name)
