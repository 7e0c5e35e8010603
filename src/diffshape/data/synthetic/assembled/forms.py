"""All forms of assembled shapes: points, occupancies, distances, voxels and pictures, for a batch of them at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from diffshape.data.shape_sets.cube import NEAR_SPREAD, VOLUME_SIDE
from diffshape.data.synthetic.assembled.part import Part, inside, signed
from diffshape.data.synthetic.assembled.pictures import depth_image
from diffshape.data.synthetic.assembled.primitive import Array, Points, picked
from diffshape.data.synthetic.assembled.surface import surface_points

_BATCH = 2**21
"""Most places that are at work at a time."""
_SHAPES = 32
"""Most shapes that are at work at a time."""


@dataclass(frozen=True)
class Forms:
    """``count`` shapes, by their parts, and the tensors of a set of shapes that are made of them, as arrays.

    Places are rounded to float32 first, so that what is said of them is true of the rounded ones.
    """

    parts: Sequence[Part]
    count: int

    def surface(self, number: int, generator: np.random.Generator) -> dict[str, Array]:
        """Points on the surfaces, and their normals."""
        points, normals = np.empty((2, self.count, number, 3), np.float32)
        for rows, parts in self._batches(number):
            points[rows], normals[rows] = surface_points(parts, len(points[rows]), number, generator)
        return {"points": points, "normals": normals}

    def volume(self, number: int, generator: np.random.Generator) -> dict[str, Array]:
        """Points even in the cube, and whether they are inside."""
        points = (VOLUME_SIDE * (generator.random((self.count, number, 3)) - 0.5)).astype(np.float32)
        occupancies = np.empty(points.shape[:2], bool)
        for rows, parts in self._batches(number):
            x, y, z = np.moveaxis(points[rows].astype(np.float64), -1, 0)
            occupancies[rows] = inside(parts, (x, y, z))
        return {"volume_points": points, "occupancies": occupancies}

    def near(self, number: int, generator: np.random.Generator) -> dict[str, Array]:
        """Points near the surfaces, their signed distances, and whether they are inside."""
        points = self.surface(number, generator)["points"]
        points += NEAR_SPREAD * generator.standard_normal(points.shape, np.float32)
        distances = np.empty(points.shape[:2], np.float32)
        for rows, parts in self._batches(number):
            distances[rows] = signed(parts, points[rows].astype(np.float64))
        return {"near_points": points, "near_occupancies": distances < 0, "near_distances": distances}

    def voxels(self, resolution: int) -> dict[str, Array]:
        """Whether the middle of each voxel is inside."""
        line = (np.arange(resolution) + 0.5) / resolution - 0.5
        grid = line[None, :, None, None], line[None, None, :, None], line[None, None, None, :]
        voxels = np.empty((self.count, *[resolution] * 3), bool)
        for rows, parts in self._batches(resolution**3):
            voxels[rows] = inside(parts, grid)
        return {"voxels": voxels}

    def pictures(self, views: Points, size: int) -> dict[str, Array]:
        """Silhouettes and depths from rotations (S, V, 3, 3)."""
        depths = np.empty((*views.shape[:2], size, size), np.float32)
        for rows, parts in self._batches(size**2):
            for view in range(views.shape[1]):
                depths[rows, view] = depth_image(parts, views[rows, view], size)
        return {"images": (depths > 0).astype(np.float32), "depths": depths, "views": views.astype(np.float32)}

    def _batches(self, places: int) -> Iterator[tuple[slice, list[Part]]]:
        """Some of the shapes after others, so many that their ``places`` fit, and the parts that any of them has."""
        size = min(max(_BATCH // places, 1), _SHAPES)
        for start in range(0, self.count, size):
            rows = slice(start, start + size)
            yield rows, [picked(part, rows) for part in self.parts if part.present[rows].any()]
