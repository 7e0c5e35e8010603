"""Which bodies of a mesh face inward.

A closed surface faces outward if the volume it encloses,

    V = 1/6 sum over its faces (a, b, c) of a . (b x c),

is positive. In open space, and in a cavity, a surface is the outside of a body and has to face outward. Inside a body
it stays as it is, a cavity if it faces inward; only where the body around it was turned, as in a mesh that is mirrored
as a whole, it becomes the cavity of that. Surfaces with holes enclose nothing, and are not judged here.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from diffshape.ops.face_orientation import Surfaces
from diffshape.ops.triangle_index import TriangleIndex

_PROBES = 9
"""How many corners of a surface tell whether it is inside another."""

_FLAT = 1e-12
"""A surface whose volume is below this part of the cube of its size encloses nothing."""


def inward_bodies(vertices: Float[Tensor, "v 3"], faces: Int[Tensor, "f 3"], surfaces: Surfaces) -> Bool[Tensor, "s"]:
    """True for the closed surfaces to turn, (S,).

    >>> from diffshape.ops.face_orientation import connected_surfaces
    >>> corners = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=torch.float64)
    >>> outward = torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    >>> two = torch.cat([outward, outward.flip(1) + 4])
    >>> inward_bodies(torch.cat([corners, corners + 5]), two, connected_surfaces(two))
    tensor([False,  True])
    """
    number = surfaces.of_face.numpy()
    parts = np.split(np.argsort(number, kind="stable"), np.cumsum(np.bincount(number))[:-1])  # the faces of each
    closed = np.flatnonzero(surfaces.closed.numpy())
    bodies = [_Body.of(vertices[faces[torch.from_numpy(parts[each])]].numpy()) for each in closed]
    given = np.array([body.facing for body in bodies], np.int64)
    around: list[list[int]] = [[] for _ in bodies]  # the bodies that each is inside of, the largest first
    order = [each for each in np.argsort([-body.size for body in bodies], kind="stable") if given[each] != 0]
    for outer in order:
        for inner in _inside(outer, bodies, given):
            around[inner].append(outer)
    facing = given.copy()
    for each in order:
        outer = around[each]
        if facing[outer].sum() <= 0:
            facing[each] = 1
        elif facing[outer[-1]] != given[outer[-1]]:
            facing[each] = -1
    turned = torch.zeros(len(surfaces.closed), dtype=torch.bool)
    turned[torch.from_numpy(closed[facing != given])] = True
    return turned


class _Body(NamedTuple):
    """A closed surface: its triangles (F, 3, 3), its box, its volume, and 1 if it faces outward, -1 inward, else 0."""

    corners: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    size: float
    facing: int

    @classmethod
    def of(cls, corners: NDArray[np.float64]) -> "_Body":
        low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
        a, b, c = (corners - corners[0, 0]).swapaxes(0, 1)
        volume = float((a * np.cross(b, c)).sum()) / 6
        flat = abs(volume) <= _FLAT * np.linalg.norm(high - low) ** 3
        return cls(corners, low, high, abs(volume), 0 if flat else int(np.sign(volume)))


def _inside(outer: int, bodies: list[_Body], given: NDArray[np.int64]) -> list[int]:
    """The smaller bodies that lie in a body: it winds around most of their corners."""
    low, high = (np.array([getattr(body, end) for body in bodies]) for end in ("low", "high"))
    smaller = np.array([body.size for body in bodies]) < bodies[outer].size
    boxed = (low >= bodies[outer].low).all(axis=1) & (high <= bodies[outer].high).all(axis=1)
    candidates = np.flatnonzero(boxed & smaller & (given != 0))
    if not len(candidates):
        return []
    own = torch.from_numpy(bodies[outer].corners.reshape(-1, 3))
    index = TriangleIndex(own, torch.arange(len(own)).reshape(-1, 3))
    probes = np.concatenate([_spread(bodies[each].corners.reshape(-1, 3)) for each in candidates])
    winding = index.winding_number(torch.from_numpy(probes)).abs().reshape(len(candidates), _PROBES)
    return [int(each) for each in candidates[(winding > 0.5).double().mean(1).numpy() > 0.5]]


def _spread(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    return corners[np.linspace(0, len(corners) - 1, _PROBES).astype(np.int64)]
