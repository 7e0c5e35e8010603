"""Digits of a mesh that float32, the numbers of STL and GLB, does not hold."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KEPT = 1e-6
"""Share of the size of a mesh by which its vertices may move without a warning: a few roundings of coordinates."""


def float32_center(vertices: NDArray[Any]) -> NDArray[np.float64]:
    """Offset that vertices (V, 3) need for float32 to keep their digits: 0 if it does anyway, else their middle.

    >>> float32_center(np.array([[5e5, 0.0, 0.0], [5e5 + 0.1, 2.0, 2.0]]))
    array([5.0000005e+05, 1.0000000e+00, 1.0000000e+00])
    """
    if _lost(vertices) <= _KEPT * _size(vertices):
        return np.zeros(3)
    return (vertices.min(axis=0) + vertices.max(axis=0)).astype(np.float64) / 2


def warn_of_lost_digits(path: Path, vertices: NDArray[Any]) -> None:
    """Warn if float32 moves vertices (V, 3) by more than a millionth of the size of their box."""
    lost = _lost(vertices)
    if lost > _KEPT * _size(vertices):
        warnings.warn(
            f"write_mesh: {path.name} holds 7 digits a number, which moves vertices by up to {lost:.2g}, as the mesh "
            "is far from the origin; write .ply, .obj, .off or .glb, or move it nearer",
            stacklevel=3,
        )


def _lost(vertices: NDArray[Any]) -> float:
    return float(np.abs(vertices - vertices.astype(np.float32)).max())


def _size(vertices: NDArray[Any]) -> float:
    return float(np.linalg.norm(vertices.max(axis=0).astype(np.float64) - vertices.min(axis=0)))
