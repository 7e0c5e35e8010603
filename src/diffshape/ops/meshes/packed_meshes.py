"""Meshes of different sizes and topologies as one batch: the vertices of all in one table, the faces in another.

What takes ``(vertices, faces)`` of one mesh, or of several of one topology, takes ``(packed.vertices, packed.faces)``
too, and answers for every mesh: the edges, corners and areas of all of them are computed together, and only sums keep
the meshes apart.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.ops.meshes.topology import face_sides, read_faces, require_vertices


class PackedFaces:
    """The faces of B meshes over one table of vertices, mesh after mesh; given where the faces of one mesh would be.

    Attributes:
        triangles: Shape (F_1 + ... + F_B, 3), int64, rows of the common table of vertices.
        vertex_counts: How many vertices each mesh has, B numbers, 0 allowed.
        face_counts: How many faces each mesh has, B numbers, 0 allowed.
        vertex_mesh: The mesh of each vertex, shape (V_1 + ... + V_B,), from 0, ascending; made from the counts.
        face_mesh: The mesh of each face, shape (F_1 + ... + F_B,), from 0, ascending; made from the counts.
        sides: The edges of all meshes, computed once.

    Raises:
        ValueError: The counts do not add up, or a face names a vertex of another mesh.

    `pack_meshes` makes one; ``len`` is the number of meshes. Functions that take no packed meshes take ``triangles``.
    """

    @checked
    def __init__(self, triangles: Int[Tensor, "f 3"], vertex_counts: Sequence[int], face_counts: Sequence[int]) -> None:
        counts = [tuple(int(count) for count in each) for each in (vertex_counts, face_counts)]
        if len(counts[0]) != len(counts[1]) or not counts[0] or min(map(min, counts)) < 0:
            raise ValueError(
                "PackedFaces: vertex_counts and face_counts must hold one number, 0 or more, for each of one or more "
                f"meshes, got {len(counts[0])} and {len(counts[1])}"
            )
        table = torch.empty((sum(counts[0]), 3), device=triangles.device)
        triangles = read_faces("PackedFaces", table, triangles, named="triangles")
        if len(triangles) != sum(counts[1]):
            raise ValueError(f"PackedFaces: face_counts add up to {sum(counts[1])}, but triangles has {len(triangles)}")
        vertex_mesh, face_mesh = (
            torch.arange(len(each), device=triangles.device).repeat_interleave(
                torch.tensor(each, device=triangles.device)
            )
            for each in counts
        )
        if not bool((vertex_mesh[triangles] == face_mesh[:, None]).all()):
            raise ValueError(
                "PackedFaces: in triangles a face names a vertex of another mesh; they must come mesh after mesh"
            )
        self.triangles: Int[Tensor, "f 3"] = triangles
        self.vertex_counts, self.face_counts = counts
        self.vertex_mesh: Int[Tensor, "v"] = vertex_mesh
        self.face_mesh: Int[Tensor, "f"] = face_mesh
        self.sides = face_sides(triangles)

    def __len__(self) -> int:
        return len(self.vertex_counts)

    def __repr__(self) -> str:
        return f"PackedFaces({len(self)} meshes, {len(self.vertex_mesh):,} vertices, {len(self.triangles):,} faces)"

    def to(self, device: torch.device | str) -> "PackedFaces":
        """These faces on another device, for vertices there."""
        return PackedFaces(self.triangles.to(device), self.vertex_counts, self.face_counts)

    def read(self, function: str, vertices: Tensor, *, argument: str = "vertices") -> Int[Tensor, "f 3"]:
        """The triangles, or a ValueError that names the argument if the vertices do not fit."""
        wanted = (len(self.vertex_mesh), 3)
        fits = tuple(vertices.shape) == wanted
        require_vertices(function, argument, vertices, f"{wanted} like the packed faces", fits)
        if vertices.device != self.triangles.device:
            raise ValueError(
                f"{function}: {argument} and the packed faces must be on one device, got {vertices.device} and "
                f"{self.triangles.device}; PackedFaces.to moves the faces"
            )
        return self.triangles


class PackedMeshes(NamedTuple):
    """A batch of meshes, to be given to losses and ops as ``(vertices, faces)``: ``loss(*packed)``."""

    vertices: Float[Tensor, "v 3"]
    """The vertices of all meshes, one mesh after the other."""
    faces: PackedFaces

    __repr__ = one_line

    def unpack(self) -> list[tuple[Float[Tensor, "v 3"], Int[Tensor, "f 3"]]]:
        """The meshes one by one, each with faces that count its own vertices from 0."""
        rows = self.vertices.split(list(self.faces.vertex_counts))
        triangles = self.faces.triangles.split(list(self.faces.face_counts))
        firsts = _starts(self.faces.vertex_counts)
        return [(own, faces - first) for own, faces, first in zip(rows, triangles, firsts)]


@checked
def pack_meshes(meshes: Sequence[tuple[Float[Tensor, "v 3"], Int[Tensor, "f 3"]]]) -> PackedMeshes:
    """Meshes of any sizes as one batch.

    Args:
        meshes: One or more pairs of vertices (V, 3), floats in any unit, and faces (F, 3), integers in [0, V); V and F
            may differ from mesh to mesh and be 0. One dtype and device for all vertices.

    Returns:
        ``vertices`` (sum V, 3) and ``faces``, a `PackedFaces`. Losses on meshes and what samples or measures surfaces
        take the two where they take the vertices and faces of one mesh, and give a value for each mesh; per vertex, as
        in a mask, there is one row of sum V.

    Raises:
        TypeError: ``meshes`` is not a list, or a pair does not hold two tensors.
        ValueError: There is no mesh, a pair is not a mesh, or dtypes or devices differ.

    Differentiable in the vertices. The faces are checked here, once; move the vertices as you like and keep the faces.

    >>> from diffshape import losses
    >>> corners = torch.tensor([[0.0, 0, 0], [3, 0, 0], [0, 4, 0], [3, 4, 0]])
    >>> meshes = [(corners, torch.tensor([[0, 1, 2], [2, 1, 3]])), (corners[:3], torch.tensor([[0, 1, 2]]))]
    >>> packed = pack_meshes(meshes)
    >>> packed.vertices.shape, packed.faces.triangles.tolist(), packed.faces.vertex_counts
    (torch.Size([7, 3]), [[0, 1, 2], [2, 1, 3], [4, 5, 6]], (4, 3))
    >>> losses.laplacian_loss(*packed, reduction="none")
    tensor([ 8.6806, 12.5000])
    """
    if len(meshes) == 0:
        raise ValueError("pack_meshes: meshes must be a list of one or more (vertices, faces)")
    first = meshes[0][0]
    for number, (vertices, _) in enumerate(meshes):
        if vertices.ndim != 2:
            raise ValueError(
                f"pack_meshes: vertices of mesh {number} must have shape (V, 3), got {tuple(vertices.shape)}"
            )
        if vertices.dtype != first.dtype or vertices.device != first.device:
            raise ValueError(
                f"pack_meshes: all vertices must share dtype and device, got {first.dtype} on {first.device} and, of "
                f"mesh {number}, {vertices.dtype} on {vertices.device}"
            )
    faces = [read_faces(f"pack_meshes: mesh {number}", *mesh) for number, mesh in enumerate(meshes)]
    counts = tuple(len(vertices) for vertices, _ in meshes)
    triangles = torch.cat([own + first for own, first in zip(faces, _starts(counts))])
    packed = PackedFaces(triangles, counts, tuple(len(own) for own in faces))
    return PackedMeshes(torch.cat([vertices for vertices, _ in meshes]), packed)


def read_topology(
    function: str, vertices: Tensor, faces: Tensor | PackedFaces, *, argument: str = "vertices"
) -> Int[Tensor, "f 3"]:
    """The faces as int64 beside the vertices, packed or not, or a ValueError that names the argument."""
    if isinstance(faces, PackedFaces):
        return faces.read(function, vertices, argument=argument)
    return read_faces(function, vertices, faces, argument=argument)


class FlatMeshes(NamedTuple):
    """A batch for searching and sampling: every mesh has vertices and triangles of its own."""

    vertices: Shaped[Tensor, "v 3"]
    triangles: Int[Tensor, "f 3"]
    face_counts: list[int]
    """How many triangles each mesh has."""


def flatten_meshes(vertices: Shaped[Tensor, "*b v 3"], faces: Int[Tensor, "f 3"] | PackedFaces) -> FlatMeshes:
    """A mesh, several of one topology, or packed ones, already read, as meshes one after the other.

    >>> square = torch.zeros(2, 4, 3)
    >>> flatten_meshes(square, torch.tensor([[0, 1, 2], [0, 2, 3]])).triangles.tolist()
    [[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]]
    """
    if isinstance(faces, PackedFaces):
        return FlatMeshes(vertices, faces.triangles, list(faces.face_counts))
    if vertices.ndim == 2:
        return FlatMeshes(vertices, faces, [len(faces)])
    batch, count, _ = vertices.shape
    firsts = count * torch.arange(batch, device=faces.device)
    triangles = (faces + firsts[:, None, None]).reshape(-1, 3)
    return FlatMeshes(vertices.reshape(-1, 3), triangles, [len(faces)] * batch)


def _starts(counts: Sequence[int]) -> list[int]:
    """Offsets of parts that follow one another, from the count of each."""
    return [0, *accumulate(counts)][:-1]
