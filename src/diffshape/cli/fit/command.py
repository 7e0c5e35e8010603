"""``diffshape fit``: a scan becomes a folder with its surface, a mesh one with its distance field."""

from pathlib import Path
from typing import TYPE_CHECKING

from diffshape._commands import typed_as
from diffshape.cli.device import chosen_device, use_threads
from diffshape.cli.errors import DONE, UsageError
from diffshape.cli.fit.arguments import FitArguments as FitArguments
from diffshape.cli.fit.arguments import check, input_path, settings_of
from diffshape.cli.fit.arguments import defaults_for as defaults_for
from diffshape.cli.fit.outputs import tell_outputs
from diffshape.cli.fit.watching import check_viewer, stay, watched
from diffshape.cli.folders import fresh_folder, run_path
from diffshape.cli.frame_hint import frame_hint, show_hint
from diffshape.cli.messages import Messages
from diffshape.cli.way_on import told_way_on
from diffshape.fitting.methods.table import name_of
from diffshape.training.run_folder import RunFolder

if TYPE_CHECKING:
    from diffshape.batch.along_the_way import AlongTheWay
    from diffshape.fitting.inputs.inputs import Inputs
_NO_STEPS = "the surface was found in closed form, without steps: nothing was written along the way"
"""Note on a fit that was to write something along the way and had none."""


def run(arguments: FitArguments) -> int:
    """Fit, write the outputs, and print what there is."""
    check(arguments)
    check_viewer(arguments)
    from diffshape.batch.fit_job import FitJob
    from diffshape.training import Progress

    use_threads(arguments.threads)
    device = chosen_device(arguments.device)
    say = Messages(verb="fit", json=arguments.json, quiet=arguments.quiet)
    if arguments.resume:
        folder = run_path(arguments.resume)
        if RunFolder(folder).is_complete:
            return say.finished(folder, f". Mesh it anew with: {typed_as('mesh', folder)}")
        inputs, settings = _resumed_inputs(arguments, folder), None
    else:
        inputs = inputs_of(arguments)
        settings = settings_of(arguments, inputs.kind, inputs.path)
        folder = fresh_folder(arguments.out, Path("outputs") / inputs.path.stem / name_of(settings.method))
    job = FitJob(
        inputs=inputs,
        settings=settings,
        folder=folder,
        device=device,
        resolution=arguments.resolution,
        along_the_way=_along_the_way(arguments, inputs),
    )
    say.folder(folder)
    say.notes([*inputs.notes, *(arguments.defaults.notes if arguments.defaults else ())])
    progress = Progress(f"fit {inputs.name} on {device}", quiet=arguments.quiet)
    with watched(arguments, inputs, say) as live:
        with told_way_on(folder, "fit"), RunFolder(folder).only_here():
            with progress:
                result = job.fit([progress, *([live] if live else [])])
            say.notes(note for note in result.notes if note not in inputs.notes)
            if result.step == 0 and {"mesh_every", "eval_every", "log"} & arguments.typed:
                say.notes([_NO_STEPS])
            outputs = job.write(result)
        if result.interrupted:
            return say.interrupted(folder, result.step)
        tell_outputs(say, folder, outputs, truth=inputs.truth_path)
        if live:
            stay(live, folder, say)
    return DONE


def _along_the_way(arguments: FitArguments, inputs: "Inputs") -> "AlongTheWay":
    """What the fit is to write while it runs.

    Raises:
        UsageError: Scores are asked for without a true surface.
    """
    from diffshape.batch.along_the_way import AlongTheWay

    if arguments.eval_every is not None and inputs.truth is None:
        raise UsageError("--eval-every needs --truth, the true surface to score against")
    return AlongTheWay(
        mesh_every=arguments.mesh_every,
        eval_every=arguments.eval_every,
        keep_samples=arguments.keep_samples,
        log=arguments.log,
    )


def inputs_of(arguments: FitArguments) -> "Inputs":
    """The scan or mesh that is to be fitted, and its true surface; prints a hint where they are of different frames.

    Raises:
        FileNotFoundError, ReadError: A file is not there or not what it should be.
    """
    from diffshape.fitting.inputs.inputs import read_inputs

    inputs = read_inputs(
        input_path(arguments),
        arguments.truth,
        max_points=arguments.max_points,
        seed=arguments.seed,
        as_scan=arguments.as_scan,
        up=arguments.up,
    )
    if arguments.truth is not None and inputs.truth is not None:
        show_hint(frame_hint(inputs.name, inputs.points(), arguments.truth.name, inputs.truth.vertices, parts=True))
    return inputs


def _resumed_inputs(arguments: FitArguments, folder: Path) -> "Inputs":
    from diffshape.fitting.inputs.inputs import remembered_inputs

    return remembered_inputs(folder, truth=arguments.truth, up=arguments.up)
