"""Target of a fit of a mesh: the mesh, with its exact signed distance."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._reprs import one_line
from diffshape.data import Mesh, SignedDistance, as_mesh
from diffshape.data.signed_distance import Normalization
from diffshape.fitting.methods.config import MeshMethodConfig, MethodConfig, method_of
from diffshape.fitting.targets.target import Target
from diffshape.ops import sample_surface

_SUPPORT = 30_000
"""Number of points that are drawn on the surface."""


@dataclass(frozen=True)
class MeshTarget(Target):
    """A mesh and its signed distance."""

    mesh: Mesh
    """Mesh in input coordinates."""
    distance: SignedDistance
    """Signed distance of the mesh, in the frame of the fit."""

    bounds: ClassVar[tuple[float, float]] = (-1.05, 1.05)
    support: ClassVar[float] = 0.0

    __repr__ = one_line

    @classmethod
    def of(cls, mesh: Any, normalization: Normalization) -> "MeshTarget":
        """The target for a path, a ``trimesh.Trimesh`` or (vertices, faces)."""
        mesh = as_mesh(mesh)
        return cls(mesh, SignedDistance(mesh, normalization=normalization))

    @cached_property
    def points(self) -> Float[Tensor, "n 3"]:
        """Points on the surface, evenly by area, in the frame."""
        generator = torch.Generator().manual_seed(0)
        return sample_surface(self.distance.vertices, self.distance.faces, _SUPPORT, generator=generator).points.float()

    def tensors(self) -> dict[str, Tensor]:
        """The mesh, as a file keeps it."""
        return {"vertices": torch.from_numpy(self.mesh.vertices), "faces": torch.from_numpy(self.mesh.faces)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], method: MethodConfig) -> "MeshTarget":
        """The mesh of which a file kept ``tensors``, scaled as ``method`` says."""
        return cls.of((tensors["vertices"], tensors["faces"]), method_of(MeshMethodConfig, method).normalization)
