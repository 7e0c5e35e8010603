"""``diffshape fit``: a scan becomes a folder with its surface, a mesh one with its distance field."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from diffshape._bounds import check_budget, check_resolution, check_whole
from diffshape.cli.device import check_threads, chosen_device, use_threads
from diffshape.cli.errors import INTERRUPTED, UsageError, usage_errors
from diffshape.cli.fit_defaults import Base, base_named_in, base_of
from diffshape.cli.folders import fresh_folder, run_path
from diffshape.cli.frame_hint import frame_hint, show_hint
from diffshape.cli.options import OptionalFloat, OptionalInt, OptionalPath, OptionalUp, PositionalPath, VerbOptions
from diffshape.cli.way_on import is_complete, told_way_on
from diffshape.fields.config import FieldConfig, HashGridConfig
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.supervised import Supervised

if TYPE_CHECKING:
    from diffshape.cli.inputs import Inputs
    from diffshape.fitting import FitResult
    from diffshape.training import Progress

_ALSO_ON_RESUME = {"resume", "truth", "resolution", "up", "device", "threads", "json", "quiet", "debug"}


@dataclass(frozen=True, kw_only=True)
class Fit(VerbOptions):
    """Fit a surface to a scan (points, noisy or not, in any unit), or encode a mesh as a neural distance field."""

    points: PositionalPath = None
    """PLY, OBJ, OFF, STL, GLB, XYZ, TXT, CSV, PTS, ASC, NPY or NPZ. A file with faces is a mesh."""
    as_scan: bool = False
    """Draw points from a mesh and fit these."""
    truth: OptionalPath = None
    """The true surface, a mesh, to score the fit against. Default for a mesh: itself."""
    out: OptionalPath = None
    """The run folder; new or empty. Default: outputs/POINTS/METHOD/TIME."""
    preset: Literal["quick", "standard", "paper", "fine", "torch-ngp", "instant-ngp"] = "standard"
    """quick: a first look. standard: the default. paper, for a scan: the published network, weights and steps, hours.
    For a mesh, fine: a larger grid, minutes; torch-ngp, instant-ngp: as published, hours without a GPU."""
    steps: OptionalInt = None
    """Optimiser steps, instead of the preset's."""
    seconds: OptionalFloat = None
    """Seconds to optimise for, instead of steps."""
    resolution: OptionalInt = None
    """Grid nodes along the side of the mesh's box; 256, or as many as the run has that is resumed."""
    seed: int = 0
    """Seed of weights and samples."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute; auto takes a GPU if there is one."""
    max_points: OptionalInt = None
    """Draw at most this many points at random; larger scans are thinned to 100,000 in any case."""
    threads: OptionalInt = None
    """CPU threads; as many as PyTorch chooses if not given."""
    up: OptionalUp = None
    """Which axis points up in preview.png."""
    config: OptionalPath = None
    """The config.yaml of another run, or a part of one, to fit with its settings; the others are the preset's."""
    resume: OptionalPath = None
    """The folder of an interrupted fit, to go on with; then without POINTS."""
    json: bool = False
    """Print the metrics as JSON, and nothing else, to stdout."""
    quiet: bool = False
    """Print the run folder and nothing else."""
    method: DiffCD = field(default_factory=DiffCD)
    """For scans: the objective and its sampling. The defaults shown are the preset's."""
    supervised: Supervised = field(default_factory=Supervised)
    """For meshes: the loss and the sampling."""
    field: FieldConfig = field(default_factory=HashGridConfig)
    """The field. For a scan, a grid is matched to the points unless an option of it is given; for a mesh, the
    options given change the preset's grid."""


def defaults_for(words: Sequence[str]) -> Fit:
    """The arguments before the flags are read: as the preset or config that the words name has them."""
    base = base_named_in(words)
    return Fit(seed=base.seed, method=base.method, supervised=base.supervised, field=base.field)


