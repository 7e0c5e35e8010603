"""The work of every ``diffshape train`` once its arguments are read: data, run folder, training, score, pictures."""

import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffshape._commands import typed_as
from diffshape.cli.device import chosen_device, use_threads
from diffshape.cli.errors import DONE, INTERRUPTED, UsageError
from diffshape.cli.messages import Messages
from diffshape.cli.train.options import TrainOptions, training_folder
from diffshape.cli.way_on import told_way_on
from diffshape.training.run_folder import RunFolder

if TYPE_CHECKING:
    from diffshape.training.parallel import Processes


@dataclass(frozen=True, kw_only=True)
class TrainCommand:
    """Name, messages and score of one kind of training."""

    name: Callable[[Any], str]
    """Function of the ``data`` of the settings: the folder's name in outputs/MODEL."""
    counts: Callable[[Any, Any], str]
    """Function of the examples to learn from and to be tested on: how many they are."""
    score: Callable[[Path, Any, Any, Any, Any], tuple[str, dict[str, Any]]]
    """Function of run folder, model, settings and both examples: writes pictures, and gives what to say and to keep."""
    files: Mapping[str, str]
    """Files of the run folder, and what each is."""


def run_command(command: TrainCommand, arguments: TrainOptions, settings: Any) -> int:
    """Train, or go on, then score, write and tell; the exit code.

    Args:
        command: Which kind of training.
        arguments: The options that were typed.
        settings: Settings of a new training. Those of a resumed one are in its folder; of these only the class counts.

    Raises:
        UsageError: The folder does not suit.
        ValueError, OSError: The data cannot be learnt from, or something cannot be read or written.
    """
    from diffshape.training.parallel import joined

    use_threads(arguments.threads)
    device = chosen_device(arguments.device)
    with joined(device) as team, redirect_stdout(sys.stdout if team.is_first else StringIO()):
        return _run_together(command, arguments, settings, device, team)


def _run_together(command: TrainCommand, arguments: TrainOptions, settings: Any, device: str, team: "Processes") -> int:
    """The work of one of the processes that train together; the first one writes, scores and tells."""
    import torch

    from diffshape.models.trainings import training_of
    from diffshape.report.page.file import REPORT
    from diffshape.training import Progress
    from diffshape.training.models.run import run_training
    from diffshape.training.parallel import leave
    from diffshape.training.trackers import tracked

    kind, training = type(settings), training_of(settings.VERB)
    say = Messages(verb=kind.VERB, json=arguments.json, quiet=arguments.quiet)
    run = RunFolder(_folder(command, arguments, settings, team))
    if arguments.resume:
        settings = _resumed(run, kind)  # first: it refuses a run of another kind
        if run.is_complete:
            return say.finished(run.path)
    learn, test = training.examples(settings.data, seed=settings.seed)
    make = training.prepare(settings, learn)
    with told_way_on(run.path, kind.VERB), run.only_here() if team.is_first else nullcontext():
        say.folder(run.path)
        say(f"  {command.counts(learn, test)}")
        place = device if team.count == 1 else f"{team.count} x {device}"
        progress = Progress(f"{kind.VERB} on {place}", quiet=arguments.quiet or not team.is_first)
        with progress, tracked(arguments.log if team.is_first else None, run.path) as trackers:
            result = run_training(
                settings,
                make,
                run.path,
                resume=arguments.resume is not None,
                device=torch.device(device),
                observers=[progress, *trackers],
            )
        leave()
        if result.interrupted:
            return say.interrupted(run.path, result.step) if team.is_first else INTERRUPTED
        if not team.is_first:
            return DONE
        say(f"\n{result.work}; scoring ...")
        text, facts = command.score(run.path, result.model, settings, learn, test)
        spent = {"steps": result.step, "seconds": round(result.seconds, 2)} if result.step else {}
        metrics = {**spent, **facts}
        run.write_metrics(metrics)
        _report(run.path)
    say(text)
    if say.json:
        say.metrics(run.path, metrics)
    say.files({REPORT: "scores, curves and pictures as a page", **command.files})
    if hasattr(result.model, "interpolate"):
        say(f"\nnext: {typed_as('report', run.path)}, which draws what the model makes into the page")
    return DONE


def _folder(command: TrainCommand, arguments: TrainOptions, settings: Any, team: "Processes") -> Path:
    """The run folder, as the first process chose it."""
    from diffshape.training.parallel import told_by_first

    name = "" if arguments.resume else command.name(settings.data)
    chosen = training_folder(arguments, type(settings), name) if team.is_first else ""
    return Path(told_by_first(str(chosen)))


def _report(folder: Path) -> None:
    from diffshape.report.page.file import REPORT
    from diffshape.report.training_report.report import write_training_report

    try:
        write_training_report(folder)
    except Exception as error:
        again = typed_as("report", folder)
        warnings.warn(f"no {REPORT}: {error}; the training is whole, and this tries again: {again}", stacklevel=3)


def _resumed(run: RunFolder, kind: Any) -> Any:
    settings = run.read_settings(kind)
    if settings.data is None:
        raise UsageError(
            f"the training in {run.path} was begun from Python with data that are in no file; "
            f"go on with it there: diffshape.models.resume_training({str(run.path)!r}, data)"
        )
    return settings
