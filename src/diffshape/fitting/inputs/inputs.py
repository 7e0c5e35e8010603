"""The input of a fit and its true surface, read before the fit begins; the run folder keeps where they came from."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffshape._config import from_plain, to_plain
from diffshape._files import read_json, write_json
from diffshape.data import Mesh, PointCloud, ReadError, read_mesh, read_points, read_shape
from diffshape.data.area_samples import area_samples
from diffshape.data.points import MESH_SAMPLES, dimensions
from diffshape.data.up import Up, up_of
from diffshape.fitting.fit import Fit
from diffshape.fitting.fit_folder import FitFolder
from diffshape.fitting.fit_mesh import begin_mesh
from diffshape.fitting.fit_points import begin_scan
from diffshape.fitting.inputs.input_file import input_file
from diffshape.fitting.methods.table import Fits
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.targets.mesh_target import MeshTarget

_FILE = "inputs.json"


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """Origin of the inputs of a run, as its inputs.json keeps it."""

    points: str = ""
    """File of the scan or mesh; empty: the fit was begun in Python, which keeps no name of a file."""
    truth: str | None = None
    max_points: int | None = None
    seed: int = 0
    as_scan: bool = True
    up: Up | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The scan or mesh of a fit, and the surface it is scored against."""

    path: Path
    """File of the scan or mesh."""
    shape: Mesh | PointCloud
    """The mesh to encode, or the points to fit."""
    notes: tuple[str, ...]
    """Sentences on what was done to the input."""
    truth_path: Path | None
    """File of the true surface."""
    truth: Mesh | None
    """The true surface, in the coordinates of the scan; None: the fit is not scored."""
    max_points: int | None
    """Largest number of points that are drawn of a scan; None: all are taken."""
    seed: int
    """Seed of the random draw of points."""
    up: Up
    """The axis that points up in pictures."""

    @property
    def kind(self) -> Fits:
        """Kind of the input."""
        return "mesh" if isinstance(self.shape, Mesh) else "scan"

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def points(self) -> NDArray[np.float64]:
        """The scan, or points drawn from the mesh: what a picture shows."""
        if not isinstance(self.shape, Mesh):
            return self.shape.points
        generator = np.random.default_rng(self.seed)
        return area_samples(self.shape.vertices, self.shape.faces, MESH_SAMPLES, generator=generator)

    def begin(self, settings: FitSettings) -> Fit:
        """A fit to the input, ready to run.

        Raises:
            ValueError: A setting does not fit the input.
        """
        if isinstance(self.shape, Mesh):
            return begin_mesh(self.shape, settings)
        return begin_scan(self.shape, settings)

    def remember(self, folder: Path) -> None:
        """Write into the run folder where the inputs came from."""
        content = Remembered(
            points=str(self.path.resolve()),
            truth=str(self.truth_path.resolve()) if self.truth_path else None,
            max_points=self.max_points,
            seed=self.seed,
            as_scan=self.kind == "scan",
            up=self.up,
            notes=self.notes,
        )
        write_json(folder / _FILE, to_plain(content))


def read_inputs(
    path: Path, truth: Path | None, *, max_points: int | None, seed: int, as_scan: bool = False, up: Up | None = None
) -> Inputs:
    """Read the truth first, which is quick to fail, then the scan or, unless ``as_scan``, the mesh; each file once.

    Args:
        path: The file of points, or of a mesh.
        truth: The true surface; None: of a mesh, itself.
        max_points: Draw at most this many points of a scan.
        seed: Seed of that draw.
        as_scan: Draw points from a mesh, and fit these.
        up: The axis that points up; None: as files of that kind have it.

    Raises:
        FileNotFoundError, ReadError: A file is not there or not what it should be.
    """
    surface = read_mesh(input_file(truth)) if truth is not None else None
    input_file(path)
    read = read_points if as_scan else read_shape
    shape = read(path, max_points=max_points, seed=seed)
    if isinstance(shape, Mesh):
        truth, surface = truth or path, surface or shape
        about = f"a mesh of {len(shape.faces):,} faces"
    else:
        about = f"{len(shape):,} points"
        if dimensions(shape.points) < 2:
            raise ReadError(f"{path}: all points lie on one line; there is no surface to fit to them")
    return Inputs(
        path=path,
        shape=shape,
        notes=(f"{path}: {about}.", *shape.notes),
        truth_path=truth,
        truth=surface,
        max_points=max_points,
        seed=seed,
        up=up or up_of(path),
    )


def remembered_inputs(folder: Path, *, truth: Path | None, up: Up | None = None) -> Inputs:
    """The inputs of a run, to draw and score it; what the run kept of them if their files are no longer there."""
    content = _remembered(folder)
    path, max_points, seed = Path(content.points or folder), content.max_points, content.seed
    its_own = not content.as_scan and content.truth == content.points
    given, notes = truth, ()
    if truth is None and content.truth and not its_own:
        given = Path(content.truth)
        if not given.is_file():
            given, notes = None, (f"{given} is no longer there; give the true surface anew with --truth.",)
    up = up or content.up or up_of(path)
    if path.is_file():
        read = read_inputs(path, given, max_points=max_points, seed=seed, as_scan=content.as_scan, up=up)
        return replace(read, notes=read.notes + notes)
    shape = _kept_shape(folder)
    if content.points:
        notes = (f"{path} is no longer there; the picture shows what the run kept of it.", *notes)
    surface = read_mesh(input_file(given)) if given is not None else None
    return Inputs(
        path=path,
        shape=shape,
        notes=notes,
        truth_path=given,
        truth=surface or (shape if isinstance(shape, Mesh) else None),
        max_points=max_points,
        seed=seed,
        up=up,
    )


def _remembered(folder: Path) -> Remembered:
    path = folder / _FILE
    if not path.is_file():
        return Remembered()
    try:
        return from_plain(Remembered, read_json(path))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); remove it to go on without it") from error


def _kept_shape(folder: Path) -> Mesh | PointCloud:
    """The mesh that a fit encodes, or the points that it is fitted to."""
    fit = FitFolder(folder).read()
    if isinstance(fit.target, MeshTarget):
        return fit.target.mesh
    return PointCloud(fit.frame.from_unit(fit.target.points.double().numpy()))
