"""What a fit gives back: a field that answers in the coordinates of its input."""

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
from diffshape.fitting.mesh_bodies import supported_bodies
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.targets.mesh_target import MeshTarget
from diffshape.fitting.targets.scan_target import FitTarget
from diffshape.ops import isosurface

_CHUNK = 1 << 17
_SUPPORT = 30_000


@dataclass(frozen=True)
class FitResult:
    """A fitted surface. Arrays come back as the kind (NumPy or torch) that they went in."""

    field: Field
    """The neural distance field, in the frame."""
    frame: Frame
    """The way between input coordinates and those of the field: the longest side is 1 for a scan, 2 for a mesh."""
    target: FitTarget | MeshTarget
    """What the field was fitted to."""
    settings: FitSettings
    """Method, field, budget and seed."""
    step: int
    """Optimiser steps made."""
    seconds: float
    """Seconds they took."""
    interrupted: bool = False
    """Whether the fit was stopped before its budget was spent."""
    notes: tuple[str, ...] = ()
    """What was done to the input, a sentence each."""
    folder: Path | None = None
    """The run folder, if there is one."""
    as_torch: bool = False
    """Whether the input was a tensor, so that meshes are too."""

    _repr_png_ = picture_of

    def __repr__(self) -> str:
        method, device = type(self.settings.method).__name__, next(self.field.parameters()).device
        end = ", interrupted" if self.interrupted else ""
        return f"FitResult({method}, {self.field} on {device}, {self.step} steps in {self.seconds:.1f} s{end})"

    def __post_init__(self) -> None:
        self.field.eval()  # dropout has no place in an answer

    @checked
    def mesh(self, resolution: int | None = None) -> Mesh:
        """The surface as a closed mesh in input coordinates, wound so that normals point outside.

        Args:
            resolution: Grid nodes along the side of the box: 1.6 times the longest side of a scan, 1.05 of a mesh; that
                of the settings, 256 unless the fit was given another, if ``None``.

        Bodies that no data support are left out. Empty, (0, 3) and (0, 3), if the field has no zero inside its box.
        """
        bounds = field_bounds(self.field, self.target)
        resolution = self.settings.resolution if resolution is None else resolution
        self.field.eval()
        vertices, faces = isosurface(self.field, resolution=resolution, bounds=bounds, closed=True)
        points = self.target.points[:_SUPPORT].numpy()
        kept, triangles = supported_bodies(vertices.cpu().numpy(), faces.cpu().numpy(), points, self.target.support)
        parts: Any = (self.frame.from_unit(kept), triangles)
        if self.as_torch:
            parts = tuple(map(torch.from_numpy, parts))
        return Mesh(*parts)

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
        parameter = next(self.field.parameters())
        unit = self.frame.to_unit(given).reshape(-1, 3).to(parameter)
        parts = [self.field(chunk) for chunk in unit.split(_CHUNK)]
        values = torch.cat(parts) if parts else unit[:, 0]
        distances = self.frame.distances_from_unit(values.double().cpu()).reshape(given.shape[:-1])
        if isinstance(points, Tensor):
            dtype = points.dtype if points.is_floating_point() else torch.get_default_dtype()
            return distances.to(points.device, dtype)
        return distances.numpy()

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

        Raises:
            ValueError: The folder already holds a fit.
        """
        from diffshape.fitting.fit_folder import RunFolder

        return RunFolder(Path(folder)).write_result(self)


def field_bounds(field: Field, target: FitTarget | MeshTarget) -> tuple[float, float]:
    """Lowest and highest coordinate of the box in which a field has its surface: its own, or that of the target."""
    return getattr(field.config, "box", target.bounds)  # type: ignore[union-attr]
