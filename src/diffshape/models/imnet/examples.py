"""The shapes of an IM-NET training, drawn or read from files, to learn from and to be tested on."""

from diffshape._arguments import checked
from diffshape.data import ShapeSet
from diffshape.models.shape_sources import DrawnFamily, ShapeSource
from diffshape.models.training_shapes import training_shapes

POINTS = 4096
"""Points of each shape in space, by which it is scored; half as many on its surface."""
VOXELS = 64
"""Voxels along a side."""
VIEWS = 8
"""Images of each drawn shape."""


@checked
def imnet_shapes(source: ShapeSource, *, seed: int = 0) -> tuple[ShapeSet, ShapeSet]:
    """Shapes to learn from, and others to be tested on, with voxels; drawn ones with images too.

    Raises:
        ValueError, OSError, ImportError: As ``models.training_shapes``.
    """
    views = VIEWS if isinstance(source, DrawnFamily) else None
    return training_shapes(source, seed=seed, points=POINTS // 2, volume_points=POINTS, resolution=VOXELS, views=views)
