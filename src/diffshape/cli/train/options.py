"""Options that all ``diffshape train`` commands share, and checks of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from diffshape._bounds import check_budget
from diffshape.cli.device import check_threads
from diffshape.cli.errors import UsageError, usage_errors
from diffshape.cli.fit.defaults import named_in
from diffshape.cli.folders import begun_folder, fresh_folder
from diffshape.cli.parsing.options import OptionalFloat, OptionalInt, OptionalPath, OptionalTracker, VerbOptions
from diffshape.training.run_settings import RunSettings, steps_or

Config = TypeVar("Config")
Settings = TypeVar("Settings", bound=RunSettings)


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
    log: OptionalTracker = None
    """Give the numbers of log.csv to TensorBoard or Weights & Biases too, by files in the run folder; nothing is
    uploaded unless WANDB_MODE=online is set. Needs the package of that name."""
    resume: OptionalPath = None
    """The folder of an interrupted training, to go on with."""
    json: bool = False
    """Print the metrics as JSON, and nothing else, to stdout."""
    quiet: bool = False
    """Print the run folder and nothing else."""

    def steps_or(self, usual: int) -> int | None:
        """The steps that were typed, or the usual number if no budget was."""
        return steps_or(usual, self.steps, self.seconds)


def check_options(arguments: TrainOptions) -> None:
    """Check the options as far as all trainings agree on them.

    Raises:
        UsageError: A number is out of range, or what a resumed training cannot change was typed.
    """
    with usage_errors():
        check_threads(arguments.threads)
        check_budget("", steps=arguments.steps, seconds=arguments.seconds, seed=arguments.seed)
    if arguments.resume is not None:
        folder = "FOLDER" if getattr(arguments, "folder", None) is not None else None
        arguments.refuse_on_resume(folder, kept="data")


def refuse_unused(typed: Iterable[str], unused: Mapping[str, str]) -> None:
    """Refuse options, or groups of them, that were typed and have no effect; ``unused`` names the case for each."""
    for name in sorted(typed):
        group = name.split(".")[0]
        if group in unused:
            raise UsageError(f"--{name.replace('_', '-')} has no effect where {unused[group]}; leave it out")


def chosen_preset(words: Sequence[str], presets: Mapping[str, Config]) -> Config:
    """The config of the preset that the words name; that of "small" if they name none."""
    return presets.get(named_in(words, "preset")["preset"] or "", presets["small"])


def typed_settings(kind: type[Settings], data: Any, arguments: Any) -> Settings:
    """Settings of a training with one ``model`` config, as they were typed.

    Args:
        kind: Class of the settings, whose default steps are taken where no budget was typed.
        data: Where the examples come from; of no use where a training is resumed.
        arguments: The options, with a ``model``. Of a resumed training, whose folder has the settings, none counts.

    Raises:
        UsageError: A value is out of its range.
    """
    make: Any = kind
    usual = make()
    if arguments.resume is not None:
        return usual
    steps = arguments.steps_or(usual.steps)
    with usage_errors():
        return make(data=data, config=arguments.model, steps=steps, seconds=arguments.seconds, seed=arguments.seed)


def training_folder(arguments: TrainOptions, kind: type[RunSettings], name: str) -> Path:
    """The folder to go on in, or a fresh one, by default in outputs/MODEL/``name``.

    Raises:
        UsageError: The folder to resume holds no training, or ``--out`` holds something.
    """
    if arguments.resume is not None:
        return begun_folder(arguments.resume, kind)
    return fresh_folder(arguments.out, Path("outputs") / kind.VERB.removeprefix("train ") / name)
