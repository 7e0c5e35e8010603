"""Result of a fit: a field that is queried and meshed in the coordinates of its input."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffshape._arguments import checked
from diffshape._pictures import picture_of
from diffshape.data import Frame, Mesh
from diffshape.data.arrays import real_array
from diffshape.fields import Field, export
from diffshape.fields.export import Format
from diffshape.fitting.fit import Fit
from diffshape.fitting.fit_folder import FitFolder
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.show import OpenViewer, open_viewer
from diffshape.fitting.surface.bodies import supported_bodies
from diffshape.fitting.surface.creases import with_creases
from diffshape.fitting.surface.open_mesh import open_mesh
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.fitting.targets.target import Target
from diffshape.ops import isosurface

_SUPPORT = 30_000
"""Number of points by which the bodies of the surface that data support are found."""


@dataclass(frozen=True)
class FitResult:
    """A fitted surface. Arrays come back as the kind (NumPy or torch) that they went in."""

    field: Field
    """Neural distance field, in the frame."""
    fit: Fit
    """Fit that was run: settings, frame, target and notes."""
    step: int
    """Number of optimiser steps made."""
    seconds: float
    """Seconds that the steps took."""
    interrupted: bool = False
    """Whether the fit was stopped before its budget was spent."""
    folder: Path | None = None
    """Run folder, if there is one."""

    _repr_png_ = picture_of

    def __repr__(self) -> str:
        method, device = type(self.settings.method).__name__, next(self.field.parameters()).device
        end = ", interrupted" if self.interrupted else ""
        return f"FitResult({method}, {self.field} on {device}, {self.step} steps in {self.seconds:.1f} s{end})"

    def __post_init__(self) -> None:
        self.field.eval()  # dropout has no place in an answer

    @property
    def settings(self) -> FitSettings:
        """Method, field, budget and seed."""
        return self.fit.settings

    @property
    def resolution(self) -> int:
        """Grid nodes along the side of the box in which ``mesh()`` looks for the surface: those of the settings, or
        what suits the field."""
        return self.settings.resolution or self.field.resolution

    @property
    def frame(self) -> Frame:
        """The map from input coordinates to those of the field, where the longest side of a scan is 1, of a mesh 2."""
        return self.fit.frame

    @property
    def target(self) -> Target:
        """The target that the field was fitted to."""
        return self.fit.target

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was done to the input."""
        return self.fit.notes

    @checked
    def mesh(self, resolution: int | None = None, *, open: bool | None = None) -> Mesh:
        """The surface as a mesh in input coordinates, wound so that normals point outside.

        Args:
            resolution: Grid nodes along the side of the box: 1.6 times the longest side of a scan, 1.05 of a mesh; that
                of the settings, 256 unless the fit was given another, if ``None``.
            open: Whether the mesh of a scan ends about one spacing, the distance between neighbours, from its points,
                or is closed; as the settings say if ``None``.

        Returns:
            The mesh, closed unless ``open``, without bodies that no data support; (0, 3) and (0, 3) if the field has no
            zero inside its box. At sharp edges of a prepared scan its vertices lie on planes of the points around. That
            of a scan has the attribute ``confidence`` (V,), from 1 where cleaned points are sure and near to 0 where
            the surface was invented, 3 spacings from all of them and beyond; and the attributes of the scan, taken from
            the nearest points: means of colours and other fractions, the nearest point's of whole numbers.

        Raises:
            ValueError: ``open`` is asked of a fit of a mesh.
        """
        open = self.settings.open if open is None else open
        measured = self.fit.measured
        if open and measured is None:
            raise ValueError("FitResult.mesh: open is for fits of scans; this one is of a mesh")
        bounds = self.target.box(self.field)
        resolution = self.resolution if resolution is None else resolution
        self.field.eval()
        vertices, faces = isosurface(self.field, resolution=resolution, bounds=bounds, closed=True)
        vertices, faces = vertices.cpu(), faces.cpu()
        if isinstance(self.target, ScanTarget) and self.target.errors is not None:
            points = self.target.surface
            vertices = with_creases(vertices, faces, points, self.field.query(points.points))
        surface = vertices.numpy(), faces.numpy()
        if open and measured is not None:
            surface = open_mesh(*surface, measured)
        supporting = self.target.points[:_SUPPORT].numpy()
        kept, triangles = supported_bodies(*surface, supporting, self.target.support)
        attributes = {} if measured is None else measured.told_at(torch.from_numpy(kept))
        parts: Any = (self.frame.from_unit(kept), triangles)
        if self.fit.as_torch:
            parts = tuple(map(torch.from_numpy, parts))
            attributes: Any = {name: torch.from_numpy(each) for name, each in attributes.items()}
        return Mesh(*parts, attributes=attributes)

    @torch.no_grad()
    @checked
    def query(self, points: Any) -> Any:
        """Signed distance (...,) of points (..., 3) from the surface, negative inside, in input units.

        Raises:
            ValueError: ``points`` do not have three finite coordinates.
        """
        given = torch.from_numpy(real_array(points, name="FitResult.query: points"))
        if given.shape[-1:] != (3,) or not bool(torch.isfinite(given).all()):
            raise ValueError(f"FitResult.query: points must be finite, of shape (..., 3), got {tuple(given.shape)}")
        distances = self.frame.distances_from_unit(self.field.query(self.frame.to_unit(given).double()))
        if isinstance(points, Tensor):
            dtype = points.dtype if points.is_floating_point() else torch.get_default_dtype()
            return distances.to(points.device, dtype)
        return distances.numpy()

    @checked
    def show(
        self, *, truth: Any = None, host: str = "127.0.0.1", port: int | None = None, block: bool | None = None
    ) -> OpenViewer:
        """Open the live viewer: points, surface, distances, and slices through the field.

        In a notebook the scene also appears under the cell, where it turns without the viewer. Elsewhere the address is
        printed. The viewer is on a floor above the fits and is loaded when this is called.

        Args:
            truth: True surface, from which distances are measured: as ``data.as_mesh`` takes it, in the coordinates of
                the input. None: distances are those between points and surface.
            host: Address to listen at; by default no other machine reaches the viewer.
            port: Port to listen at; None: the first free one from 8080 on.
            block: Whether to wait for Ctrl-C; None: in a script, but not in a notebook.

        Returns:
            The viewer: ``address``, ``screenshot(path)``, ``wait()``, ``close()``.

        Raises:
            ImportError: viser is not installed; ``pip install "diffshape[viewer]"``.
            ValueError: ``truth`` is no mesh, or no port is free.
            OSError: The port is taken.
        """
        return open_viewer(self, truth=truth, host=host, port=port, block=block)

    @checked
    def export(self, path: str | Path, format: Format | None = None) -> Path:
        """Write the field to one self-contained file that takes and gives input coordinates; see ``fields.export``.

        Raises:
            ValueError: The format is unknown, or the field cannot be written in it.
            ImportError: ONNX is asked for without its packages.
        """
        return export(self.field, path, format, center=self.frame.center, scale=self.frame.scale)

    @checked
    def save(self, folder: str | Path) -> Path:
        """Write the fit to a folder that ``fitting.load`` reads; returns it.

        The own folder of an interrupted fit stays as it is: its newest checkpoint has the weights, and
        ``resume_fit`` goes on from there.

        Raises:
            ValueError: The folder already holds another run, or a saved model.
        """
        run = FitFolder(Path(folder))
        own = self.folder is not None and self.folder.resolve() == run.path.resolve()
        if own and self.interrupted:
            return run.path
        with run.only_here():
            if not own:
                run.begin_fit(self.fit)
            run.write_field(self.field, step=self.step, seconds=self.seconds)
        return run.path


def read_result(run: FitFolder) -> FitResult:
    """The fit in a folder as it stands: its final weights, or those of its newest checkpoint.

    Raises:
        ValueError: It is no folder of a fit, it is damaged, or it holds no weights yet.
    """
    fit = run.read()
    field, weights = run.read_field(fit)
    return FitResult(
        field=field,
        fit=fit,
        step=weights.step,
        seconds=weights.seconds,
        interrupted=not run.is_finished,
        folder=run.path,
    )


@checked
def load(folder: str | Path) -> FitResult:
    """The fit in a run folder, ready to mesh and query.

    Args:
        folder: As ``fit_points``, ``fit_mesh``, ``FitResult.save`` or ``diffshape fit`` wrote it. Of a fit that is not
            finished, the newest checkpoint is taken, and the result says ``interrupted``.

    Raises:
        ValueError: It is no run folder, it is damaged, or it holds no weights yet.
    """
    return read_result(FitFolder(Path(folder)))
