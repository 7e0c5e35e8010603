"""``diffshape view``: runs and files in a browser, to turn, colour, cut and slice."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from diffshape.cli.errors import DONE
from diffshape.cli.folders import run_path
from diffshape.cli.parsing.options import OptionalInt, OptionalPath, OptionalUp, VerbOptions
from diffshape.cli.view_picture import draw
from diffshape.cli.viewer_options import HOST, check_port
from diffshape.fitting.inputs.input_file import input_file


@dataclass(frozen=True, kw_only=True)
class View(VerbOptions):
    """Show runs and files in a browser: points, surfaces, distances, slices through the field, steps of the fit."""

    paths: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN|FILE...")]
    """Folders of fits, which stand side by side, and files of meshes or points, which are laid over each other."""
    truth: OptionalPath = None
    """File of the true surface, a mesh, from which distances are measured. Default: that of each run."""
    picture: OptionalPath = None
    """File to draw in place of a browser's view: PNG, or one turn as GIF or MP4 (extra video), by its ending."""
    host: str = HOST
    """Address to listen at; 0.0.0.0 lets every machine of the network see the viewer."""
    port: OptionalInt = None
    """Port to listen at. Default: the first free one from 8080 on."""
    up: OptionalUp = None
    """Axis that points up. Default: that of each run or file."""


def run(arguments: View) -> int:
    """Read, serve, and say where, until Ctrl-C."""
    check_port("--port", arguments.port)
    for path in arguments.paths:
        run_path(path) if path.is_dir() else input_file(path)
    if arguments.truth is not None:
        input_file(arguments.truth)
    if arguments.picture is not None:
        return draw(arguments.paths, arguments.picture, truth=arguments.truth, up=arguments.up)
    from diffshape.report import view

    viewer = view(arguments.paths, truth=arguments.truth, host=arguments.host, port=arguments.port, up=arguments.up)
    for note in viewer.notes:
        print(f"  {note}")
    print(f"open {viewer.address} in a browser; Ctrl-C ends", flush=True)
    viewer.wait()
    return DONE
