"""Points drawn uniformly over the area of a triangle mesh.

A face is chosen with probability proportional to its area (inverse of the cumulative area); inside it the point is
(1 - r) a + r (1 - u) b + r u c with r = sqrt(s) and s, u uniform, which is uniform on the triangle (Osada, Funkhouser,
Chazelle, Dobkin, "Shape distributions", ACM TOG 2002, section 4.2).
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape.ops.checks import checked
from diffshape.ops.mesh_topology import read_faces


class SurfaceSamples(NamedTuple):
    """Points on a surface and the unit normals of their faces."""

    points: Float[Tensor, "*b n 3"]
    normals: Float[Tensor, "*b n 3"]


@checked
def sample_surface(
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"],
    n: int,
    *,
    generator: torch.Generator | None = None,
) -> SurfaceSamples:
    """Draw ``n`` independent points, uniform over the area of each mesh of a batch.

    Args:
        vertices: Shape (V, 3) or (B, V, 3), float32 or float64, any unit of length.
        faces: Shape (F, 3), integers in [0, V), one topology for the batch, counter-clockwise seen from outside.
        n: Points a mesh, >= 0.
        generator: Source of randomness, on any device; the same seed gives the same places on every device and dtype.

    Returns:
        ``points`` and outward unit ``normals``, each (n, 3) or (B, n, 3), dtype and device of ``vertices``.
        Faces of zero area are never chosen.

    Raises:
        ValueError: A shape is wrong, an index is out of range, a vertex in use is not finite, or a mesh has no area.

    Differentiable in ``vertices`` (twice): the chosen faces and barycentric weights are constants, so moving the mesh
    moves the points. Time O(F + n log F) a mesh.

    >>> corners = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    >>> points, normals = sample_surface(corners, torch.tensor([[0, 1, 2]]), 100)
    >>> bool((points[:, :2].sum(1) <= 1).all()), normals[0].tolist()
    (True, [0.0, 0.0, 1.0])
    """
    faces = read_faces("sample_surface", vertices, faces)
    if n < 0:
        raise ValueError(f"sample_surface: n must be 0 or more, got {n}")
    meshes = vertices if vertices.ndim == 3 else vertices[None]  # (B, V, 3)
    corners = meshes[:, faces]  # (B, F, 3, 3)
    crosses = _cross_products(corners)  # (B, F, 3), twice the area long
    device = generator.device if generator is not None else vertices.device
    uniform = torch.rand((len(meshes), n, 3), generator=generator, device=device, dtype=torch.float64)
    uniform = uniform.to(vertices.device)
    chosen = _choose(crosses.detach().norm(dim=-1), uniform[..., 0])  # (B, n)
    weights = _barycentric(uniform[..., 1], uniform[..., 2]).to(vertices.dtype)  # (B, n, 3)
    points = (_gather(corners, chosen) * weights[..., None]).sum(-2)
    normals = torch.nn.functional.normalize(_gather(crosses, chosen), dim=-1, eps=0.0).to(vertices.dtype)
    return SurfaceSamples(points.reshape(*vertices.shape[:-2], n, 3), normals.reshape(*vertices.shape[:-2], n, 3))


def _cross_products(corners: Float[Tensor, "b f 3 3"]) -> Float[Tensor, "b f 3"]:
    """Edge cross products in float64, where those of a float32 mesh neither round to zero nor underflow."""
    first, second, third = corners.double().unbind(-2)
    return torch.linalg.cross(second - first, third - first)


def _choose(areas: Float[Tensor, "b f"], uniform: Float[Tensor, "b n"]) -> Int[Tensor, "b n"]:
    cumulative = areas.cumsum(-1)
    total = cumulative[:, -1:] if areas.shape[-1] else areas.new_zeros((len(areas), 1))
    if not bool(torch.isfinite(total).all()):
        raise ValueError(
            "sample_surface: vertices of some face are NaN or infinite; every vertex in use must be finite"
        )
    if not bool((total > 0).all()):
        raise ValueError("sample_surface: a mesh has no face of positive area, so there is no surface to sample")
    # strictly below the total, and right=True: a face of zero area spans an empty interval and is never hit
    targets = torch.minimum(uniform * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(cumulative, targets, right=True)


def _barycentric(first: Float[Tensor, "b n"], second: Float[Tensor, "b n"]) -> Float[Tensor, "b n 3"]:
    root = first.sqrt()
    return torch.stack([1 - root, root * (1 - second), root * second], -1)


def _gather(per_face: Float[Tensor, "b f ..."], chosen: Int[Tensor, "b n"]) -> Float[Tensor, "b n ..."]:
    rows = torch.arange(len(per_face), device=per_face.device)[:, None]
    return per_face[rows, chosen]
