"""The signed distance of a mesh in a normalised frame, exactly, and points to learn it from.

    s(x) = (sign of 1/2 - w(x)) * min over triangles t of |x - t|

with w the generalised winding number: negative inside, robust where a mesh has holes or flipped faces. The frame puts
the centre of the mesh's box at 0 and scales its longest side to 2 ("longest-side": the mesh fills [-1, 1]^3 along one
axis), or half its diagonal to 0.95 ("diagonal": it lies in the ball of radius 0.95, as in torch-ngp).
"""

from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.data.frame import Frame
from diffshape.data.meshes import as_mesh
from diffshape.ops.sample_surface import sample_surface
from diffshape.ops.triangle_index import TriangleIndex

Normalization = Literal["longest-side", "diagonal"]


class DistanceSamples(NamedTuple):
    """Points (N, 3) and their signed distances (N,), float32, in the normalised frame."""

    points: Tensor
    distances: Tensor


class SignedDistance:
    """The exact signed distance function of a mesh; call it with points of the normalised frame.

    Args:
        mesh: A path, a ``trimesh.Trimesh``, or (vertices, faces), in any unit.
        normalization: What is scaled; see the top of this file.
    """

    def __init__(self, mesh: Any, *, normalization: Normalization = "longest-side") -> None:
        self.mesh = as_mesh(mesh)
        low, high = self.mesh.vertices.min(axis=0), self.mesh.vertices.max(axis=0)
        size = float((high - low).max()) / 2
        if normalization == "diagonal":
            size = float(((high - low) ** 2).sum() ** 0.5) / 2 / 0.95
        x, y, z = ((low + high) / 2).tolist()
        self.normalization = normalization
        self.frame = Frame((x, y, z), size)
        self.vertices = torch.from_numpy(self.frame.to_unit(self.mesh.vertices))
        self.faces = torch.from_numpy(self.mesh.faces)
        self.index = TriangleIndex(self.vertices, self.faces)

    def __call__(self, points: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b"]:
        """Signed distances of points of the normalised frame, negative inside, in its unit; constants."""
        flat = points.reshape(-1, 3)
        distances = self.index.query(flat).squared_distances.sqrt()
        inside = self.index.winding_number(flat) > 0.5
        return torch.where(inside, -distances, distances).to(points.dtype).reshape(points.shape[:-1])

    def sample_near(
        self, count: int, *, sigma: float = 0.01, generator: torch.Generator | None = None
    ) -> DistanceSamples:
        """Points even over the surface, moved by N(0, sigma^2) along each axis."""
        surface = sample_surface(self.vertices, self.faces, count, generator=generator).points
        points = (surface + sigma * torch.randn(count, 3, generator=generator, dtype=torch.float64)).float()
        return DistanceSamples(points, self(points))

    def sample_uniform(self, count: int, *, generator: torch.Generator | None = None) -> DistanceSamples:
        """Points even in [-1, 1]^3."""
        points = torch.rand(count, 3, generator=generator) * 2 - 1
        return DistanceSamples(points, self(points))
