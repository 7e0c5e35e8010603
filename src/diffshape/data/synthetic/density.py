"""How densely a scanner sees a surface: a smooth random function of the direction from a centre.

w(d) = (1 + mean_i cos(k_i . d + phase_i)) / 2, in [0, 1], of six random waves.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_WAVES = 6


def draw_density(
    center: NDArray[np.float64], generator: np.random.Generator
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """w of points (N, 3) -> (N,), seen from ``center``."""
    waves, phases = 1.5 * generator.standard_normal((3, _WAVES)), generator.uniform(0, 2 * np.pi, _WAVES)

    def weight(points: NDArray[np.float64]) -> NDArray[np.float64]:
        offsets = points - center
        directions = offsets / np.linalg.norm(offsets, axis=1, keepdims=True).clip(min=1e-300)
        return (1 + np.cos(directions @ waves + phases).mean(axis=1)) / 2

    return weight
