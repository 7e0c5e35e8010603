"""Points with normals as a mesh that a picture can show: a triangle across the normal of each."""

import numpy as np
from numpy.typing import NDArray


def surfels(
    points: NDArray[np.floating], normals: NDArray[np.floating], radius: float
) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """An equilateral triangle around every point, counter-clockwise seen from where its normal points to.

    Args:
        points: Shape (N, 3).
        normals: Unit normals, shape (N, 3).
        radius: Distance of the corners from the point; at twice the distance between neighbours, no gaps are left.

    Returns:
        Vertices (3 N, 3) and faces (N, 3).

    >>> surfels(np.zeros((1, 3)), np.array([[0.0, 0.0, 1.0]]), 1.0)[1]
    array([[0, 1, 2]])
    """
    aside = np.eye(3)[np.abs(normals).argmin(axis=1)]
    across = np.cross(normals, aside)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    up = np.cross(normals, across)
    angles = 2 * np.pi * np.arange(3) / 3
    corners = [points + radius * (np.cos(angle) * across + np.sin(angle) * up) for angle in angles]
    return np.stack(corners, axis=1).reshape(-1, 3), np.arange(3 * len(points)).reshape(-1, 3)
