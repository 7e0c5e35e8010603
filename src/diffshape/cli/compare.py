"""``diffshape compare``: several methods on several scans, in one table and in pictures."""

import json
import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import tyro

from diffshape._did_you_mean import did_you_mean
from diffshape.cli.device import chosen_device, use_threads
from diffshape.cli.errors import DONE, FAILED, PARTLY_FAILED, UsageError, usage_errors
from diffshape.cli.fit.arguments import FieldName, takes_normals
from diffshape.cli.fit.defaults import defaults_of
from diffshape.cli.fit.numbers import check_numbers
from diffshape.cli.folders import fresh_folder
from diffshape.cli.messages import Messages
from diffshape.cli.parsing.options import (
    OptionalAnswer,
    OptionalFloat,
    OptionalInt,
    OptionalNormals,
    OptionalPath,
    OptionalUp,
    VerbOptions,
)
from diffshape.fitting.inputs.input_file import input_file
from diffshape.fitting.presets import SCAN_PRESETS
from diffshape.fitting.settings import FitSettings

if TYPE_CHECKING:
    from diffshape.batch.comparison import Comparison
    from diffshape.report import ComparisonRow, ComparisonTable
    from diffshape.training import Progress

    PresetName: TypeAlias = str
else:  # one of the names that a method for scans has for its presets
    PresetName = Literal[tuple(dict.fromkeys(name for presets in SCAN_PRESETS.values() for name in presets))]

_FILES = {
    "report.html": "all of it as a page: tables to sort, pictures, what failed, links to the fits",
    "table.md": "means over the scans, scan by scan, what failed",
    "table.csv": "a row for each fit, with all numbers",
    "table.tex": "the tables for a paper (booktabs)",
    "pictures": "of each scan: surfaces, errors, level sets, training curves",
    "runs": "the run folder of each fit: mesh.ply, error.ply in colours, and all else of a fit",
}
"""Contents of the files of a comparison, by their names."""


@dataclass(frozen=True, kw_only=True)
class Compare(VerbOptions):
    """Fit every scan by every method, one after another, and compare the surfaces in a table and in pictures."""

    scans: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="SCAN...", help_behavior_hint="")]
    """Files of points, or of meshes from which points are drawn."""
    methods: Annotated[str, tyro.conf.arg(metavar="NAMES")] = "diffcd"
    """Methods, with commas between them, such as diffcd,igr,neural-pull; all: every method there is."""
    truth: OptionalPath = None
    """True surface of the scans, a mesh; or a folder of such, in which spot.ply is that of spot.ply, spot_0.005.ply and
    so on. Without it only the spurious share and the size of the surfaces are known."""
    out: OptionalPath = None
    """Folder to write to: new, empty, or that of the same comparison, which goes on where it was. Default:
    outputs/compare/TIME."""
    noise: Annotated[str | None, tyro.conf.arg(metavar="SHARES", help_behavior_hint="")] = None
    """Noises to add to scans that are clean, as shares of the longest side with commas between them, such as 0,0.005.
    Default: scans are taken as they are, and their noise is read off their names, as in spot_0.005.ply."""
    preset: PresetName = "standard"
    """Preset of every method: quick, a first look; standard, the fast settings of this library; paper, as published,
    hours without a GPU. Not every method has all of them."""
    steps: OptionalInt = None
    """Number of optimiser steps of every fit. Default: those of the preset, which differ from method to method."""
    seconds: OptionalFloat = None
    """Seconds to optimise each fit for, instead of a number of steps: the fair budget."""
    field_name: FieldName = None
    """Kind of the field of all methods, such as mlp, the network of IGR and DiffCD. Default: that of each preset."""
    prepare: OptionalAnswer = None
    """Whether every method gets cleaned points, normals and a start from them (yes), or the points as they are and a
    sphere (no). Default: as each preset has it: yes for diffcd, no for the published methods."""
    normals: OptionalNormals = None
    """Normals that the methods with a use for them learn from: given, those of the scan if it has any; estimated, this
    library's own; none. Default: that of each preset."""
    resolution: OptionalInt = None
    """Grid nodes along the side of the box of every mesh. Default: 256, or what suits the field."""
    seed: int = 0
    """Seed of weights, samples, and noise that is added."""
    max_points: OptionalInt = None
    """Largest number of points, drawn at random from a larger scan."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device to compute on; auto takes a GPU if there is one."""
    threads: OptionalInt = None
    """Number of CPU threads. Default: as many as PyTorch chooses."""
    up: OptionalUp = None
    """Axis that points up in pictures."""
    json: bool = False
    """Print the rows as JSON, and nothing else, to stdout."""
    quiet: bool = False
    """Print the folder and nothing else."""


