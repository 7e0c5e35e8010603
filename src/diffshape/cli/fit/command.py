"""``diffshape fit``: a scan becomes a folder with its surface, a mesh one with its distance field."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import tyro

from diffshape._bounds import check_budget, check_resolution, check_whole
from diffshape._commands import typed_as
from diffshape.cli.device import check_threads, chosen_device, use_threads
from diffshape.cli.errors import DONE, UsageError, usage_errors
from diffshape.cli.fit.defaults import FitDefaults, defaults_named_in, defaults_of
from diffshape.cli.fit.outputs import tell_outputs
from diffshape.cli.folders import fresh_folder, run_path
from diffshape.cli.frame_hint import frame_hint, show_hint
from diffshape.cli.messages import Messages
from diffshape.cli.parsing.options import (
    OptionalAnswer,
    OptionalFloat,
    OptionalInt,
    OptionalPath,
    OptionalUp,
    PositionalPath,
    VerbOptions,
)
from diffshape.cli.way_on import told_way_on
from diffshape.fields.config import FieldConfig, HashGridConfig
from diffshape.fitting.methods.config import MeshMethodConfig, ScanMethodConfig, method_of
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.supervised import Supervised
from diffshape.fitting.methods.table import Fits, MeshMethod, ScanMethod, name_of
from diffshape.fitting.presets import PRESETS
from diffshape.fitting.settings import FitSettings
from diffshape.training.run_folder import RunFolder

if TYPE_CHECKING:
    from diffshape.batch.inputs import Inputs

    PresetName: TypeAlias = str
else:  # one of the names in the lists of presets
    PresetName = Literal[tuple(dict.fromkeys(name for presets in PRESETS.values() for name in presets))]


@dataclass(frozen=True, kw_only=True)
class FitArguments(VerbOptions):
    """Fit a surface to a scan (points, noisy or not, in any unit), or encode a mesh as a neural distance field."""

    points: PositionalPath = None
    """File of points (PLY, PCD, LAS, E57, XYZ, CSV, NPY and others) or of a mesh (PLY, OBJ, OFF, STL or GLB). A file
    with faces is a mesh."""
    as_scan: bool = False
    """Draw points from the mesh and fit these as a scan."""
    truth: OptionalPath = None
    """File of the true surface, a mesh, to score the fit against. Default for a mesh: the mesh itself."""
    out: OptionalPath = None
    """Folder to write the run to, new or empty. Default: outputs/POINTS/METHOD/TIME."""
    preset: PresetName = "standard"
    """quick: a first look. standard: the default. paper, for a scan: the published network, weights and steps, hours.
    For a mesh, fine: a larger grid, minutes; torch-ngp, instant-ngp: as published, hours without a GPU."""
    steps: OptionalInt = None
    """Number of optimiser steps. Default: that of the preset."""
    seconds: OptionalFloat = None
    """Seconds to optimise for, instead of a number of steps."""
    resolution: OptionalInt = None
    """Grid nodes along the side of the mesh's box. Default: 256, or that of the run that is resumed."""
    seed: int = 0
    """Seed of weights and samples."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device to compute on; auto takes a GPU if there is one."""
    max_points: OptionalInt = None
    """Largest number of points, drawn at random from a larger scan; 100,000 at most are fitted in any case."""
    threads: OptionalInt = None
    """Number of CPU threads. Default: as many as PyTorch chooses."""
    up: OptionalUp = None
    """Axis that points up in preview.png."""
    config: OptionalPath = None
    """File of settings to fit with: the config.yaml of another run, or a part of one. Settings that it does not name
    are those of the preset."""
    prepare: OptionalAnswer = None
    """Whether a scan is oriented, denoised and resampled before it is fitted (--method.scan.*). With no, the points are
    taken as they are and the fit starts from a sphere. Default: yes, except with --preset paper."""
    open: bool = False
    """Fit a scan as open surfaces, such as a terrain, a face, a garment or a room: sides are told along the surface,
    and the mesh ends where the points do. Without it a scan is one of solids, and its mesh is closed."""
    resume: OptionalPath = None
    """Folder of an interrupted fit to go on with; leave out POINTS and --out."""
    json: bool = False
    """Print the metrics as JSON, and nothing else, to stdout."""
    quiet: bool = False
    """Print the run folder and nothing else."""
    method: ScanMethod = field(default_factory=DiffCD)
    """For scans: the objective and its sampling. The defaults shown are the preset's."""
    supervised: MeshMethod = field(default_factory=Supervised)
    """For meshes: the loss and the sampling."""
    field: FieldConfig = field(default_factory=HashGridConfig)
    """The field. For a scan, a grid is matched to the points unless an option of it is given; for a mesh, the
    options given change the preset's grid."""
    defaults: tyro.conf.Suppress[tyro.conf.Fixed[FitDefaults | None]] = None
    """Settings that the flags began with; None: those of ``preset`` and ``config``."""


