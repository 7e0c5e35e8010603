"""The report of a run folder: everything there is to see and to know of a fit, in one file that needs no other."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape._files import read_json
from diffshape.data import Mesh
from diffshape.fitting.fit_folder import FitFolder
from diffshape.fitting.inputs.inputs import Inputs, remembered_inputs
from diffshape.fitting.observers import EVAL_METRICS
from diffshape.fitting.result import FitResult, read_result
from diffshape.report.fit_report.numbers import numbers_of, score_title, summary
from diffshape.report.fit_report.origin import configuration, environment_table, reproduction_of
from diffshape.report.page.curves import curves
from diffshape.report.page.document import Section, document
from diffshape.report.page.file import write_page
from diffshape.report.page.html import Html, element, joined, png_image
from diffshape.report.page.webgl.figure import SCRIPTS, scene_figure
from diffshape.report.pictures.level_sets import level_set_figure
from diffshape.report.pictures.png import encode_png
from diffshape.report.pictures.preview import preview
from diffshape.report.scene.layers import Scene, Surface
from diffshape.report.scene.run import scene_of_fit
from diffshape.training import read_log

_SECTION_SIDE = 200
"""Side of a section through the field, in pixels; the field is evaluated once a pixel."""
_NOT_LOSS = ("step", "seconds", "lr")
_SCORES = {
    "Distance to the truth, % of longest side": (100.0, ("chamfer", "hausdorff")),
    "Angle of normals, degrees": (1.0, ("normal_deg",)),
    "F-score and overlap of volumes": (1.0, ("f_score", "iou")),
}
"""Panels of the scores along the way: what their numbers are multiplied by, and the columns of each."""


def write_saved_fit_report(folder: Path, path: str | Path | None = None) -> Path:
    """Write the report of a fit, finished or not, from its run folder, whose input is read again.

    Args:
        folder: Run folder of a fit.
        path: File to write; None: ``report.html`` in the run folder.

    Returns:
        The path of the report.

    Raises:
        ValueError: It is no folder of a fit, or a file in it is damaged.
        OSError: The file cannot be written.
    """
    run = FitFolder(folder)
    inputs = remembered_inputs(folder, truth=None)
    result = read_result(run) if run.holds_field else None
    return write_fit_report(folder, inputs, result, _read(run.metrics), path)


def write_fit_report(
    folder: Path,
    inputs: Inputs,
    result: FitResult | None,
    metrics: dict[str, Any],
    path: str | Path | None = None,
) -> Path:
    """Write the report of a fit whose inputs, field and metrics are at hand; see :func:`write_saved_fit_report`."""
    return write_page(_page(FitFolder(folder), inputs, result, metrics), folder, path)


def _page(run: FitFolder, inputs: Inputs, result: FitResult | None, metrics: dict[str, Any]) -> str:
    environment = _read(run.path / "environment.json")
    scene = scene_of_fit(run.path, inputs)
    sections = [Section("Shape", scene_figure(scene, _picture(run.path, scene), alt=f"the surface of {inputs.name}"))]
    if metrics:
        sections.append(Section("Numbers", numbers_of(metrics)))
    panels = _curves(run.path)
    if panels:
        sections.append(Section("Curves", element("div", *panels, class_="curves")))
    if result is not None:
        sections.append(Section("Sections through the field", _sections(result)))
    sections.append(Section("How to reproduce", reproduction_of(environment)))
    settings = joined(configuration(run.config.read_text(encoding="utf-8")), environment_table(environment))
    sections.append(Section("Settings and machine", joined(_notes(inputs, result), settings)))
    return document(inputs.name, sections, lead=_lead(inputs, result, metrics), scripts=SCRIPTS)


def _lead(inputs: Inputs, result: FitResult | None, metrics: dict[str, Any]) -> str:
    count = (
        f"{len(inputs.shape.faces):,} triangles" if isinstance(inputs.shape, Mesh) else f"{len(inputs.shape):,} points"
    )
    what = "A distance field of a mesh of" if isinstance(inputs.shape, Mesh) else "A surface fitted to a scan of"
    if result is None:
        return f"{what} {count}. The fit has no weights yet."
    way = "" if result.step or result.interrupted else ", found in closed form"
    state = f" Interrupted after step {result.step:,}." if result.interrupted else ""
    outcome = f" {summary(metrics)}" if metrics else ""
    return f"{what} {count} by {type(result.settings.method).__name__}{way}.{state}{outcome}"


def _picture(folder: Path, scene: Scene) -> bytes | None:
    """The picture of the run, or one that is made now."""
    path = folder / "preview.png"
    if path.is_file():
        return path.read_bytes()
    surfaces = [layer for layer in scene.layers if isinstance(layer, Surface)]
    if not surfaces:
        return None
    return encode_png(preview(surfaces[-1].vertices, surfaces[-1].faces, up=scene.up, size=480))


def _curves(folder: Path) -> list[Html]:
    """The loss and its parts, and the scores along the way, as far as the run has them."""
    panels: list[Html] = []
    log = _log(folder / "log.csv")
    parts = {name: column for name, column in log.items() if name not in _NOT_LOSS}
    if parts:
        panels.append(curves("Loss and its parts", log["step"], parts, "step"))
    scores = _log(folder / EVAL_METRICS)
    for title, (factor, names) in _SCORES.items():
        known = {
            score_title(name): factor * scores[name]
            for name in names
            if name in scores and np.isfinite(scores[name]).any()
        }
        if known:
            panels.append(curves(title, scores["step"], known, "step"))
    return panels


def _sections(result: FitResult) -> Html:
    picture = encode_png(level_set_figure(result.field, size=_SECTION_SIDE))
    text = (
        "Above: the signed distance on three planes through the middle, red inside, blue outside; the thick line is "
        "the surface, and lines of a good distance are evenly spaced. Below: the length of its gradient, which is 1 "
        "(white) for a distance. Coordinates are those of the frame of the fit."
    )
    image = png_image(picture, alt="sections through the field: values, and slopes", style="min-width: 640px")
    return joined(element("p", text), element("div", image, class_="wide"))


def _notes(inputs: Inputs, result: FitResult | None) -> Html:
    """What was done to the input, a line each."""
    notes = dict.fromkeys((*inputs.notes, *(result.notes if result else ())))
    return element("ul", *(element("li", note) for note in notes)) if notes else Html("")


def _log(path: Path) -> dict[str, NDArray[np.float64]]:
    return read_log(path) if path.is_file() else {}


def _read(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}
