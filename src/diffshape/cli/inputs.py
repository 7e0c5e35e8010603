"""What a fit is fed and scored with, read before it starts and remembered for its resumption."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from diffshape.data import Mesh, atomic_path, read_mesh, read_points
from diffshape.data.area_samples import area_samples
from diffshape.data.meshes import holds_faces
from diffshape.data.points import MESH_SAMPLES

_FILE = "inputs.json"
_KINDS = {
    "points": (str,),
    "truth": (str, type(None)),
    "max_points": (int, type(None)),
    "seed": (int,),
    "as_scan": (bool,),
}
"""What the values remembered may be."""


@dataclass(frozen=True)
class Inputs:
    """The scan or mesh of a fit, and the surface it is scored against."""

    path: Path
    mesh: Mesh | None
    """The mesh to encode; None if points are fitted."""
    points: NDArray[np.float64]
    """The scan, or points of the mesh to draw."""
    notes: tuple[str, ...]
    truth_path: Path | None
    truth: Mesh | None
    max_points: int | None
    seed: int

    @property
    def kind(self) -> Literal["scan", "mesh"]:
        """What is fitted."""
        return "scan" if self.mesh is None else "mesh"

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def remember(self, folder: Path) -> None:
        """Write into the run folder where the inputs came from."""
        content = {
            "points": str(self.path.resolve()),
            "truth": str(self.truth_path.resolve()) if self.truth_path else None,
            "max_points": self.max_points,
            "seed": self.seed,
            "as_scan": self.mesh is None,
            "notes": list(self.notes),
        }
        with atomic_path(folder / _FILE) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n")


def read_inputs(
    points: Path, truth: Path | None, *, max_points: int | None, seed: int, as_scan: bool = False
) -> Inputs:
    """Read the truth first, which is quick to fail, then the scan or, unless ``as_scan``, the mesh.

    Raises:
        FileNotFoundError, ReadError: A file is not there or not what it should be.
    """
    surface = read_mesh(truth) if truth is not None else None
    if not as_scan and holds_faces(points):
        mesh = read_mesh(points)
        drawn = area_samples(mesh.vertices, mesh.faces, MESH_SAMPLES, generator=np.random.default_rng(seed))
        notes = (f"{points}: a mesh of {len(mesh.faces):,} faces.", *mesh.notes)
        return Inputs(points, mesh, drawn, notes, truth or points, surface or mesh, max_points, seed)
    cloud = read_points(points, max_points=max_points, seed=seed)
    notes = (f"{points}: {len(cloud):,} points.", *cloud.notes)
    return Inputs(points, None, cloud.points, notes, truth, surface, max_points, seed)


def remembered_inputs(folder: Path, *, truth: Path | None) -> Inputs:
    """The inputs of a run, to draw and score it; the points it was fitted to if its file is no longer there."""
    content = _remembered(folder)
    path = Path(content.get("points") or "scan")
    given = truth or (Path(content["truth"]) if content.get("truth") else None)
    max_points, seed = content.get("max_points"), int(content.get("seed", 0))
    if path.is_file():
        as_scan = bool(content.get("as_scan", True))
        return read_inputs(path, given, max_points=max_points, seed=seed, as_scan=as_scan)
    surface = read_mesh(given) if given is not None else None
    note = f"{path} is no longer there; the picture shows the points that the run kept of it."
    return Inputs(path, None, _fitted_points(folder), (note,), given, surface, max_points, seed)


def _remembered(folder: Path) -> dict:
    path = folder / _FILE
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: it is no JSON; remove it to go on without it") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} is damaged: it is no table of names and values; remove it to go on without it")
    for name, kinds in _KINDS.items():
        if name in content and type(content[name]) not in kinds:
            raise ValueError(f"{path} is damaged: {name} is {content[name]!r:.60}; remove it to go on without it")
    return content


def _fitted_points(folder: Path) -> NDArray[np.float64]:
    from diffshape.fitting.run_folder import RunFolder

    fit = RunFolder(folder).read()
    return fit.frame.from_unit(fit.target.points.double().numpy())
