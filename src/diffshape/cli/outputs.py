"""What a fit leaves in its folder, and what is told of it: mesh.ply, preview.png, metrics.json."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trimesh

from diffshape._config import read_json
from diffshape.cli.errors import typed_as
from diffshape.cli.inputs import Inputs
from diffshape.data import Mesh, write_mesh
from diffshape.fitting import FitResult, score_field
from diffshape.fitting.fit_folder import write_json
from diffshape.fitting.targets.mesh_target import MeshTarget
from diffshape.metrics import FieldScore, SurfaceScore, compare_surfaces
from diffshape.ops.meshes.connected_parts import count_bodies
from diffshape.report import preview

_FILES = {
    "mesh.ply": "the surface, in the coordinates of the input",
    "preview.png": "points of the input and the surface, side by side",
    "metrics.json": "steps, seconds, size, score",
    "field.safetensors": "the field itself, for query and mesh",
    "config.yaml": "every setting, for --config",
    "log.csv": "the loss along the way",
}
_SAMPLES = 100_000
"""Points at which the distances of an encoded mesh are scored, near it and in the volume."""


@dataclass(frozen=True)
class Written:
    """The facts in metrics.json, the score if there was a truth, and that of the distances if a mesh was encoded."""

    metrics: dict[str, Any]
    score: SurfaceScore | None
    distances: FieldScore | None


def write_outputs(result: FitResult, inputs: Inputs, folder: Path, *, resolution: int) -> Written:
    """Mesh, picture and metrics of a fit, finished or not.

    Raises:
        ValueError: A finished fit has no surface.
    """
    mesh = result.mesh(resolution)
    if len(mesh.faces):
        write_mesh(folder / "mesh.ply", *mesh)
        preview(mesh.vertices, mesh.faces, inputs.points, path=folder / "preview.png", up=inputs.up)
    elif not result.interrupted:
        raise ValueError(
            "the fit has no surface: its field has one sign in the whole box; "
            f"see {folder / 'log.csv'}, or try more --steps"
        )
    score = compare_surfaces((mesh.vertices, mesh.faces), inputs.truth) if inputs.truth is not None else None
    distances = None
    if isinstance(result.target, MeshTarget):
        distances = score_field(result, samples=_SAMPLES, resolution=None)
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
    write_json(folder / "metrics.json", metrics)
    return Written(metrics, score, distances)


def surface_facts(mesh: Mesh) -> dict[str, Any]:
    """Size and topology of a mesh; its volume, in input units cubed, only if it is watertight."""
    solid = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    watertight = bool(solid.is_watertight) if len(mesh.faces) else False
    return {
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "watertight": watertight,
        "bodies": count_bodies(mesh.faces, len(mesh.vertices)),
        "volume": float(solid.volume) if watertight else None,
    }


@dataclass(frozen=True)
class Teller:
    """What a fit says: to stdout, or to stderr where stdout is for JSON, or only its folder."""

    json: bool = False
    quiet: bool = False

    def folder(self, folder: Path) -> None:
        """The first line of a fit."""
        print(folder, file=sys.stderr if self.json else sys.stdout, flush=True)

    def notes(self, notes: Iterable[str]) -> None:
        """What was done to the input, a line each."""
        for note in notes:
            self._say(f"  {note.rstrip('.')}")

    def finished(self, folder: Path) -> int:
        """That there is nothing to go on with; the exit code."""
        self.folder(folder)
        if self.json:
            print(json.dumps({"folder": str(folder), **read_json(folder / "metrics.json")}))
        self._say(f"already finished; nothing was changed. Mesh it anew with: {typed_as('mesh', folder)}")
        return 0

    def interrupted(self, folder: Path, step: int) -> None:
        """How to go on."""
        way_on = typed_as("fit", "--resume", folder)
        print(f"interrupted after step {step} and saved; go on with: {way_on}", file=sys.stderr)

    def outputs(self, folder: Path, written: Written, inputs: Inputs) -> None:
        """Files, facts and score of a finished fit, and what to type next."""
        if self.json:
            print(json.dumps({"folder": str(folder), **written.metrics}))
            return
        facts = written.metrics
        volume = f", volume {facts['volume']:.4g}" if facts["volume"] is not None else ", not watertight"
        bodies = "1 body" if facts["bodies"] == 1 else f"{facts['bodies']} bodies"
        self._say(f"\n{facts['steps']} steps in {facts['seconds']:.0f} s: {facts['faces']:,} faces, {bodies}{volume}")
        if written.score is not None:
            self._say(f"score: {written.score}")
        if written.distances is not None:
            self._say(f"distances, at {_SAMPLES:,} points each, where the longest side is 2: {written.distances}")
        self._say("")
        for name, meaning in _FILES.items():
            self._say(f"  {name:<18} {meaning}")
        self._say(f"\nnext: {typed_as('mesh', folder, '--resolution', 512)}")
        self._say(f"      {typed_as('query', folder, 'points.npy')}")
        self._say(f"      {typed_as('eval', folder, inputs.truth_path or 'TRUTH.ply')}")

    def _say(self, text: str) -> None:
        if not self.quiet:
            print(text, file=sys.stderr if self.json else sys.stdout, flush=True)
