"""Content of a mesh file before it is a mesh: vertices, polygons of any number of corners, attributes of vertices."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from diffshape.data.attributes import Attributes
from diffshape.data.formats.meshes.ear_clipping import clip_ears

_MOST_CORNERS = 10_000
_FLAT = 1e-9
"""Largest sine of an angle that counts as straight."""


@dataclass(frozen=True, eq=False)
class Polygons:
    """Vertices (V, 3), the corner count of each polygon, and all corners end to end; no polygons for a cloud."""

    vertices: NDArray[np.float64]
    counts: NDArray[np.int64]
    corners: NDArray[np.int64]
    normals: NDArray[np.float64] | None = None
    """Normals of the vertices, (V, 3), of any length, if the file has them."""
    attributes: Attributes = field(default_factory=dict)
    """Attributes of the vertices, one row each; see `diffshape.data.attributes`."""
    notes: tuple[str, ...] = ()
    """Changes, and content of the file that is not read, a sentence each."""

    @property
    def has_faces(self) -> bool:
        """Whether there is any polygon; without one this is a cloud of points."""
        return len(self.counts) > 0

    def __repr__(self) -> str:
        return f"Polygons({len(self.vertices)} vertices, {len(self.counts)} polygons)"

    def triangles(self) -> NDArray[np.int64]:
        """Every polygon of n corners as n - 2 triangles, (F, 3): fans around the first corner where it is convex.

        A polygon that is not convex is cut along diagonals inside it, seen along its mean normal; one of fewer than 3
        corners gives no triangle.

        Raises:
            ValueError: A corner names a vertex that is not there, or a polygon that is not convex has more than
                10,000 corners.
        """
        require_corners(self.corners, len(self.vertices))
        starts, pieces = np.cumsum(self.counts) - self.counts, np.maximum(self.counts - 2, 0)
        polygon = np.repeat(np.arange(len(self.counts)), pieces)
        step = np.arange(len(polygon)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        steps = np.stack([np.zeros_like(step), step + 1, step + 2], axis=1)
        if self.counts.max(initial=0) <= 3:
            return self.corners[starts[polygon, None] + steps]
        normals, inward = self._bends(starts)
        steps += inward.clip(min=0)[polygon, None]  # a fan around an inward corner is usually right
        triangles = self.corners[starts[polygon, None] + steps % self.counts[polygon, None]]
        fans = np.flatnonzero(inward[polygon] >= 0)
        a, b, c = self.vertices[triangles[fans]].swapaxes(0, 1)
        with np.errstate(all="ignore"):
            folded = (np.cross(b - a, c - a) * normals[polygon[fans]]).sum(axis=1) < 0
        ends = np.cumsum(pieces)
        for each in np.unique(polygon[fans[folded]]):
            corners = self.corners[starts[each] : starts[each] + self.counts[each]]
            triangles[ends[each] - pieces[each] : ends[each]] = corners[self._clipped(corners, normals[each])]
        return triangles

    def _bends(self, starts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The normal of each polygon (Newell's: summed over its sides), and its first corner pointing inward or -1."""
        polygon = np.repeat(np.arange(len(self.counts)), self.counts)
        first, count = starts[polygon], self.counts[polygon]
        step = np.arange(len(polygon)) - first
        with np.errstate(all="ignore"):  # vertices that are not finite are refused elsewhere
            places = self.vertices[self.corners] - self.vertices[self.corners[first]]
            before = places - places[first + (step - 1) % count]
            after = places[first + (step + 1) % count] - places
            sides = np.cross(places, places + after)
            normals = np.stack([np.bincount(polygon, each, len(starts)) for each in sides.T], 1).astype(np.float64)
            length, before_length, after_length = (np.linalg.norm(each, axis=1) for each in (normals, before, after))
            turns = (np.cross(before, after) * normals[polygon]).sum(axis=1)
            found = np.flatnonzero(turns < -_FLAT * length[polygon] * before_length * after_length)
        inward = np.full(len(starts), -1)
        inward[polygon[found[::-1]]] = step[found[::-1]]  # the first one is written last
        return normals, inward

    def _clipped(self, corners: NDArray[np.int64], normal: NDArray[np.float64]) -> NDArray[np.int64]:
        if len(corners) > _MOST_CORNERS:
            raise ValueError(
                f"a face that is not convex has {len(corners):,} corners; triangulate it in the program that made it"
            )
        places = self.vertices[corners] - self.vertices[corners[0]]
        axis = int(np.abs(normal).argmax())
        flat = places[:, [(axis + 1) % 3, (axis + 2) % 3] if normal[axis] > 0 else [(axis + 2) % 3, (axis + 1) % 3]]
        return np.array(clip_ears(flat / np.abs(flat).max()))


def require_corners(corners: NDArray[np.int64], vertices: int) -> None:
    """Raise a ValueError if a corner names a vertex that is not there."""
    if corners.size and (corners.min() < 0 or corners.max() >= vertices):
        wrong = int(corners.min() if corners.min() < 0 else corners.max())
        raise ValueError(f"faces name vertex {wrong} of {vertices} (counted from 0); the file or array is damaged")


def strip_triangles(counts: NDArray[np.int64], corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """The triangles (F, 3) of triangle strips; -1 begins a new strip, and triangles that name a vertex twice go.

    Every other triangle of a strip is turned, so that all face the same way.

    >>> strip_triangles(np.array([4]), np.array([0, 1, 2, 3])).tolist()
    [[0, 1, 2], [2, 1, 3]]
    """
    begins = np.zeros(len(corners) + 1, bool)
    begins[np.cumsum(counts) - counts] = True
    begins[1:] |= corners == -1
    number = np.arange(len(corners))
    step = number - np.maximum.accumulate(np.where(begins[:-1], number, 0))
    last = np.flatnonzero((step >= 2) & (corners != -1))
    triangles = np.stack([corners[last - 2], corners[last - 1], corners[last]], axis=1)
    odd = step[last] % 2 == 1
    triangles[odd] = triangles[odd][:, [1, 0, 2]]
    return triangles[(triangles != np.roll(triangles, 1, axis=1)).all(axis=1)]
