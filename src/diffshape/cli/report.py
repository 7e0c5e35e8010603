"""``diffshape report``: the page of a fit, a training, a comparison or a folder of runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from diffshape.cli.folders import input_folder, output_file
from diffshape.cli.parsing.options import OptionalPath, VerbOptions


@dataclass(frozen=True, kw_only=True)
class Report(VerbOptions):
    """Write the report of a fit, a training, a comparison or a folder of runs: one HTML file that opens from disk,
    needs no network and can be sent as it is. That of a training gets pictures of what its model makes."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """Run folder of a fit or a training, finished or not; folder of diffshape compare; or a folder with runs in it."""
    out: OptionalPath = None
    """File to write. Default: FOLDER/report.html."""


def run(arguments: Report) -> int:
    """Read, write, and print the path."""
    given = arguments.folder
    folder = input_folder(given.parent if given.is_file() else given, "runs")
    path = output_file(arguments.out or folder / "report.html", (".html", ".htm"))
    from diffshape.report import write_report

    print(f"{write_report(folder, path)}: {path.stat().st_size / 1e6:.1f} MB")
    return 0
