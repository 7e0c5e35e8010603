"""Files of a fit besides its weights: mesh.ply, preview.png, metrics.json, report.html."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffshape._commands import typed_as
from diffshape.data import Mesh, write_mesh
from diffshape.fitting import FitResult, score_field
from diffshape.fitting.inputs.inputs import Inputs
from diffshape.fitting.methods.table import fits_of
from diffshape.metrics import FieldScore, SurfaceScore, compare_surfaces
from diffshape.ops.meshes.connected_parts import count_bodies
from diffshape.ops.meshes.solids import enclosed_volume, is_watertight
from diffshape.report import preview
from diffshape.report.fit_report.report import write_fit_report
from diffshape.report.page.file import REPORT
from diffshape.training.run_folder import RunFolder

SAMPLES = 100_000
"""Number of points near an encoded mesh, and of points in the volume, at which its distances are scored."""


@dataclass(frozen=True)
class Outputs:
    """Metrics and scores of a fit."""

    metrics: dict[str, Any]
    """Content of metrics.json."""
    score: SurfaceScore | None
    """Score of the surface; None if there was no true surface."""
    distances: FieldScore | None
    """Score of the distances; None if a scan was fitted."""


def write_outputs(result: FitResult, inputs: Inputs, folder: Path, *, resolution: int) -> Outputs:
    """Mesh, picture and metrics of a fit, finished or not, and the report of a finished one.

    Whatever keeps the report from being written is a warning: the fit is whole without it.

    Raises:
        ValueError: A finished fit has no surface.
    """
    mesh = result.mesh(resolution)
    if len(mesh.faces):
        write_mesh(folder / "mesh.ply", mesh)
        preview(
            mesh.vertices,
            mesh.faces,
            inputs.points(),
            confidence=mesh.attributes.get("confidence"),
            path=folder / "preview.png",
            up=inputs.up,
        )
    elif not result.interrupted:
        raise ValueError(
            "the fit has no surface: its field has one sign in the whole box; "
            f"see {folder / 'log.csv'}, or try more --steps"
        )
    score = compare_surfaces((mesh.vertices, mesh.faces), inputs.truth) if inputs.truth is not None else None
    encoded = fits_of(result.settings.method) == "mesh"
    distances = score_field(result, samples=SAMPLES, resolution=None) if encoded else None
    metrics = {
        "steps": result.step,
        "seconds": round(result.seconds, 2),
        "interrupted": result.interrupted,
        "resolution": resolution,
        "up": inputs.up,
        **surface_facts(mesh),
        "score": score.to_dict() if score else None,
        "distances": distances.to_dict() if distances else None,
    }
    if not result.interrupted:
        _report(result, inputs, folder, metrics)
    RunFolder(folder).write_metrics(metrics)  # last: a run that is killed before is not finished
    return Outputs(metrics, score, distances)


def _report(result: FitResult, inputs: Inputs, folder: Path, metrics: dict[str, Any]) -> None:
    try:
        write_fit_report(folder, inputs, result, metrics)
    except Exception as error:
        again = typed_as("report", folder)
        warnings.warn(f"no {REPORT}: {error}; the fit is whole, and this tries again: {again}", stacklevel=3)


def surface_facts(mesh: Mesh) -> dict[str, Any]:
    """Size and topology of a mesh; its volume, in input units cubed, only if it is watertight."""
    watertight = is_watertight(mesh.faces, len(mesh.vertices))
    return {
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "watertight": watertight,
        "bodies": count_bodies(mesh.faces, len(mesh.vertices)),
        "volume": enclosed_volume(mesh.vertices, mesh.faces) if watertight else None,
    }
