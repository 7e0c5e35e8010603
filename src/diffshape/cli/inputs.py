"""What a fit is fed and scored with, read before it starts and remembered for its resumption."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from diffshape._config import from_plain, read_json, to_plain
from diffshape.cli.folders import input_file
from diffshape.data import Mesh, ReadError, atomic_path, read_mesh, read_points
from diffshape.data.area_samples import area_samples
from diffshape.data.meshes import holds_faces
from diffshape.data.points import MESH_SAMPLES, dimensions
from diffshape.data.up import Up, up_of

_FILE = "inputs.json"


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What a run folder keeps of where its inputs came from."""

    points: str = "scan"
    truth: str | None = None
    max_points: int | None = None
    seed: int = 0
    as_scan: bool = True
    up: Up | None = None
    notes: tuple[str, ...] = ()


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
    up: Up
    """The axis that points up in pictures."""

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
        content = Remembered(
            points=str(self.path.resolve()),
            truth=str(self.truth_path.resolve()) if self.truth_path else None,
            max_points=self.max_points,
            seed=self.seed,
            as_scan=self.mesh is None,
            up=self.up,
            notes=self.notes,
        )
        with atomic_path(folder / _FILE) as temporary:
            temporary.write_text(json.dumps(to_plain(content), indent=2) + "\n")


def read_inputs(
    points: Path, truth: Path | None, *, max_points: int | None, seed: int, as_scan: bool = False, up: Up | None = None
) -> Inputs:
    """Read the truth first, which is quick to fail, then the scan or, unless ``as_scan``, the mesh.

    ``up`` is the axis that points up; None: as files of that kind have it.

    Raises:
        FileNotFoundError, ReadError: A file is not there or not what it should be.
    """
    surface = read_mesh(input_file(truth)) if truth is not None else None
    input_file(points)
    if not as_scan and holds_faces(points):
        mesh = read_mesh(points)
        drawn = area_samples(mesh.vertices, mesh.faces, MESH_SAMPLES, generator=np.random.default_rng(seed))
        notes = (f"{points}: a mesh of {len(mesh.faces):,} faces.", *mesh.notes)
        return Inputs(
            points, mesh, drawn, notes, truth or points, surface or mesh, max_points, seed, up or up_of(points)
        )
    cloud = read_points(points, max_points=max_points, seed=seed)
    if dimensions(cloud.points) < 2:
        raise ReadError(f"{points}: all points lie on one line; there is no surface to fit to them")
    notes = (f"{points}: {len(cloud):,} points.", *cloud.notes)
    return Inputs(points, None, cloud.points, notes, truth, surface, max_points, seed, up or up_of(points))


def remembered_inputs(folder: Path, *, truth: Path | None, up: Up | None = None) -> Inputs:
    """The inputs of a run, to draw and score it; the points it was fitted to if its file is no longer there."""
    content = _remembered(folder)
    path, max_points, seed = Path(content.points), content.max_points, content.seed
    given = truth or (Path(content.truth) if content.truth else None)
    up = up or content.up or up_of(path)
    if path.is_file():
        return read_inputs(path, given, max_points=max_points, seed=seed, as_scan=content.as_scan, up=up)
    surface = read_mesh(given) if given is not None else None
    note = f"{path} is no longer there; the picture shows the points that the run kept of it."
    return Inputs(path, None, _fitted_points(folder), (note,), given, surface, max_points, seed, up)


def _remembered(folder: Path) -> Remembered:
    path = folder / _FILE
    if not path.is_file():
        return Remembered()
    try:
        return from_plain(Remembered, read_json(path))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); remove it to go on without it") from error


def _fitted_points(folder: Path) -> NDArray[np.float64]:
    from diffshape.fitting.fit_folder import RunFolder

    fit = RunFolder(folder).read()
    return fit.frame.from_unit(fit.target.points.double().numpy())
