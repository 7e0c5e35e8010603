"""Maps of space or of a surface, and what they do to points, normals and areas.

A map with Jacobian J takes a unit normal n to the direction of J^-T n; areas grow by |det(J) J^-T n| = |cof(J) n|.
"""

from dataclasses import dataclass

import numpy as np

from diffshape.data.synthetic.drawn.primitive import Matrices, Numbers, Points, Row, outer


@dataclass(frozen=True)
class Waves:
    """The warp x + sum_i amplitude_i sin(frequency_i . x + phase_i): displacements and frequencies are vectors.

    It folds nothing while sum_i |amplitude_i| |frequency_i| < 1.
    """

    amplitudes: tuple[Row, ...] = ()
    frequencies: tuple[Row, ...] = ()
    phases: tuple[float, ...] = ()

    def __call__(self, points: Points, normals: Points) -> tuple[Points, Points, Numbers]:
        """Where points go, their unit normals there, and by how much areas grow."""
        if not self.phases:
            return points, normals, np.ones(len(points))
        amplitudes, frequencies = np.array(self.amplitudes), np.array(self.frequencies)
        angles = frequencies @ points.T + np.array(self.phases)[:, None]
        slopes = (amplitudes[:, :, None] * frequencies[:, None, :]).reshape(-1, 9).T @ np.cos(angles)
        jacobian = np.eye(3)[:, :, None] + slopes.reshape(3, 3, -1)
        moved, growth = carried(jacobian, normals)
        return points + np.sin(angles).T @ amplitudes, moved, growth


def carried(jacobian: Matrices, normals: Points) -> tuple[Points, Numbers]:
    """Unit normals and growth of areas under a map with this Jacobian at every point."""
    vector = np.zeros_like(normals)
    for i in range(3):
        first, second = jacobian[(i + 1) % 3], jacobian[(i + 2) % 3]
        for j in range(3):
            k, m = (j + 1) % 3, (j + 2) % 3
            vector[:, i] += normals[:, j] * (first[k] * second[m] - first[m] * second[k])
    growth = np.sqrt((vector**2).sum(axis=1))
    return vector / growth[:, None], growth


def displaced(
    points: Points, normals: Points, bend: Matrices, height: Numbers, slope: Points
) -> tuple[Points, Points, Numbers]:
    """The surface x + h(x) n(x), from h, its gradient and grad n: J = I + n (grad h)^T + h grad n.

    Returns:
        Points, unit normals and growth of areas.
    """
    jacobian = np.eye(3)[:, :, None] + outer(normals, slope) + height * bend
    moved, growth = carried(jacobian, normals)
    return points + height[:, None] * normals, moved, growth
