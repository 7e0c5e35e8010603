"""Points drawn uniformly over the area of a triangle mesh.

A face is chosen with probability proportional to its area (inverse of the cumulative area); inside it the point is
(1 - r) a + r (1 - u) b + r u c with r = sqrt(s) and s, u uniform, which is uniform on the triangle (Osada, Funkhouser,
Chazelle, Dobkin, "Shape distributions", ACM TOG 2002, section 4.2).
"""

from typing import Literal, NamedTuple, overload

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.ops.checks import widened
from diffshape.ops.meshes.packed_meshes import PackedFaces, flatten_meshes, read_topology
from diffshape.ops.table_rows import rows_at, sum_at


class SurfaceSamples(NamedTuple):
    """Points on a surface and the unit normals of their faces."""

    points: Float[Tensor, "*b n 3"]
    normals: Float[Tensor, "*b n 3"]

    __repr__ = one_line


class LocatedSamples(NamedTuple):
    """Points on a surface, the unit normals of their faces, and where they lie, to carry over what vertices have."""

    points: Float[Tensor, "*b n 3"]
    normals: Float[Tensor, "*b n 3"]
    faces: Int[Tensor, "*b n"]
    """Rows of ``faces``, int64; of packed ones, of their ``triangles``."""
    barycentrics: Float[Tensor, "*b n 3"]
    """Weights of the three corners, >= 0, sum 1; a color is (colors[faces[found]] * weights[..., None]).sum(-2)."""

    __repr__ = one_line


@overload
def sample_surface(
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
    count: int,
    *,
    located: Literal[False] = False,
    generator: torch.Generator | None = None,
) -> SurfaceSamples: ...


@overload
def sample_surface(
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
    count: int,
    *,
    located: Literal[True],
    generator: torch.Generator | None = None,
) -> LocatedSamples: ...


@checked
def sample_surface(
    vertices: Float[Tensor, "*b v 3"],
    faces: Int[Tensor, "f 3"] | PackedFaces,
    count: int,
    *,
    located: bool = False,
    generator: torch.Generator | None = None,
) -> SurfaceSamples | LocatedSamples:
    """Draw ``count`` independent points, uniform over the area of each mesh of a batch.

    Args:
        vertices: Shape (V, 3) or (B, V, 3), any unit of length; half precision becomes float32.
        faces: Shape (F, 3), integers in [0, V), one topology for the batch, counter-clockwise seen from outside; or
            packed ones (`pack_meshes`).
        count: Points a mesh, >= 0.
        located: Also return the faces and the barycentric coordinates.
        generator: Source of randomness, on any device; the same seed gives the same places on every device and dtype,
            and packed meshes the places that they have one after the other.

    Returns:
        ``points`` and outward unit ``normals``, each (count, 3) or (B, count, 3), dtype and device of ``vertices``; if
        ``located``, then ``faces``, (count,) or (B, count), and ``barycentrics``, (count, 3) or (B, count, 3). Faces of
        zero area are never chosen.

    Raises:
        ValueError: A shape is wrong, an index is out of range, a vertex in use is not finite, or a mesh has no area.

    Differentiable in ``vertices`` (twice): the chosen faces and barycentric weights are constants, so moving the mesh
    moves the points. Time O(F + count log F) a mesh.

    >>> corners = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    >>> points, normals = sample_surface(corners, torch.tensor([[0, 1, 2]]), 100)
    >>> bool((points[:, :2].sum(1) <= 1).all()), normals[0].tolist()
    (True, [0.0, 0.0, 1.0])
    >>> points, _, chosen, weights = sample_surface(corners, torch.tensor([[0, 1, 2]]), 100, located=True)
    >>> torch.equal(points[:, :2], weights[:, 1:]), chosen.unique()
    (True, tensor([0]))
    """
    vertices = widened(vertices)
    read = read_topology("sample_surface", vertices, faces)
    if count < 0:
        raise ValueError(f"sample_surface: count must be 0 or more, got {count}")
    packed = isinstance(faces, PackedFaces)
    meshes = flatten_meshes(vertices, faces if packed else read)
    batch, shape = len(meshes.face_counts), (len(faces),) if packed else tuple(vertices.shape[:-2])
    crosses = _cross_products(rows_at(meshes.vertices, meshes.triangles))  # (sum F, 3), twice the area long
    device = generator.device if generator is not None else vertices.device
    uniform = torch.rand((batch, count, 3), generator=generator, device=device, dtype=torch.float64)
    uniform = uniform.to(vertices.device)
    chosen = _choose(crosses.detach().norm(dim=-1), meshes.face_counts, uniform[..., 0])  # (B, n)
    weights = _barycentric(uniform[..., 1], uniform[..., 2]).to(vertices.dtype)  # (B, n, 3)
    points = (rows_at(meshes.vertices, meshes.triangles[chosen]) * weights[..., None]).sum(-2)
    normals = torch.nn.functional.normalize(rows_at(crosses, chosen), dim=-1, eps=0.0).to(vertices.dtype)
    samples = SurfaceSamples(points.reshape(*shape, count, 3), normals.reshape(*shape, count, 3))
    if not located:
        return samples
    rows = chosen if packed or not batch else chosen % max(len(read), 1)
    return LocatedSamples(*samples, rows.reshape(*shape, count), weights.reshape(*shape, count, 3))


def _cross_products(corners: Float[Tensor, "f 3 3"]) -> Float[Tensor, "f 3"]:
    """Edge cross products in float64, where those of a float32 mesh neither round to zero nor underflow."""
    first, second, third = corners.double().unbind(-2)
    return torch.linalg.cross(second - first, third - first)


def _choose(areas: Float[Tensor, "f"], counts: list[int], uniform: Float[Tensor, "b n"]) -> Int[Tensor, "b n"]:
    """A face of each mesh for every number in [0, 1), by the cumulative area of all meshes, each of which has 1."""
    own = torch.tensor(counts, device=areas.device, dtype=torch.int64)
    owners = torch.arange(len(counts), device=areas.device).repeat_interleave(own, output_size=len(areas))
    totals = sum_at(areas[None], owners, len(counts))[0]
    if not bool(torch.isfinite(totals).all()):
        raise ValueError(
            "sample_surface: vertices of some face are NaN or infinite; every vertex in use must be finite"
        )
    if not bool((totals > 0).all()):
        raise ValueError(
            "sample_surface: faces must give each mesh a surface to sample, but one has no face of positive area"
        )
    cumulative = (areas / totals[owners]).cumsum(0)
    last = cumulative[own.cumsum(0) - 1][:, None]  # (B, 1)
    first = torch.cat([last.new_zeros((min(1, len(last)), 1)), last[:-1]])
    # strictly below the end, and right=True: a face of zero area spans an empty interval and is never hit
    targets = torch.minimum(first + uniform * (last - first), torch.nextafter(last, torch.zeros_like(last)))
    return torch.searchsorted(cumulative, targets, right=True)


def _barycentric(first: Float[Tensor, "b n"], second: Float[Tensor, "b n"]) -> Float[Tensor, "b n 3"]:
    root = first.sqrt()
    return torch.stack([1 - root, root * (1 - second), root * second], -1)
