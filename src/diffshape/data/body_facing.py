"""The bodies of a mesh that face inward.

A surface without large holes faces outward if the volume it encloses,

    V = 1/6 sum over its faces (a, b, c) of a . (b x c),

is positive. In open space, and in a cavity, a surface is the outside of a body and has to face outward. Inside a body
it stays as it is, a cavity if it faces inward; only where the body around it was turned, as in a mesh that is mirrored
as a whole, it becomes the cavity of that. Small holes do not matter; surfaces with large ones are not judged here.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from diffshape.ops.meshes.face_orientation import Surfaces
from diffshape.ops.meshes.triangle_index import TriangleIndex

_PROBES = 9
"""Number of corners of a surface by which it is judged to be inside another."""

_HOLE = 0.25
"""Share of its area up to which a surface may have the squared length of its rims and count as closed."""

_FLAT = 1e-12
"""Share of the cube of its size below which the volume of a surface counts as zero."""


def are_bodies(vertices: Float[Tensor, "v 3"], faces: Int[Tensor, "f 3"], surfaces: Surfaces) -> Bool[Tensor, "s"]:
    """True for surfaces closed but for small holes, (S,): l^2 <= A / 4, l the length of their rims, A their area.

    >>> from diffshape.ops.meshes.face_orientation import connected_surfaces
    >>> corners = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=torch.float64)
    >>> faces = torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    >>> [are_bodies(corners, part, connected_surfaces(part)).tolist() for part in (faces, faces[1:])]
    [[True], [False]]
    """
    start, end = vertices[surfaces.rims].unbind(1)
    number = int(surfaces.of_face.max()) + 1
    areas = surfaces.of_face.bincount(face_areas(vertices, faces), number)
    lengths = surfaces.of_rim.bincount((end - start).norm(dim=1), number)
    return (lengths.square() <= _HOLE * areas) & (areas > 0)


def inward_bodies(
    vertices: Float[Tensor, "v 3"],
    faces: Int[Tensor, "f 3"],
    surfaces: Surfaces,
    judged: Bool[Tensor, "s"],
) -> Bool[Tensor, "s"]:
    """True for the surfaces to turn, (S,), of those that are to be judged.

    >>> from diffshape.ops.meshes.face_orientation import connected_surfaces
    >>> corners = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=torch.float64)
    >>> outward = torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    >>> two = torch.cat([outward, outward.flip(1) + 4])
    >>> inward_bodies(torch.cat([corners, corners + 5]), two, connected_surfaces(two), torch.tensor([True, True]))
    tensor([False,  True])
    """
    number = surfaces.of_face.numpy()
    parts = np.split(np.argsort(number, kind="stable"), np.cumsum(np.bincount(number))[:-1])  # the faces of each
    closed = np.flatnonzero(judged.numpy())
    bodies = _Bodies([vertices[faces[torch.from_numpy(parts[each])]].numpy() for each in closed])
    around: list[list[int]] = [[] for _ in closed]  # the bodies that each is inside of, the largest first
    order = [each for each in np.argsort(-bodies.size, kind="stable") if bodies.facing[each] != 0]
    for outer in order:
        for inner in bodies.inside(outer):
            around[inner].append(outer)
    facing = bodies.facing.copy()
    for each in order:
        outer = around[each]
        if facing[outer].sum() <= 0:
            facing[each] = 1
        elif facing[outer[-1]] != bodies.facing[outer[-1]]:
            facing[each] = -1
    turned = torch.zeros(len(judged), dtype=torch.bool)
    turned[torch.from_numpy(closed[facing != bodies.facing])] = True
    return turned


def face_areas(vertices: Float[Tensor, "v 3"], faces: Int[Tensor, "f 3"]) -> Float[Tensor, "f"]:
    """The area of each face."""
    a, b, c = vertices[faces].unbind(1)
    return torch.linalg.cross(b - a, c - a).norm(dim=1) / 2


class _Bodies:
    """Surfaces without large holes, each as its triangles (F, 3, 3).

    Attributes:
        low, high: Corners of the bounding boxes, (K, 3).
        size: Volumes without sign, (K,).
        facing: 1 for those that face outward, -1 inward, 0 for those that enclose nothing, (K,).
    """

    def __init__(self, triangles: list[NDArray[np.float64]]) -> None:
        self.triangles = triangles
        columns = [np.ascontiguousarray(each.reshape(-1, 3).T) for each in triangles]
        self.low = np.array([each.min(axis=1) for each in columns]).reshape(-1, 3)
        self.high = np.array([each.max(axis=1) for each in columns]).reshape(-1, 3)
        volume = np.array([_volume(each) for each in triangles])
        least = _FLAT * np.linalg.norm(self.high - self.low, axis=1) ** 3
        self.size, self.facing = np.abs(volume), np.where(np.abs(volume) > least, np.sign(volume), 0).astype(np.int64)

    def inside(self, outer: int) -> list[int]:
        """The smaller bodies that lie in a body: most of their corners have a winding number above 1/2 in it."""
        boxed = (self.low >= self.low[outer]).all(axis=1) & (self.high <= self.high[outer]).all(axis=1)
        candidates = np.flatnonzero(boxed & (self.size < self.size[outer]) & (self.facing != 0))
        if not len(candidates):
            return []
        own = torch.from_numpy(self.triangles[outer].reshape(-1, 3))
        index = TriangleIndex(own, torch.arange(len(own)).reshape(-1, 3))
        probes = np.concatenate([_spread(self.triangles[each].reshape(-1, 3)) for each in candidates])
        winding = index.winding_number(torch.from_numpy(probes)).abs().reshape(len(candidates), _PROBES)
        return [int(each) for each in candidates[(winding > 0.5).double().mean(1).numpy() > 0.5]]


def _volume(triangles: NDArray[np.float64]) -> float:
    """The signed volume, computed around the mean corner, where a hole changes it least."""
    a, b, c = (triangles - triangles.mean(axis=0).mean(axis=0)).swapaxes(0, 1)
    return float((a * np.cross(b, c)).sum()) / 6


def _spread(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    return corners[np.linspace(0, len(corners) - 1, _PROBES).astype(np.int64)]
