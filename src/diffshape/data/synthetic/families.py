"""Families of shapes to learn from: ellipsoids, boxes, rounded boxes and tori, known exactly, made from a seed.

Every solid is g(p) <= 1 for a function of its parameters. Ellipsoids (e = 2), boxes (e = infinity) and rounded boxes
(e between) with half sides a are the balls of a norm, so that p / g(p) is where the ray through p leaves the solid:

    g(p) = (sum_i |p_i / a_i|^e)^(1/e)                   torus: g(p) = |(|(x, y)| - ring, z)| / tube

That gives all three representations of one shape, in coordinates where the longest side of any is at most 1: points
spread over its area, a mesh whose vertices correspond from shape to shape, and voxels.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_resolution, check_seed
from diffshape._pictures import picture_of
from diffshape._reprs import one_line
from diffshape.data.area_samples import area_samples
from diffshape.data.synthetic.templates import box_mesh, check_subdivisions, icosphere, torus_mesh

FamilyName = Literal["ellipsoid", "box", "rounded_box", "torus"]
_FINE = 4
"""Subdivisions of the meshes from which points are drawn."""
_SHORTEST = 0.15
"""Half the shortest side of any shape; half the longest is 0.5."""


@dataclass(frozen=True)
class ShapeFamily:
    """Shapes of one family with known parameters: ``meshes()`` makes all of them, with the same faces.

    Args:
        name: Name of the family.
        parameters: Parameters, one row a shape: three half sides and the exponent e, or the radii of ring and tube.
    """

    name: FamilyName
    parameters: NDArray[np.float64]

    __repr__ = one_line
    _repr_png_ = picture_of

    def __len__(self) -> int:
        return len(self.parameters)

    @checked
    def points(self, count: int, *, seed: int = 0) -> NDArray[np.float32]:
        """(B, ``count``, 3) points, independent and of constant density over each surface."""
        check_fits("ShapeFamily.points: count", count, 100 * max(len(self), 1))
        check_seed("ShapeFamily.points: seed", seed)
        generator = np.random.default_rng(seed)
        if self.name == "box":
            vertices, faces = self.parameters[:, None, :3] * box_mesh(1).vertices * 2, box_mesh(1).faces
        else:
            vertices, faces = self.meshes(_FINE)
        return np.stack([area_samples(each, faces, count, generator=generator) for each in vertices]).astype(np.float32)

    @checked
    def meshes(self, subdivisions: int = 3) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """(B, V, 3) vertices on the surfaces and the (F, 3) faces that all of them share, facing outward.

        The faces are those of ``icosphere(subdivisions)``, for a torus of ``torus_mesh(6 * 2^n, 3 * 2^n)``. A flat
        face across an edge of a box cuts it off.
        """
        check_subdivisions("ShapeFamily.meshes", subdivisions, copies=len(self))
        if self.name == "torus":
            size = 2**subdivisions
            tori = [torus_mesh(6 * size, 3 * size, ring_radius=r, tube_radius=t) for r, t in self.parameters]
            return np.stack([torus.vertices for torus in tori]).astype(np.float32), tori[0].faces
        sphere = icosphere(subdivisions)
        rays = np.broadcast_to(sphere.vertices, (len(self), *sphere.vertices.shape)) * self.parameters[:, None, :3]
        return (rays / self._gauge(rays)[..., None]).astype(np.float32), sphere.faces

    @checked
    def voxels(self, resolution: int) -> NDArray[np.bool_]:
        """(B, R, R, R) occupancy of the cube from -1/2 to 1/2: whether the middle of each voxel is in the solid."""
        check_resolution("ShapeFamily.voxels: resolution", resolution, 1, sparse=False)
        axis = (np.arange(resolution) + 0.5) / resolution - 0.5
        middles = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(1, -1, 3)
        full = self._gauge(np.broadcast_to(middles, (len(self), *middles.shape[1:]))) <= 1
        return full.reshape(-1, resolution, resolution, resolution)

    def _gauge(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """g of (B, N, 3) points -> (B, N)."""
        if self.name == "torus":
            ring, tube = self.parameters.T[:, :, None]
            return np.hypot(np.hypot(points[..., 0], points[..., 1]) - ring, points[..., 2]) / tube
        shares = np.abs(points / self.parameters[:, None, :3])
        largest = shares.max(axis=-1)
        if self.name == "box":
            return largest
        ratios = shares / np.where(largest > 0, largest, 1)[..., None]  # at most 1: no power overflows
        exponent = self.parameters[:, None, 3]
        return largest * (ratios ** exponent[..., None]).sum(axis=-1) ** (1 / exponent)


@checked
def shape_family(name: FamilyName, count: int, *, seed: int = 0) -> ShapeFamily:
    """``count`` shapes of a family, their parameters drawn evenly: the same seed gives the same shapes.

    Args:
        name: "ellipsoid", "box" and "rounded_box" have sides from 0.3 to 1, "rounded_box" an exponent from 2.5 to 8;
            "torus" has a ring of radius 0.25 to 0.35 and a tube of 0.08 to 0.15.
        count: Number of shapes, at least 1.
        seed: Seed of the parameters.

    Raises:
        ValueError: There is no such family, or ``count`` is below 1.

    >>> shapes = shape_family("ellipsoid", 4)
    >>> shapes.points(100).shape, shapes.meshes(2)[0].shape, shapes.voxels(9).shape
    ((4, 100, 3), (4, 162, 3), (4, 9, 9, 9))
    """
    check_fits("shape_family: count", count, 8 * 4)
    check_seed("shape_family: seed", seed)
    generator = np.random.default_rng(seed)
    if name == "torus":
        return ShapeFamily(name, generator.uniform((0.25, 0.08), (0.35, 0.15), (count, 2)))
    half_sides = generator.uniform(_SHORTEST, 0.5, (count, 3))
    exponents = {"ellipsoid": np.full(count, 2.0), "box": np.full(count, np.inf)}
    exponent = exponents.get(name, generator.uniform(2.5, 8, count))
    return ShapeFamily(name, np.column_stack([half_sides, exponent]))