def defaults_for(words: Sequence[str]) -> FitArguments:
    """The arguments before the flags are read: those of the preset or config.yaml that the words name."""
    defaults = defaults_named_in(words)
    return FitArguments(
        defaults=defaults,
        seed=defaults.seed,
        method=method_of(ScanMethodConfig, defaults.method("scan")),
        supervised=method_of(MeshMethodConfig, defaults.method("mesh")),
        field=defaults.field,
    )


def run(arguments: FitArguments) -> int:
    """Fit, write the outputs, and print what there is."""
    check(arguments)
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
        inputs = _inputs(arguments)
        settings = settings_of(arguments, inputs.kind, inputs.path)
        folder = fresh_folder(arguments.out, Path("outputs") / inputs.path.stem / name_of(settings.method))
    say.folder(folder)
    say.notes(inputs.notes)
    job = FitJob(inputs=inputs, settings=settings, folder=folder, device=device, resolution=arguments.resolution)
    progress = Progress(f"fit {inputs.name} on {device}", quiet=arguments.quiet)
    with told_way_on(folder, "fit"), RunFolder(folder).only_here():
        with progress:
            result = job.fit([progress])
        say.notes(note for note in result.notes if note not in inputs.notes)
        outputs = job.write(result)
    if result.interrupted:
        return say.interrupted(folder, result.step)
    tell_outputs(say, folder, outputs, truth=inputs.truth_path)
    return DONE


def check(arguments: FitArguments) -> None:
    """Check the arguments as far as that needs no heavy import.

    Raises:
        UsageError: The arguments cannot be meant, or a number is out of range.
    """
    if arguments.resume is not None:
        points = "POINTS" if arguments.points is not None else None
        arguments.refuse_on_resume(points, kept="scan", besides={"truth", "resolution", "up"})
    else:
        _input_path(arguments)
    with usage_errors():
        check_budget("", steps=arguments.steps, seconds=arguments.seconds, seed=arguments.seed)
        if arguments.resolution is not None:
            check_resolution("--resolution", arguments.resolution, 16)
        check_threads(arguments.threads)
        if arguments.max_points is not None:
            check_whole("--max-points", arguments.max_points, 4)


def settings_of(arguments: FitArguments, kind: Fits, path: Path) -> FitSettings:
    """The settings of a fit to a kind of input: the defaults, with what was typed in their place.

    Raises:
        UsageError: The preset or config is for another kind of input, or so is an option that was typed.
    """
    defaults = arguments.defaults or defaults_of(arguments.preset, arguments.config, arguments.prepare)
    settings = defaults.settings_for(kind, path)
    for_scans = {"method": "method.*", "max_points": "max-points", "prepare": "prepare", "open": "open"}
    unused = {"supervised": "supervised.*"} if kind == "scan" else for_scans
    for name, option in unused.items():
        if name in arguments.typed or arguments.typed_in(name):
            hint = "leave it out" if kind == "scan" else "leave it out, or fit it --as-scan"
            raise UsageError(f"--{option} has no effect on a {kind}, which {path} is; {hint}")
    settings = replace(
        settings,
        method=arguments.method if kind == "scan" else arguments.supervised,
        field=defaults.field_for(kind, arguments.field, arguments.typed_in("field"), path),
        seed=arguments.seed,
        resolution=arguments.resolution or settings.resolution,
        open=arguments.open or settings.open,
    )
    if arguments.steps is None and arguments.seconds is None:
        return settings
    return replace(settings, steps=arguments.steps, seconds=arguments.seconds)


def _input_path(arguments: FitArguments) -> Path:
    """The file to fit.

    Raises:
        UsageError: None was typed.
    """
    if arguments.points is None:
        raise UsageError("fit: give a file of points or a mesh, or --resume RUN")
    return arguments.points


def _inputs(arguments: FitArguments) -> "Inputs":
    from diffshape.batch.inputs import read_inputs

    inputs = read_inputs(
        _input_path(arguments),
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
    from diffshape.batch.inputs import remembered_inputs

    return remembered_inputs(folder, truth=arguments.truth, up=arguments.up)
