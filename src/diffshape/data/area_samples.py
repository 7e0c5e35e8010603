"""Points spread evenly over the area of a triangle mesh, in NumPy.

A triangle is drawn with probability proportional to its area; inside it, with r and s uniform in [0, 1], the point is
a + sqrt(r) (b - a) + sqrt(r) s (c - b), which has constant density (Osada et al., "Shape Distributions", TOG 2002,
section 4.2).
"""

import numpy as np
from numpy.typing import NDArray


def area_samples(
    vertices: NDArray[np.floating], faces: NDArray[np.integer], count: int, *, generator: np.random.Generator
) -> NDArray[np.float64]:
    """``count`` independent points of the surface, shape (count, 3), in the unit of ``vertices``.

    Raises:
        ValueError: the surface has no area.

    >>> corners = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    >>> points = area_samples(corners, np.array([[0, 1, 2]]), 5, generator=np.random.default_rng(0))
    >>> bool((points.sum(axis=1) <= 1).all())
    True
    """
    a, b, c = np.asarray(vertices, np.float64)[faces].swapaxes(0, 1)  # each (F, 3)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    if not area.sum() > 0:
        raise ValueError("area_samples: the mesh has no surface to sample; all its faces have zero area")
    face = np.searchsorted(np.cumsum(area) / area.sum(), generator.random(count), side="right").clip(max=len(area) - 1)
    root, share = np.sqrt(generator.random((count, 1))), generator.random((count, 1))
    return a[face] + root * (b - a)[face] + root * share * (c - b)[face]
