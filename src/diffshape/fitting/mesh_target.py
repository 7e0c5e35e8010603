"""What a field is fitted to where the surface is known: a mesh, with its exact signed distance."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.data import SignedDistance
from diffshape.ops import sample_surface

_SUPPORT = 30_000


@dataclass(frozen=True)
class MeshTarget:
    """A mesh in the frame of its ``data.SignedDistance``."""

    distance: SignedDistance
    """The mesh, its frame, and how far points are from it."""

    bounds = (-1.05, 1.05)
    """Lowest and highest coordinate, on every axis, between which the surface is meshed."""
    support = 0.0
    """Every body of the fitted surface that has a point of the mesh nearest is kept."""

    @cached_property
    def points(self) -> Float[Tensor, "n 3"]:
        """Points on the surface, evenly by area, in the frame."""
        generator = torch.Generator().manual_seed(0)
        return sample_surface(self.distance.vertices, self.distance.faces, _SUPPORT, generator=generator).points.float()

    def tensors(self) -> dict[str, Tensor]:
        """What a file keeps: the mesh in input coordinates."""
        vertices, faces = self.distance.mesh
        return {"vertices": torch.from_numpy(vertices), "faces": torch.from_numpy(faces)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], normalization: str) -> "MeshTarget":
        """The target whose ``tensors`` these are."""
        mesh = tensors["vertices"].numpy(), tensors["faces"].numpy()
        return cls(SignedDistance(mesh, normalization=normalization))  # type: ignore[arg-type]