def run(arguments: Fit) -> int:
    """Fit, write the outputs, and tell of them."""
    check(arguments)
    from diffshape.cli.inputs import read_inputs, remembered_inputs
    from diffshape.cli.outputs import Teller, write_outputs
    from diffshape.training import Progress, only_here

    use_threads(arguments.threads)
    device = chosen_device(arguments.device)
    tell = Teller(json=arguments.json, quiet=arguments.quiet)
    base = None
    if arguments.resume:
        folder = run_path(arguments.resume)
        if is_complete(folder):
            return tell.finished(folder)
        inputs = remembered_inputs(folder, truth=arguments.truth, up=arguments.up)
    else:
        assert arguments.points is not None
        inputs = read_inputs(
            arguments.points,
            arguments.truth,
            max_points=arguments.max_points,
            seed=arguments.seed,
            as_scan=arguments.as_scan,
            up=arguments.up,
        )
        if arguments.truth is not None and inputs.truth is not None:
            show_hint(frame_hint(inputs.name, inputs.points, arguments.truth.name, inputs.truth.vertices, parts=True))
        base = base_of(arguments.preset, arguments.config)
        _check_used(arguments, base, inputs)
        method = "diffcd" if inputs.kind == "scan" else "supervised"
        folder = fresh_folder(arguments.out, Path("outputs") / arguments.points.stem / method)
    tell.folder(folder)
    tell.notes(inputs.notes)
    progress = Progress(f"fit {inputs.name} on {device}", quiet=arguments.quiet)
    with told_way_on(folder, "fit"), only_here(folder):
        with progress:
            result = _fitted(arguments, base, inputs, folder, device, progress)
        tell.notes(note for note in result.notes if note not in inputs.notes)
        resolution = arguments.resolution or result.settings.resolution
        written = write_outputs(result, inputs, folder, resolution=resolution)
    if result.interrupted:
        tell.interrupted(folder, result.step)
        return INTERRUPTED
    tell.outputs(folder, written, inputs)
    return 0


def check(arguments: Fit) -> None:
    """Check what can be told before anything heavy is imported.

    Raises:
        UsageError: The arguments cannot be meant, or a number is out of range.
    """
    if arguments.resume is not None:
        given = ["POINTS"] if arguments.points is not None else []
        given += [f"--{name.replace('_', '-')}" for name in sorted(arguments.typed - _ALSO_ON_RESUME)]
        if given:
            raise UsageError(f"--resume goes on with the scan and settings of its run; leave out {', '.join(given)}")
    elif arguments.points is None:
        raise UsageError("fit: give a file of points or a mesh, or --resume RUN")
    with usage_errors():
        check_budget("", steps=arguments.steps, seconds=arguments.seconds, seed=arguments.seed)
        if arguments.resolution is not None:
            check_resolution("--resolution", arguments.resolution, 16)
        check_threads(arguments.threads)
        if arguments.max_points is not None:
            check_whole("--max-points", arguments.max_points, 4)


def _check_used(arguments: Fit, base: Base, inputs: "Inputs") -> None:
    """Refuse settings for the other kind of input."""
    if (kind := inputs.kind) == "scan":
        unused = {"supervised.*": arguments.typed_in("supervised")}
    else:
        unused = {"method.*": arguments.typed_in("method"), "max-points": arguments.max_points}
    base.preset_for(kind, inputs.path)
    for name, is_given in unused.items():
        if is_given:
            hint = "leave it out" if kind == "scan" else "leave it out, or fit it --as-scan"
            raise UsageError(f"--{name} has no effect on a {kind}, which {inputs.path} is; {hint}")


def _fitted(
    arguments: Fit, base: Base | None, inputs: "Inputs", folder: Path, device: str, progress: "Progress"
) -> "FitResult":
    """A fit from its base, or one that is resumed and has none."""
    from diffshape.fitting import fit_mesh, fit_points, resume_fit

    if base is None:
        return resume_fit(folder, device=device, observers=[progress])
    preset = base.preset_for(inputs.kind, inputs.path)
    budgeted = arguments.steps is not None or arguments.seconds is not None
    inputs.remember(folder)
    options: Any = {
        "field": base.field_for(inputs.kind, arguments.field, arguments.typed_in("field"), inputs.path),
        "steps": arguments.steps if budgeted else (preset.steps or None),
        "seconds": arguments.seconds if budgeted else base.seconds,
        "device": device,
        "seed": arguments.seed,
        "resolution": arguments.resolution or base.resolution,
        "folder": folder,
        "observers": [progress],
    }
    if inputs.mesh is None:
        return fit_points(inputs.points, arguments.method, **options)
    return fit_mesh(inputs.mesh, arguments.supervised, **options)
