"""Solids with an exact surface, for tests and demos: a kettle on a pierced base, a sphere, a torus, a box.

Each has a signed function (with the properties stated in :mod:`diffshape.data.synthetic.solids`), normals, and a mesh
of any resolution.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import igl
import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._bounds import check_resolution
from diffshape._reprs import one_line
from diffshape.data.arrays import real_array
from diffshape.data.meshes import Mesh
from diffshape.data.synthetic.solids import (
    Solid,
    box,
    capsule,
    cylinder,
    difference,
    smooth_union,
    sphere,
    torus,
    union,
)

Name = Literal["kettle", "sphere", "torus", "box"]
_PIECE = 3 * 8192  # numbers at a time, which stay in the processor's cache
_CLEARANCE = 1e-3  # share of a cell between a vertex and a grid node; nearer, vertices around the node coincide
_Corner = tuple[float, float, float]


@dataclass(frozen=True)
class ProceduralObject:
    """A solid in coordinates whose longest side is about 1, within the box from ``low`` to ``high``."""

    name: str
    solid: Solid
    low: _Corner
    high: _Corner

    __repr__ = one_line

    def sdf(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Signed function of (..., 3) points -> (...), negative inside, computed in float64.

        Exactly zero on the surface; the exact distance for sphere, torus and box; for the kettle never more than the
        distance.
        """
        array = _places(points, "sdf")
        pieces = np.array_split(array.reshape(-1, 3), array.size // _PIECE + 1)
        return np.concatenate([self.solid(piece) for piece in pieces]).reshape(array.shape[:-1])

    def normals(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Unit gradients of :meth:`sdf` at (..., 3) points, outward on the surface; zero where it has no direction."""
        step = 1e-6 * np.eye(3)
        points = _places(points, "normals")
        gradient = np.stack([self.sdf(points + one) - self.sdf(points - one) for one in step], axis=-1)
        length = np.linalg.norm(gradient, axis=-1, keepdims=True)
        return gradient / np.where(length > 0, length, 1)

    @checked
    def mesh(self, resolution: int = 256) -> Mesh:
        """The surface by marching cubes, closed and facing outward; the same at every call.

        Args:
            resolution: Grid nodes along the longest side of ``low`` .. ``high``, at least 8; spacing is side /
                (resolution - 1). Only cells that the surface can reach are visited: cost grows with resolution
                squared.
        """
        check_resolution("ProceduralObject.mesh: resolution", resolution, 8)
        low, high = np.array(self.low), np.array(self.high)
        spacing = float((high - low).max()) / (resolution - 1)
        origin = low - 1.5 * spacing  # off the planes of the solid, with an empty layer around it
        cells = _surface_cells(self.sdf, origin, spacing, np.ceil((high - low) / spacing).astype(np.int64) + 3)
        nodes, cubes = _corner_nodes(cells)
        corners = origin + spacing * nodes
        values, least = self.sdf(corners), _CLEARANCE * spacing
        values = np.where(np.abs(values) < least, np.copysign(least, values), values)
        vertices, faces, *_ = igl.marching_cubes(values, corners, cubes, 0.0)
        return Mesh(np.asarray(vertices, np.float64), np.asarray(faces, np.int64))


@checked
def procedural_object(name: Name = "kettle") -> ProceduralObject:
    """One of the built-in solids, with its signed distance and points on its surface.

    Args:
        name: "kettle", "sphere", "torus" or "box".

    Raises:
        ValueError: There is no solid of that name.

    >>> bool(procedural_object("sphere").sdf(np.array([0.5, 0.0, 0.0])) == 0)
    True
    """
    return _OBJECTS[name]()


def _places(points: Any, method: str) -> NDArray[np.float64]:
    array = real_array(points, name=f"ProceduralObject.{method}: points")
    if array.shape[-1:] != (3,):
        raise ValueError(f"ProceduralObject.{method}: points must have shape (..., 3), got {array.shape}")
    return array


def _surface_cells(
    solid: Solid, origin: NDArray[np.float64], spacing: float, shape: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Indices (K, 3) of the grid cells that the surface can pass, by halving blocks of cells.

    |f(p) - f(q)| <= |p - q|: a block is empty if |f| at its middle exceeds half its diagonal.
    """
    size = 2 ** int(np.ceil(np.log2(shape.max() / 8)))
    blocks = np.indices(np.ceil(shape / size).astype(int)).reshape(3, -1).T
    while True:
        middles = origin + spacing * size * (blocks + 0.5)
        blocks = blocks[np.abs(solid(middles)) <= spacing * size * np.sqrt(3) / 2]
        if size == 1:
            return blocks
        size //= 2
        blocks = (2 * blocks[:, None] + np.indices((2, 2, 2)).reshape(3, -1).T).reshape(-1, 3)


def _corner_nodes(cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct grid nodes (V, 3) at the corners of cells, and the 8 of each cell (K, 8) in libigl's order."""
    offsets = np.array([(0, 0, 1), (0, 0, 0), (0, 1, 0), (0, 1, 1), (1, 0, 1), (1, 0, 0), (1, 1, 0), (1, 1, 1)])
    sides = cells.max(axis=0) + 2
    flat = np.ravel_multi_index(tuple((cells[:, None] + offsets).reshape(-1, 3).T), tuple(sides))
    nodes, cubes = np.unique(flat, return_inverse=True)
    return np.stack(np.unravel_index(nodes, tuple(sides)), axis=1), cubes.reshape(-1, 8)


def _kettle() -> ProceduralObject:
    """Belly, spout and knob with smooth seams, a thin ring for a handle, a sharp lid and belt, a plate with holes."""
    belly = sphere((0, 0, 0.34), 0.23)
    foot = cylinder((0, 0, 0.04), (0, 0, 0.22), 0.15)
    spout = smooth_union(
        0.02,
        capsule((0.13, 0, 0.26), (0.34, 0, 0.39), 0.075, 0.045),
        capsule((0.34, 0, 0.39), (0.46, 0, 0.56), 0.045, 0.028),
    )
    body = smooth_union(0.07, belly, foot, spout)
    handle = torus((-0.27, 0, 0.37), (0, 1, 0), 0.15, 0.02)
    lid = cylinder((0, 0, 0.52), (0, 0, 0.575), 0.13)
    knob = smooth_union(0.03, capsule((0, 0, 0.56), (0, 0, 0.62), 0.018), sphere((0, 0, 0.645), 0.04))
    belt = cylinder((0, 0, 0.315), (0, 0, 0.355), 0.245)
    kettle = union(smooth_union(0.05, body, handle), lid, knob, belt)
    plate = box((0, 0, 0.025), (0.40, 0.27, 0.025))
    holes = [cylinder((x, y, -0.1), (x, y, 0.2), 0.05) for x in (-0.32, 0.32) for y in (-0.19, 0.19)]
    slots = [box((x, 0, 0), (0.035, 0.11, 0.2)) for x in (-0.3, 0.3)]
    solid = union(kettle, difference(plate, *holes, *slots))
    return ProceduralObject("kettle", solid, (-0.45, -0.28, -0.01), (0.5, 0.28, 0.7))


def _centered(name: str, solid: Solid, half_sides: _Corner) -> ProceduralObject:
    x, y, z = half_sides
    return ProceduralObject(name, solid, (-x, -y, -z), (x, y, z))


_OBJECTS: dict[str, Callable[[], ProceduralObject]] = {
    "kettle": _kettle,
    "sphere": partial(_centered, "sphere", sphere((0, 0, 0), 0.5), (0.5, 0.5, 0.5)),
    "torus": partial(_centered, "torus", torus((0, 0, 0), (0, 0, 1), 0.35, 0.15), (0.5, 0.5, 0.15)),
    "box": partial(_centered, "box", box((0, 0, 0), (0.5, 0.3, 0.2)), (0.5, 0.3, 0.2)),
}
