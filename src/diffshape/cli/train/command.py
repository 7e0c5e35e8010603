"""The work of every ``diffshape train`` once its arguments are read: data, run folder, training, score, pictures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffshape.cli.device import chosen_device, use_threads
from diffshape.cli.errors import DONE, UsageError
from diffshape.cli.messages import Messages
from diffshape.cli.train.options import TrainOptions, training_folder
from diffshape.cli.way_on import told_way_on
from diffshape.training.run_folder import RunFolder


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
    import torch

    from diffshape.models.trainings import training_of
    from diffshape.training import Progress
    from diffshape.training.models.run import run_training
    from diffshape.training.trackers import tracked

    kind, training = type(settings), training_of(settings.VERB)
    use_threads(arguments.threads)
    device = chosen_device(arguments.device)
    say = Messages(verb=kind.VERB, json=arguments.json, quiet=arguments.quiet)
    name = "" if arguments.resume else command.name(settings.data)
    run = RunFolder(training_folder(arguments, kind, name))
    if arguments.resume:
        settings = _resumed(run, kind)  # first: it refuses a run of another kind
        if run.is_complete:
            return say.finished(run.path)
    learn, test = training.examples(settings.data, seed=settings.seed)
    make = training.prepare(settings, learn)
    with told_way_on(run.path, kind.VERB), run.only_here():
        say.folder(run.path)
        say(f"  {command.counts(learn, test)}")
        progress = Progress(f"{kind.VERB} on {device}", quiet=arguments.quiet)
        with progress, tracked(arguments.log, run.path) as trackers:
            result = run_training(
                settings,
                make,
                run.path,
                resume=arguments.resume is not None,
                device=torch.device(device),
                observers=[progress, *trackers],
            )
        if result.interrupted:
            return say.interrupted(run.path, result.step)
        say(f"\n{result.work}; scoring ...")
        text, facts = command.score(run.path, result.model, settings, learn, test)
        spent = {"steps": result.step, "seconds": round(result.seconds, 2)} if result.step else {}
        metrics = {**spent, **facts}
        run.write_metrics(metrics)
    say(text)
    if say.json:
        say.metrics(run.path, metrics)
    say.files(command.files)
    return DONE


def _resumed(run: RunFolder, kind: Any) -> Any:
    settings = run.read_settings(kind)
    if settings.data is None:
        raise UsageError(
            f"the training in {run.path} was begun from Python with data that are in no file; "
            f"go on with it there: diffshape.models.resume_training({str(run.path)!r}, data)"
        )
    return settings