def run(arguments: Compare) -> int:
    """Fit, write tables and pictures, and print the means."""
    comparison = _comparison(arguments)
    say = Messages(verb="compare", json=arguments.json, quiet=arguments.quiet)
    use_threads(arguments.threads)
    say.folder(comparison.folder)
    count = len(comparison.scans) * len(comparison.methods)
    counts = f"{_counted(len(comparison.scans), 'scan')} x {_counted(len(comparison.methods), 'method')}"
    say(f"{counts}: {_counted(count, 'fit')} on {comparison.device}")
    try:
        table = comparison.run(
            watch=lambda name: _progress(f"fit {name}", arguments.quiet), told=lambda row: say(_line(row))
        )
    except KeyboardInterrupt:
        print(f"go on with the same command and --out {comparison.folder}", file=sys.stderr)
        raise
    failed = sum(row.failed for row in table.rows)
    if arguments.json:
        rows = [row.to_dict() for row in table.rows]
        print(json.dumps({"folder": str(comparison.folder), "failed": failed, "rows": rows}))
    _tell(say, comparison.folder, table)
    return DONE if not failed else FAILED if failed == len(table.rows) else PARTLY_FAILED


def _comparison(arguments: Compare) -> "Comparison":
    """What is to be compared, checked before anything is begun.

    Raises:
        UsageError: The arguments cannot be meant, or a number is out of range.
        FileNotFoundError: A file is not there.
    """
    check_numbers(
        steps=arguments.steps,
        seconds=arguments.seconds,
        seed=arguments.seed,
        resolution=arguments.resolution,
        max_points=arguments.max_points,
        threads=arguments.threads,
    )
    methods = {name: _settings(arguments, name) for name in _methods(arguments.methods)}
    if arguments.normals is not None and not any(takes_normals(each.method) for each in methods.values()):
        raise UsageError(f"--normals has no effect on {' and '.join(methods)}; leave it out")
    noises = [] if arguments.noise is None else [_noise(word) for word in arguments.noise.split(",")]
    folder = _folder(arguments.out)
    scans = [input_file(path) for path in arguments.scans]
    if arguments.truth is not None and not arguments.truth.is_dir():
        input_file(arguments.truth)
    from diffshape.batch.compared_scan import compared_scans
    from diffshape.batch.comparison import Comparison

    with usage_errors():
        return Comparison(
            folder=folder,
            scans=compared_scans(scans, arguments.truth, noises),
            methods=methods,
            device=chosen_device(arguments.device),
            max_points=arguments.max_points,
            up=arguments.up,
        )


def _methods(words: str) -> list[str]:
    """The names of methods that were typed, each once."""
    names = list(SCAN_PRESETS) if words == "all" else list(dict.fromkeys(word.strip() for word in words.split(",")))
    for name in names:
        if name not in SCAN_PRESETS:
            hint = did_you_mean(name, SCAN_PRESETS) or f"; there are {', '.join(SCAN_PRESETS)}"
            raise UsageError(f"--methods: there is no method {name!r}{hint}")
    return names


def _settings(arguments: Compare, method: str) -> FitSettings:
    """The settings of the fits by one method."""
    settings = defaults_of(
        arguments.preset, None, arguments.prepare, method=method, field=arguments.field_name
    ).settings["scan"]
    if arguments.steps is not None or arguments.seconds is not None:
        settings = replace(settings, steps=arguments.steps, seconds=arguments.seconds)
    if arguments.normals is not None and takes_normals(settings.method):
        settings = replace(settings, method=replace(settings.method, normals=arguments.normals))
    return replace(settings, seed=arguments.seed, resolution=arguments.resolution or settings.resolution)


def _noise(word: str) -> float:
    try:
        noise = float(word)
    except ValueError:
        noise = math.nan
    if not 0 <= noise < 1:
        raise UsageError(f"--noise must be numbers from 0 to 1 with commas between them, got {word!r}")
    return noise


def _folder(out: Path | None) -> Path:
    """The folder of the comparison: that of one which goes on, or a new one."""
    if out is not None and (out / "table.csv").is_file():
        return out
    return fresh_folder(out, Path("outputs") / "compare")


def _progress(description: str, quiet: bool) -> "Progress":
    from diffshape.training import Progress

    return Progress(description, quiet=quiet)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _line(row: "ComparisonRow") -> str:
    """A row in a line, as soon as it is known."""
    if row.failed:
        return f"{row.scan}, {row.method}: failed: {row.error}"
    parts = ["in closed form" if row.steps == 0 else f"{row.seconds:.0f} s"]
    if row.chamfer is not None and row.normal_deg is not None:
        parts.append(f"chamfer x1e3 {1e3 * row.chamfer:.3f}, normals {row.normal_deg:.2f} deg")
    if row.spurious_share is not None:
        parts.append(f"spurious {100 * row.spurious_share:.2f} %")
    return f"{row.scan}, {row.method}: {', '.join(parts)}"


def _tell(say: Messages, folder: Path, table: "ComparisonTable") -> None:
    """Print the means, what failed, and the files."""
    say(f"\n{table}")
    failed = [row for row in table.rows if row.failed]
    if failed:
        say(f"\n{len(failed)} of {len(table.rows)} fits failed; the same command with --out {folder} tries them again")
    say.files({name: content for name, content in _FILES.items() if (folder / name).exists()})
