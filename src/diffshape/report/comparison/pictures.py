"""The pictures of a comparison: of each scan, the surfaces of all methods, their errors, level sets and curves."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from diffshape._arguments import checked
from diffshape._bounds import check_side
from diffshape.data import Mesh, as_mesh, clean_points, read_mesh, write_mesh
from diffshape.data.up import UP, Up
from diffshape.fitting import load
from diffshape.report.comparison.row import ComparisonRow
from diffshape.report.pictures.error_colors import colored_strip, error_mesh
from diffshape.report.pictures.gallery import gallery
from diffshape.report.pictures.level_sets import level_set_figure
from diffshape.report.pictures.preview import preview
from diffshape.report.pictures.training_curves import training_curves
from diffshape.training.run_folder import RunFolder

_COLUMNS = 4
"""Number of panels in a row."""
_POINTS = 30_000
"""Number of points of a scan that are drawn."""


@checked
def comparison_grid(
    rows: Sequence[ComparisonRow],
    points: Any,
    truth: Any = None,
    *,
    path: str | os.PathLike[str] | None = None,
    size: int = 228,
    azimuth: float = 35.0,
    elevation: float = 20.0,
    up: Up = UP,
) -> UInt8[np.ndarray, "h w 3"]:
    """The surfaces that several methods made of one scan, each over its scores, after the scan and the true surface.

    Args:
        rows: The fits of the scan, whose folders hold the surfaces; that of a fit that failed is empty and says so.
        points: The scan, as ``data.as_points`` takes it.
        truth: The true surface, as ``data.as_mesh`` takes it; None draws none.
        path: Where to write the picture as PNG; None does not write.
        size: Side of a panel in pixels, at least 228.
        azimuth, elevation, up: Camera, as ``preview`` has it; all panels show one box, that of the truth or the scan.

    Raises:
        ValueError: The points or the truth cannot be read, or an option is out of range.
        OSError: A surface is not there, or ``path`` cannot be written.

    >>> from diffshape.data import icosphere
    >>> failed = ComparisonRow(scan="ball", method="igr", error="the fit has no surface")
    >>> comparison_grid([failed], icosphere(2).vertices, icosphere(2)).shape
    (290, 716, 3)
    """
    check_side("comparison_grid: size", size, 1000, 228)
    cloud = clean_points(points, name="comparison_grid: points").subset(_POINTS, seed=0).points
    true = None if truth is None else as_mesh(truth)
    framed = cloud if true is None else true.vertices
    bounds = framed.min(axis=0).tolist(), framed.max(axis=0).tolist()
    view: Any = {"size": size, "azimuth": azimuth, "elevation": elevation, "up": up, "bounds": bounds}
    panels = [("scan", preview([], [], cloud, **view)[:, :size])]
    if true is not None:
        panels.append(("truth", preview(*true, **view)))
    for row in rows:
        surface = ([], []) if row.failed else read_mesh(Path(row.folder, "mesh.ply"))
        panels.append((_caption(row), preview(*surface, **view)))
    return gallery([panels[first : first + _COLUMNS] for first in range(0, len(panels), _COLUMNS)], path=path)


def draw_comparison(rows: Sequence[ComparisonRow], points: Any, truth: Mesh | None, path: Path, *, up: Up) -> None:
    """Write all pictures of one scan, and a mesh coloured by its errors, error.ply, into each run folder.

    Args:
        rows: The fits of the scan.
        points: The scan.
        truth: The true surface; None: no errors are drawn.
        path: File of the surfaces side by side; beside it are written, with the same beginning, ..._errors.png,
            ..._levels.png and ..._curves.png. It is written last, so that it says that the others are there.
        up: The axis that points up.
    """
    done = [row for row in rows if not row.failed]
    surfaces = [(row.method, read_mesh(Path(row.folder, "mesh.ply"))) for row in done]
    if truth is not None and surfaces:
        largest = float(np.ptp(truth.vertices, axis=0).max()) / 100
        colored = [(method, error_mesh(surface, truth, largest=largest)) for method, surface in surfaces]
        colored_strip(colored, truth, largest, path=_beside(path, "errors"), up=up)
        for row, (_, mesh) in zip(done, colored):
            write_mesh(Path(row.folder, "error.ply"), mesh)
    if done:
        fields = {row.method: load(row.folder).field for row in done}
        level_set_figure(fields, planes=[("y", 0.0)], bounds=(-0.8, 0.8), path=_beside(path, "levels"))
    logs = {row.method: RunFolder(Path(row.folder)).log for row in rows}
    if logs := {method: log for method, log in logs.items() if log.is_file()}:
        training_curves(logs, against="seconds", path=_beside(path, "curves"))
    comparison_grid(rows, points, truth, path=path, up=up)


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.stem}_{what}.png")


def _caption(row: ComparisonRow) -> str:
    """Method and scores, line by line, each short enough for the panel."""
    if row.failed:
        return f"{row.method}\nfailed"
    lines = [row.method]
    if row.chamfer is not None and row.normal_deg is not None:
        lines += [f"chamfer {1e3 * row.chamfer:.3g}e-3", f"normals {row.normal_deg:.1f}°"]
    if row.spurious_share is not None:
        lines.append(f"spurious {100 * row.spurious_share:.1f}%")
    return "\n".join(lines)
