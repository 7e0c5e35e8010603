"""Arguments of ``diffshape fit``, and the settings that they make. Needs no torch."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import tyro

from diffshape._bounds import check_whole
from diffshape.cli.errors import UsageError, usage_errors
from diffshape.cli.fit.defaults import FIELD_NAMES, FitDefaults, defaults_named_in, defaults_of
from diffshape.cli.fit.numbers import check_numbers
from diffshape.cli.parsing.options import (
    OptionalAnswer,
    OptionalFloat,
    OptionalInt,
    OptionalNormals,
    OptionalPath,
    OptionalTracker,
    OptionalUp,
    OptionalViewer,
    PositionalPath,
    VerbOptions,
)
from diffshape.cli.viewer_options import HOST
from diffshape.fields.config import FieldConfig, HashGridConfig
from diffshape.fitting.methods.config import MeshMethodConfig, MethodConfig, ScanMethodConfig, method_of
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.supervised import Supervised
from diffshape.fitting.methods.table import Fits, MeshMethod, ScanMethod, name_of
from diffshape.fitting.presets import PRESETS, SCAN_PRESETS
from diffshape.fitting.settings import FitSettings

if TYPE_CHECKING:
    PresetName: TypeAlias = str
    MethodName: TypeAlias = str | None
    FieldName: TypeAlias = str | None
else:  # one of the names in the lists of presets, methods and fields
    PresetName = Literal[tuple(dict.fromkeys(name for presets in PRESETS.values() for name in presets))]
    MethodName, FieldName = (
        Annotated[
            Literal[tuple(names)] | None,
            tyro.conf.arg(name=option, metavar=f"{{{','.join(names)}}}", help_behavior_hint=""),
        ]
        for option, names in (("method", SCAN_PRESETS), ("field", FIELD_NAMES))
    )
_KEPT_ON_RESUME = {
    "truth",
    "resolution",
    "up",
    "mesh_every",
    "eval_every",
    "keep_samples",
    "vis",
    "viewer_host",
    "viewer_port",
}
"""Options that a resumed fit takes, as they do not change it."""


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
    method_name: MethodName = None
    """Method that fits a scan; its settings are --method.*. Default: that of --config, or diffcd."""
    field_name: FieldName = None
    """Kind of the field; its settings are --field.*. hash, hash-grid: features at the nodes of grids, under a small
    network. mlp: the network of IGR and DiffCD. siren: a network of sines. grid, feature-grid: grids without a network.
    distance-grid: distances at nodes near the surface, in closed form for a prepared scan. Default: that of the
    preset."""
    preset: PresetName = "standard"
    """quick: a first look. standard: the default. paper, for a scan: the published network, weights and steps of the
    method, hours. For a mesh, fine: a larger grid, minutes; torch-ngp, instant-ngp: as published, hours without a
    GPU."""
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
    """File of settings to fit with: the config.yaml of another run, or a part of one, whose other settings are those of
    the preset; or a YAML file of the program of DiffCD's authors."""
    prepare: OptionalAnswer = None
    """Whether a scan is oriented, denoised and resampled before it is fitted (--method.scan.*). With no, the points are
    taken as they are and the fit starts from a sphere. Default: yes for diffcd without --preset paper, else no."""
    normals: OptionalNormals = None
    """Normals that the method is given, if it takes any, as IGR does. given: those of the scan, if it has them;
    estimated: found from its points; none. Default: as the preset says."""
    open: bool = False
    """Fit a scan as open surfaces, such as a terrain, a face, a garment or a room: sides are told along the surface,
    and the mesh ends where the points do. Without it a scan is one of solids, and its mesh is closed."""
    mesh_every: OptionalInt = None
    """Write the surface every so many steps, to meshes/ in the run folder."""
    eval_every: OptionalInt = None
    """Score the surface against --truth every so many steps, to eval_metrics.csv in the run folder."""
    keep_samples: bool = False
    """Write the points that the fit draws, and the width of the samples around each, as train_points.npy and
    local_sigma.npy in the run folder."""
    log: OptionalTracker = None
    """Give the numbers of log.csv to TensorBoard or Weights & Biases too, by files in the run folder; nothing is
    uploaded unless WANDB_MODE=online is set. Needs the package of that name."""
    vis: OptionalViewer = None
    """Show the fit in a browser while it runs, at an address that is printed: the surface as it grows, the loss, pause
    and stop. Needs viser."""
    viewer_host: str = HOST
    """Address at which the viewer listens; 0.0.0.0 lets every machine of the network see it."""
    viewer_port: OptionalInt = None
    """Port at which the viewer listens. Default: the first free one from 8080 on."""
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
    """The field. For a scan, a grid is matched to the points unless --field or an option of it is given; for a mesh,
    the options given change the preset's grid."""
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


