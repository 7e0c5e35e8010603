"""``diffshape clean``: the points of a scan on the surface that was scanned, a row in, a row out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from diffshape._bounds import check_number
from diffshape.cli.device import check_threads, chosen_device, use_threads
from diffshape.cli.errors import DONE, UsageError, usage_errors
from diffshape.cli.folders import output_file
from diffshape.cli.messages import Messages
from diffshape.cli.parsing.options import OptionalFloat, OptionalInt, OptionalPath, OptionalUp, VerbOptions
from diffshape.data.up import up_of
from diffshape.fitting.inputs.input_file import input_file

if TYPE_CHECKING:
    from diffshape.data import PointCloud
    from diffshape.fitting import CleanScan

_SUFFIXES = (".ply", ".pcd", ".csv", ".xyz", ".txt", ".npz")
"""Formats that hold normals and all other columns."""


@dataclass(frozen=True, kw_only=True)
class Clean(VerbOptions):
    """Take the noise out of a scan: its points move to the surface, get normals and a confidence, and keep all else."""

    scan: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SCAN")]
    """File of points (PLY, PCD, LAS, E57, XYZ, CSV, NPY and others), in any unit. From a mesh, points are drawn."""
    out: OptionalPath = None
    """File to write: PLY, PCD, CSV, XYZ, TXT or NPZ; beside it, a PNG of the points before and after. Default:
    SCAN_clean.ply, beside SCAN."""
    noise: OptionalFloat = None
    """Standard deviation of the noise, in the unit of the scan; 0 moves no point. Default: estimated from the scan."""
    drop_outliers: bool = False
    """Leave out the points that belong to no surface, instead of marking them by outlier = 1 and confidence = 0."""
    prior: OptionalPath = None
    """Folder of a diffshape train scan-prior, whose prior cleans in place of the one that diffshape brings along."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device to compute on; auto takes a GPU if there is one."""
    threads: OptionalInt = None
    """Number of CPU threads. Default: as many as PyTorch chooses."""
    up: OptionalUp = None
    """Axis that points up in the picture."""
    json: bool = False
    """Print what was found as JSON, and nothing else, to stdout."""
    quiet: bool = False
    """Print the file that is written and nothing else."""


def run(arguments: Clean) -> int:
    """Read, clean, write, draw, and print what was found."""
    with usage_errors():
        check_threads(arguments.threads)
        if arguments.noise is not None:
            check_number("--noise", arguments.noise, 0)
    scan = input_file(arguments.scan)
    path = output_file(arguments.out or scan.with_name(f"{scan.stem}_clean.ply"), _SUFFIXES)
    if path.resolve() == scan.resolve():
        raise UsageError(f"--out {path} is the scan itself; give another file")
    from diffshape.data import as_points
    from diffshape.report import cleaning_strip

    use_threads(arguments.threads)
    device = chosen_device(arguments.device)
    say = Messages(verb="clean", json=arguments.json, quiet=arguments.quiet)
    cloud = as_points(scan)
    say(f"{scan}: {len(cloud):,} points, cleaned on {device}")
    say.notes(cloud.notes)
    cleaned = _cleaned(cloud, scan, arguments, device)
    replaced = _write(path, cloud, cleaned, drop_outliers=arguments.drop_outliers)
    say.notes([f"replaced columns of the scan: {', '.join(replaced)}"] if replaced else [])
    picture = path.with_suffix(".png")
    cleaning_strip(cloud.points, cleaned, path=picture, up=arguments.up or up_of(scan))
    facts = _facts(cloud, cleaned)
    if arguments.json:
        print(json.dumps({"file": str(path), "picture": str(picture), **facts}))
    elif arguments.quiet:
        print(path)
    else:
        print(_summary(facts, dropped=arguments.drop_outliers))
        say.files({str(path): "cleaned points, normals, confidence, error, outlier", str(picture): "before and after"})
    return DONE


def _cleaned(cloud: "PointCloud", scan: Path, arguments: Clean, device: str) -> "CleanScan":
    """The cleaned points of a file, which errors name."""
    from diffshape.fitting import clean_scan

    try:
        return clean_scan(cloud, noise=arguments.noise, prior=arguments.prior, device=device)
    except ValueError as error:
        raise ValueError(str(error).replace("clean_scan: points", str(scan))) from error


def _write(path: Path, cloud: "PointCloud", cleaned: "CleanScan", *, drop_outliers: bool) -> list[str]:
    """Write the cleaned points with all columns of the scan; returns the names of those that new ones replace."""
    import numpy as np

    from diffshape.data import PointCloud, write_points

    found = {
        "confidence": cleaned.confidence.astype(np.float32),
        "error": cleaned.error.astype(np.float32),
        "outlier": cleaned.outliers.astype(np.uint8),
    }
    written = PointCloud(cleaned.points, cleaned.normals, attributes={**cloud.attributes, **found})
    write_points(path, written.rows(~cleaned.outliers) if drop_outliers else written)
    before = ["normals"] if cloud.normals is not None else []
    return [*before, *(name for name in found if name in cloud.attributes)]


def _facts(cloud: "PointCloud", cleaned: "CleanScan") -> dict[str, Any]:
    """What was found in the scan, lengths in its unit."""
    import numpy as np

    offsets = cleaned.points - cloud.points
    moves = np.sqrt(np.einsum("nc,nc->n", offsets, offsets))[~cleaned.outliers]
    return {
        "points": len(cleaned),
        "outliers": int(cleaned.outliers.sum()),
        "noise": cleaned.noise,
        "spacing": cleaned.spacing,
        "mean_move": float(moves.mean()) if len(moves) else 0.0,
        "mean_error": float(cleaned.error[~cleaned.outliers].mean()) if len(moves) else None,
        "oriented": cleaned.oriented,
    }


def _summary(facts: Mapping[str, Any], *, dropped: bool) -> str:
    """Summary of what was found, for people."""
    outliers = f"{facts['outliers']:,} outlier{'s' * (facts['outliers'] != 1)}"
    return (
        f"noise {facts['noise']:.4g}, points {facts['spacing']:.4g} apart, moved by {facts['mean_move']:.4g} in the "
        f"mean, in the unit of the scan; {outliers} {'left out' if dropped else 'marked'}\n"
        + ("normals point outside" if facts["oriented"] else "no inside was found: normals may point to either side")
    )
