"""``diffshape report``: the page of a fit, made again."""

from dataclasses import dataclass

from diffshape.cli.folders import output_file, run_path
from diffshape.cli.parsing.options import OptionalPath, RunPath, VerbOptions


@dataclass(frozen=True, kw_only=True)
class Report(VerbOptions):
    """Write the report of a fit again: one HTML file with the shape to turn, its numbers, curves and settings. It opens
    from disk, needs no network and can be sent as it is."""

    run: RunPath
    """Folder of a fit, finished or interrupted."""
    out: OptionalPath = None
    """File to write. Default: RUN/report.html."""


def run(arguments: Report) -> int:
    """Read, write, and print the path."""
    folder = run_path(arguments.run)
    path = output_file(arguments.out or folder / "report.html", (".html", ".htm"))
    from diffshape.report import write_report

    print(f"{write_report(folder, path)}: {path.stat().st_size / 1e6:.1f} MB")
    return 0
