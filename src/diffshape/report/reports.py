"""The report of a folder, whichever kind of folder it is."""

import logging
from pathlib import Path

from diffshape._arguments import checked
from diffshape.report.comparison.report import write_comparison_report
from diffshape.report.comparison.table import is_comparison
from diffshape.report.fit_report.report import write_saved_fit_report
from diffshape.report.many_runs.found import find_runs
from diffshape.report.many_runs.report import write_folder_report
from diffshape.report.training_report.made_shapes import draw_made_shapes
from diffshape.report.training_report.report import write_training_report
from diffshape.training.run_folder import RunFolder

_LOG = logging.getLogger("diffshape")


@checked
def write_report(folder: str | Path, path: str | Path | None = None) -> Path:
    """Write the report of a fit, a training, a comparison, or a folder of runs: one HTML file that opens from disk.

    It needs no other file and asks nothing of a network. Where a browser has no WebGL 2, it shows pictures.

    - A **fit**: the surface and the input, which can be turned, coloured by their distance from the truth or from one
      another; surfaces along the way if the run has them; metrics, curves of loss and scores, sections through the
      field, settings, versions, and the command.
    - A **training**: scores with what they mean, curves, and pictures. Of a finished training whose model makes shapes,
      new shapes, shapes between two others and completions are drawn into its folder first, once, if they are not there
      yet, in seconds to a minute.
    - A **comparison**: what failed and why, tables that can be sorted, the pictures of every scan, and links to the
      reports of its fits.
    - A **folder of runs**: a table for each kind of run, with pictures and links to the reports of the runs.

    Args:
        folder: Run folder of a fit or a training, folder of ``diffshape compare``, or a folder that holds run folders.
        path: File to write; None: ``report.html`` in the folder.

    Returns:
        The path of the report.

    Raises:
        ValueError: It is none of these folders, or a file in it is damaged.
        OSError: It cannot be read, or the file cannot be written.

    >>> from tempfile import TemporaryDirectory
    >>> from diffshape import data, fields, fitting
    >>> with TemporaryDirectory() as folder:
    ...     _ = fitting.fit_points(data.icosphere(3).vertices, field=fields.HashGridConfig(), steps=5, folder=folder)
    ...     write_report(folder).name
    'report.html'
    """
    run = RunFolder(Path(folder))
    if run.kind == "fit":
        return write_saved_fit_report(run.path, path)
    if run.verb is not None:
        if run.is_complete:
            _LOG.info("drawing what the model makes, unless it is drawn already")
            draw_made_shapes(run.path)
        return write_training_report(folder, path)
    if is_comparison(run.path):
        return write_comparison_report(folder, path)
    if not run.path.is_dir() or not find_runs(run.path):
        raise ValueError(f"write_report: {folder} is no folder of a fit, a training or a comparison, and holds none")
    return write_folder_report(folder, path)
