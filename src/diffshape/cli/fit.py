"""``diffshape fit``: a scan becomes a folder with its surface, a mesh one with its distance field."""

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from diffshape.cli.errors import INTERRUPTED, UsageError
from diffshape.cli.folders import fresh_folder, run_path
from diffshape.cli.options import OptionalFloat, OptionalInt, OptionalPath, PositionalPath
from diffshape.cli.settings import Base, base_named_in, base_of
from diffshape.fields.config import FieldConfig, HashGridConfig
from diffshape.fitting.config import DiffCD
from diffshape.fitting.supervised_config import Supervised

if TYPE_CHECKING:
    from diffshape.cli.inputs import Inputs
    from diffshape.fitting import FitResult
    from diffshape.training import Progress

_ALSO_ON_RESUME = {"resume", "truth", "resolution", "device", "threads", "json", "quiet", "debug"}


@dataclass(frozen=True)
class Fit:
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
    """quick: a first look. standard: the default. paper, for a scan: the published network, weights and 40,000 steps.
    For a mesh, fine: a larger grid, minutes; torch-ngp, instant-ngp: as published, hours without a GPU."""
    steps: OptionalInt = None
    """Optimiser steps, instead of the preset's; such a fit is deterministic on the CPU."""
    seconds: OptionalFloat = None
    """Seconds to optimise for, instead of steps."""
    resolution: int = 256
    """Grid nodes along the side of the mesh's box."""
    seed: int = 0
    """Seed of weights and samples."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute; auto takes a GPU if there is one."""
    max_points: OptionalInt = None
    """Draw at most this many points at random; of more than 100,000 so many are drawn in any case."""
    threads: OptionalInt = None
    """CPU threads."""
    config: OptionalPath = None
    """The config.yaml of another run, to fit with its settings."""
    resume: OptionalPath = None
    """The folder of an interrupted fit, to go on with; then without POINTS."""
    json: bool = False
    """Print the metrics as JSON, and nothing else, to stdout."""
    quiet: bool = False
    """Print the run folder and nothing else."""
    debug: bool = False
    """Show the traceback of an error."""
    method: DiffCD = field(default_factory=DiffCD)
    """Advanced, for scans: the objective and its sampling. The defaults shown are the preset's."""
    supervised: Supervised = field(default_factory=Supervised)
    """Advanced, for meshes: the loss and the sampling."""
    field: FieldConfig = field(default_factory=HashGridConfig)
    """Advanced: the field. For a scan, a grid is matched to the points unless an option of it is given; for a mesh, the
    options given change the preset's grid."""


def defaults_for(words: Sequence[str]) -> Fit:
    """The arguments before the flags are read: as the preset or config that the words name has them."""
    base = base_named_in(words)
    return Fit(seed=base.seed, method=base.method, supervised=base.supervised, field=base.field)


def run(arguments: Fit) -> int:
    """Fit, write the outputs, and tell of them."""
    _check(arguments)
    from diffshape.cli.device import chosen_device, use_threads
    from diffshape.cli.inputs import read_inputs, remembered_inputs
    from diffshape.cli.outputs import Teller, write_outputs
    from diffshape.training import Progress

    use_threads(arguments.threads)
    device = chosen_device(arguments.device)
    tell = Teller(json=arguments.json, quiet=arguments.quiet)
    base = None
    if arguments.resume:
        folder = run_path(arguments.resume)
        inputs = remembered_inputs(folder, truth=arguments.truth)
    else:
        assert arguments.points is not None
        inputs = read_inputs(
            arguments.points,
            arguments.truth,
            max_points=arguments.max_points,
            seed=arguments.seed,
            as_scan=arguments.as_scan,
        )
        base = base_of(arguments.preset, arguments.config)
        _check_used(arguments, base, inputs)
        method = "diffcd" if inputs.kind == "scan" else "supervised"
        folder = fresh_folder(arguments.out, Path("outputs") / arguments.points.stem / method)
    tell.folder(folder)
    tell.notes(inputs.notes)
    progress = Progress(f"fit {inputs.name} on {device}", quiet=arguments.quiet)
    with _told_how_to_resume(folder), progress:
        result = _fitted(arguments, base, inputs, folder, device, progress)
    tell.notes(note for note in result.notes if note not in inputs.notes)
    written = write_outputs(result, inputs, folder, resolution=arguments.resolution)
    if result.interrupted:
        tell.interrupted(folder, result.step)
        return INTERRUPTED
    tell.outputs(folder, written, inputs)
    return 0


def _check(arguments: Fit) -> None:
    """What can be said about the arguments before anything heavy is imported."""
    if arguments.resume is not None:
        given = [
            item.name
            for item in fields(Fit)
            if item.name not in _ALSO_ON_RESUME and getattr(arguments, item.name) != getattr(Fit(), item.name)
        ]
        if given:
            raise UsageError(f"--resume goes on with the scan and settings of its run; leave out {', '.join(given)}")
    elif arguments.points is None:
        raise UsageError("fit: give a file of points or a mesh, or --resume RUN")
    if arguments.steps is not None and arguments.seconds is not None:
        raise UsageError("--steps and --seconds exclude each other")
    for name, low in (("steps", 1), ("resolution", 16), ("max_points", 4), ("threads", 1)):
        value = getattr(arguments, name)
        if value is not None and value < low:
            raise UsageError(f"--{name.replace('_', '-')} must be at least {low}, got {value}")
    if arguments.seconds is not None and not 0 < arguments.seconds < float("inf"):
        raise UsageError(f"--seconds must be a positive number, got {arguments.seconds}")


def _check_used(arguments: Fit, base: Base, inputs: "Inputs") -> None:
    """Refuse settings for the other kind of input."""
    if (kind := inputs.kind) == "scan":
        unused = {"supervised.*": arguments.supervised != base.supervised}
    else:
        unused = {"method.*": arguments.method != base.method, "max-points": bool(arguments.max_points)}
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
        "field": base.field_for(inputs.kind, arguments.field, inputs.path),
        "steps": arguments.steps if budgeted else (preset.steps or None),
        "seconds": arguments.seconds if budgeted else base.seconds,
        "device": device,
        "seed": arguments.seed,
        "folder": folder,
        "observers": [progress],
    }
    if inputs.mesh is None:
        return fit_points(inputs.points, arguments.method, **options)
    return fit_mesh(inputs.mesh, arguments.supervised, **options)


@contextlib.contextmanager
def _told_how_to_resume(folder: Path):  # noqa: ANN202 - a generator of nothing
    """What stops a fit on its way (a second Ctrl-C, a full disk) also tells how to go on."""
    try:
        yield
    except (KeyboardInterrupt, OSError):
        if (folder / "config.yaml").is_file():
            print(f"go on with: diffshape fit --resume {folder}", file=sys.stderr)
        raise
