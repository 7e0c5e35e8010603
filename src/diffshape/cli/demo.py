"""``diffshape demo``: the built-in scan, fitted and scored."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from diffshape.cli.fit import command as fit
from diffshape.cli.folders import fresh_folder
from diffshape.cli.parsing.options import OptionalInt, OptionalPath, VerbOptions
from diffshape.data.up import UP, Up


@dataclass(frozen=True, kw_only=True)
class Demo(VerbOptions):
    """Fit a surface to a built-in scan of a kettle, and score it against the true one."""

    out: OptionalPath = None
    """Folder to write to, new or empty. Default: outputs/demo/TIME."""
    preset: Literal["quick", "standard", "paper"] = "standard"
    """Settings of the fit: quick takes a third of the time of standard; paper takes hours."""
    steps: OptionalInt = None
    """Number of optimiser steps. Default: that of the preset."""
    up: Up = UP
    """Axis that points up in preview.png."""
    resolution: int = 256
    """Grid nodes along the side of the mesh's box."""


def run(arguments: Demo) -> int:
    """Write scan and truth, then do as ``diffshape fit`` does."""
    begun = fit.defaults_for(["--preset", arguments.preset])
    folder = fresh_folder(arguments.out, Path("outputs") / "demo")
    wanted = replace(
        begun,
        points=folder / "scan.ply",
        truth=folder / "truth.ply",
        out=folder / "fit",
        preset=arguments.preset,
        steps=arguments.steps,
        resolution=arguments.resolution,
        up=arguments.up,
    )
    fit.check(wanted)
    from diffshape.data import demo_scan, write_mesh, write_points

    points, truth = demo_scan()
    write_points(folder / "scan.ply", points)
    write_mesh(folder / "truth.ply", *truth)
    print(f"simulated scan: {folder / 'scan.ply'}\nits true surface: {folder / 'truth.ply'}", flush=True)
    return fit.run(wanted)