def check(arguments: FitArguments) -> None:
    """Check the arguments as far as that needs no heavy import.

    Raises:
        UsageError: The arguments cannot be meant, or a number is out of range.
    """
    if arguments.resume is not None:
        points = "POINTS" if arguments.points is not None else None
        arguments.refuse_on_resume(points, kept="scan", besides=_KEPT_ON_RESUME)
    else:
        input_path(arguments)
    check_numbers(
        steps=arguments.steps,
        seconds=arguments.seconds,
        seed=arguments.seed,
        resolution=arguments.resolution,
        max_points=arguments.max_points,
        threads=arguments.threads,
    )
    with usage_errors():
        for option, every in (("--mesh-every", arguments.mesh_every), ("--eval-every", arguments.eval_every)):
            if every is not None:
                check_whole(option, every, 1)


def settings_of(arguments: FitArguments, kind: Fits, path: Path) -> FitSettings:
    """The settings of a fit to a kind of input: the defaults, with what was typed in their place.

    Raises:
        UsageError: The preset or config is for another kind of input, or so is an option that was typed.
    """
    defaults = arguments.defaults or defaults_of(
        arguments.preset,
        arguments.config,
        arguments.prepare,
        method=arguments.method_name,
        field=arguments.field_name,
    )
    settings = defaults.settings_for(kind, path)
    for_scans = {name: name.replace("_", "-") for name in ("max_points", "prepare", "normals", "open")}
    for_scans |= {"method": "method.*"}
    unused = {"supervised": "supervised.*"} if kind == "scan" else for_scans
    for name, option in unused.items():
        if name in arguments.typed or arguments.typed_in(name):
            hint = "leave it out" if kind == "scan" else "leave it out, or fit it --as-scan"
            raise UsageError(f"--{option} has no effect on a {kind}, which {path} is; {hint}")
    settings = replace(
        settings,
        method=_with_normals(arguments) if kind == "scan" else arguments.supervised,
        field=defaults.field_for(kind, arguments.field, arguments.typed_in("field"), path),
        seed=arguments.seed,
        resolution=arguments.resolution or settings.resolution,
        open=arguments.open or settings.open,
    )
    if arguments.steps is None and arguments.seconds is None:
        return settings
    return replace(settings, steps=arguments.steps, seconds=arguments.seconds)


def takes_normals(method: MethodConfig) -> bool:
    """Whether a method has a choice of normals."""
    return "normals" in {item.name for item in fields(method)}


def _with_normals(arguments: FitArguments) -> ScanMethodConfig:
    """The method for a scan, with the choice of normals that was typed.

    Raises:
        UsageError: It takes no normals, or two choices were typed.
    """
    method, normals = arguments.method, arguments.normals
    if normals is None:
        return method
    if not takes_normals(method):
        raise UsageError(f"--normals has no effect on the method {name_of(method)}; leave it out")
    if "normals" in arguments.typed_in("method"):
        raise UsageError("--normals and --method.normals say the same; leave one of them out")
    return replace(method, normals=normals)


def input_path(arguments: FitArguments) -> Path:
    """The file to fit.

    Raises:
        UsageError: None was typed.
    """
    if arguments.points is None:
        raise UsageError("fit: give a file of points or a mesh, or --resume RUN")
    return arguments.points
