"""``diffshape demo``: the built-in scan, fitted and scored."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from diffshape.cli import fit
from diffshape.cli.folders import fresh_folder
from diffshape.cli.options import OptionalInt, OptionalPath


@dataclass(frozen=True)
class Demo:
    """Fit a surface to a built-in scan of a kettle, and score it against the true one."""

    out: OptionalPath = None
    """Where to write; new or empty. Default: outputs/demo/TIME."""
    preset: Literal["quick", "standard", "paper"] = "standard"
    """quick takes a third of the time."""
    steps: OptionalInt = None
    """Optimiser steps, instead of the preset's."""
    resolution: int = 256
    """Grid nodes along the side of the mesh's box."""
    debug: bool = False
    """Show the traceback of an error."""


def run(arguments: Demo) -> int:
    """Write scan and truth, then do as ``diffshape fit`` does."""
    folder = fresh_folder(arguments.out, Path("outputs") / "demo")
    from diffshape.data import demo_scan, write_mesh, write_points

    points, truth = demo_scan()
    scan, surface = folder / "scan.ply", folder / "truth.ply"
    write_points(scan, points)
    write_mesh(surface, *truth)
    print(f"simulated scan: {scan}\nits true surface: {surface}", flush=True)
    defaults = fit.defaults_for(["--preset", arguments.preset])
    return fit.run(
        fit.Fit(
            points=scan,
            truth=surface,
            out=folder / "fit",
            preset=arguments.preset,
            steps=arguments.steps,
            resolution=arguments.resolution,
            method=defaults.method,
            field=defaults.field,
        )
    )
