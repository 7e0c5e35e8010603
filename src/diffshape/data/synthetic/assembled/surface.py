"""Points of constant density on the surfaces of many assembled shapes, with outward normals.

A part is drawn in proportion to its area, and a point on it. The point is on the surface of the whole if the whole is
inside on one side of the part there and outside on the other; what other parts hide is dropped. No mesh is made, and
edges are exact.
"""

from collections.abc import Sequence

import numpy as np

from diffshape.data.synthetic.assembled.part import Part, fold
from diffshape.data.synthetic.assembled.primitive import Flags, Points, Rows, picked

_TRIES = 100
"""Most rounds of draws for the points of one shape."""


def surface_points(
    parts: Sequence[Part], shapes: int, count: int, generator: np.random.Generator
) -> tuple[Points, Points]:
    """``count`` independent points on each of S shapes and their unit normals, shape (S, count, 3) each.

    Raises:
        ValueError: A shape has hardly any surface.
    """
    points, normals = np.empty((2, shapes, count, 3))
    filled = np.zeros(shapes, np.int64)
    for _ in range(_TRIES):
        left = np.flatnonzero(filled < count)
        if not len(left):
            return points, normals
        tries = 2 * int((count - filled).max()) + 16
        tried, facing, kept = _draw([picked(part, left) for part in parts], tries, generator)
        place = filled[left, None] + np.cumsum(kept, axis=1) - 1
        row, column = np.nonzero(kept & (place < count))
        points[left[row], place[row, column]] = tried[row, column]
        normals[left[row], place[row, column]] = facing[row, column]
        filled[left] = np.minimum(filled[left] + kept.sum(axis=1), count)
    raise ValueError("surface_points: the parts of a shape leave next to no surface")


def _draw(parts: Sequence[Part], tries: int, generator: np.random.Generator) -> tuple[Points, Points, Flags]:
    """Points even over the surfaces of all parts, their normals, and which of them are on the surface of the whole."""
    choice = _choose(parts, tries, generator)
    points, normals = np.empty((2, *choice.shape, 3))
    kept = np.empty(choice.shape, bool)
    for index, part in enumerate(parts):
        where = np.nonzero(choice == index)
        own = part.solid.propose(where[0], generator)
        points[where] = _placed(part, own.points, where[0]) + part.center[where[0]]
        normals[where] = _placed(part, own.normals, where[0]) * (-1 if part.cut else 1)
        kept[where] = own.kept
    x, y, z = np.moveaxis(points, -1, 0)
    own = [part.inside((x, y, z)) for part in parts]
    within = fold(parts, (flags | (choice == index) for index, flags in enumerate(own)))
    without = fold(parts, (flags & (choice != index) for index, flags in enumerate(own)))
    return points, normals, kept & (within != without)


def _choose(parts: Sequence[Part], tries: int, generator: np.random.Generator) -> Rows:
    """A part for each of ``tries`` points of each shape, by the measures of its primitives, shape (S, tries)."""
    levels = np.cumsum([part.solid.measure() * part.present for part in parts], axis=0)  # (P, S)
    share = generator.random((levels.shape[1], tries)) * levels[-1][:, None]
    return (share >= levels[:-1, :, None]).sum(axis=0)


def _placed(part: Part, vectors: Points, rows: Rows) -> Points:
    """Vectors in the coordinates of a primitive, turned to those of its shape."""
    return vectors if part.rotation is None else np.einsum("nij,nj->ni", part.rotation[rows], vectors)
