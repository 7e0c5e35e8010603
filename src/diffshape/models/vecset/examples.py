"""The shapes of a vector-set training, drawn or read from files, to learn from and to be tested on."""

from diffshape._arguments import checked
from diffshape.data import ShapeSet
from diffshape.models.shape_sources import ShapeSource
from diffshape.models.training_shapes import training_shapes

POINTS = 4096
"""Points of each shape in space, as many near its surface, and half as many on it."""


@checked
def vecset_shapes(source: ShapeSource, *, seed: int = 0) -> tuple[ShapeSet, ShapeSet]:
    """Shapes to learn from, and others to be tested on, with points on, near and about their surfaces.

    Raises:
        ValueError, OSError, ImportError: As ``models.training_shapes``.
    """
    return training_shapes(source, seed=seed, points=POINTS // 2, volume_points=POINTS, near_points=POINTS)
