"""A mesh cut off along a level of numbers at its vertices."""

import numpy as np
from numpy.typing import NDArray


def clipped(
    vertices: NDArray[np.float64], faces: NDArray[np.integer], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The part of a mesh where numbers at its vertices are at most 0, by linear interpolation along its edges.

    A triangle across the level keeps the triangle or the quadrilateral, split in two, on its side of the level, so the
    new boundary is a smooth line where dropped triangles would leave teeth.

    Args:
        vertices: Shape (V, 3).
        faces: Shape (F, 3).
        values: A number at each vertex, shape (V,).

    Returns:
        Vertices (V', 3) and faces (F', 3), wound as before, without vertices that no face uses.

    >>> square = np.array([[0.0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]), np.array([[0, 1, 2], [0, 2, 3]])
    >>> float(clipped(*square, square[0][:, 0] - 0.5)[0][:, 0].max())
    0.5
    """
    beyond = values > 0
    corners = beyond[faces].sum(axis=1)
    crossed = faces[(corners == 1) | (corners == 2)]
    alone = beyond[crossed].sum(axis=1) == 1  # the corner by itself lies beyond, else the two others do
    first = (beyond[crossed] == alone[:, None]).argmax(axis=1)
    one, two, three = np.take_along_axis(crossed, (first[:, None] + np.arange(3)) % 3, axis=1).T
    cuts, (to_two, to_three) = _cuts(np.stack([one, one]), np.stack([two, three]), len(vertices))
    pieces = [
        faces[corners == 0],
        np.stack([one, to_two, to_three], axis=1)[~alone],
        np.stack([to_two, two, three], axis=1)[alone],
        np.stack([to_two, three, to_three], axis=1)[alone],
    ]
    every, triangles = np.concatenate([vertices, _between(vertices, values, cuts)]), np.concatenate(pieces)
    used = np.zeros(len(every), bool)
    used[triangles] = True
    return every[used], (np.cumsum(used) - 1)[triangles]


def _cuts(
    one: NDArray[np.integer], other: NDArray[np.integer], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct edges (E, 2) between vertices of any shape, and the number of the new vertex on each of them."""
    keys = np.minimum(one, other).astype(np.int64) * count + np.maximum(one, other)
    distinct, place = np.unique(keys, return_inverse=True)
    return np.stack([distinct // max(count, 1), distinct % max(count, 1)], axis=1), count + place.reshape(keys.shape)


def _between(
    vertices: NDArray[np.float64], values: NDArray[np.float64], edges: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The place on each edge where the values, interpolated, are 0."""
    start, end = values[edges].T
    share = (start / (start - end))[:, None]
    return vertices[edges[:, 0]] * (1 - share) + vertices[edges[:, 1]] * share
