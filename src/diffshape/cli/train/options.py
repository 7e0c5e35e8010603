"""What all ``diffshape train`` commands share: options, checks of these, and what is said along the way."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from diffshape._bounds import check_budget
from diffshape._config import read_json
from diffshape.cli.device import check_threads
from diffshape.cli.errors import INTERRUPTED, UsageError, typed_as, usage_errors
from diffshape.cli.folders import fresh_folder, unbegun_sentence
from diffshape.cli.options import OptionalInt, OptionalPath, VerbOptions
from diffshape.training.run_settings import TrainingSettings

_ALSO_ON_RESUME = {"resume", "device", "threads", "json", "quiet", "debug"}


@dataclass(frozen=True, kw_only=True)
class TrainOptions(VerbOptions):
    """Where, how and how loudly to train."""

    out: OptionalPath = None
    """The run folder; new or empty. Default: outputs/MODEL/NAME/TIME."""
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


def check_options(arguments: TrainOptions) -> None:
    """Check the options as far as all trainings agree on them.

    Raises:
        UsageError: A number is out of range, or what a resumed training cannot change was typed.
    """
    with usage_errors():
        check_threads(arguments.threads)
        check_budget("", steps=None, seconds=None, seed=arguments.seed)
    if arguments.resume is not None:
        folder = ["FOLDER"] if getattr(arguments, "folder", None) is not None else []
        given = folder + [f"--{name.replace('_', '-')}" for name in sorted(arguments.typed - _ALSO_ON_RESUME)]
        if given:
            raise UsageError(f"--resume goes on with the data and settings of its run; leave out {', '.join(given)}")


def refuse_unused(typed: Iterable[str], unused: Mapping[str, str]) -> None:
    """Refuse options, or groups of them, that were typed and have no effect; ``unused`` says where each has none."""
    for name in sorted(typed):
        group = name.split(".")[0]
        if group in unused:
            raise UsageError(f"--{name.replace('_', '-')} has no effect where {unused[group]}; leave it out")


def resumed_folder(run: Path, kind: type[TrainingSettings]) -> Path:
    """The folder of an interrupted training that was typed, or of a file in it.

    Raises:
        UsageError: There is none.
    """
    folder = run.parent if run.is_file() else run
    if not folder.is_dir():
        printed = f"diffshape train {kind.MODEL}"
        raise UsageError(f"{run}: there is no such folder; a run is the folder that {printed} printed")
    if not (folder / "config.yaml").is_file():
        unbegun = unbegun_sentence(folder, f"train {kind.MODEL}")
        raise UsageError(unbegun or f"{run} is not the folder of a {kind.TITLE}: it has no config.yaml")
    return folder


def training_folder(arguments: TrainOptions, kind: type[TrainingSettings], name: str) -> Path:
    """The folder to go on in, or a fresh one, by default in outputs/MODEL/``name``.

    Raises:
        UsageError: The run to resume is none, or ``--out`` holds something.
    """
    if arguments.resume is not None:
        return resumed_folder(arguments.resume, kind)
    return fresh_folder(arguments.out, Path("outputs") / kind.MODEL / name, verb=f"train {kind.MODEL}")


@dataclass(frozen=True)
class Say:
    """What a training says: to stdout, or to stderr where stdout is for JSON; nothing but its folder when quiet."""

    options: TrainOptions

    def __call__(self, text: str) -> None:
        """A line, unless quiet."""
        if not self.options.quiet:
            self._print(text)

    def folder(self, path: Path) -> None:
        """The first line."""
        self._print(str(path))

    def finished(self, path: Path) -> int:
        """That there is nothing to go on with; the exit code."""
        self.folder(path)
        if self.options.json:
            print(json.dumps({"folder": str(path), **read_json(path / "metrics.json")}))
        self("already finished; nothing was changed")
        return 0

    def interrupted(self, kind: type[TrainingSettings], path: Path, step: int) -> int:
        """How to go on; the exit code."""
        print(
            f"interrupted after step {step} and saved; go on with: {typed_as(f'train {kind.MODEL}', '--resume', path)}",
            file=sys.stderr,
        )
        return INTERRUPTED

    def outputs(self, path: Path, metrics: Mapping[str, Any], files: Mapping[str, str]) -> None:
        """The last lines: the metrics as JSON if that is wanted, and what each file is."""
        if self.options.json:
            print(json.dumps({"folder": str(path), **metrics}))
        self("")
        for name, meaning in files.items():
            self(f"  {name:<20} {meaning}")

    def _print(self, text: str) -> None:
        print(text, file=sys.stderr if self.options.json else sys.stdout, flush=True)
