"""The shapes of a training of an Occupancy Network, drawn or read from files, to learn from and to be tested on."""

from diffshape._arguments import checked
from diffshape.data import ShapeSet
from diffshape.models.shape_sources import DrawnFamily, ShapeSource
from diffshape.models.training_shapes import training_shapes

POINTS = 4096
"""Points of each shape in space, and as many near its surface."""
VOXELS = 32
"""Voxels along a side."""
VIEWS = 4
"""Images of each drawn shape."""


@checked
def occupancy_shapes(source: ShapeSource, *, seed: int = 0) -> tuple[ShapeSet, ShapeSet]:
    """Shapes to learn from, and others to be tested on, with all that the encoders read; drawn ones with images too.

    Raises:
        ValueError, OSError, ImportError: As ``models.training_shapes``.
    """
    drawn = isinstance(source, DrawnFamily)
    return training_shapes(
        source,
        seed=seed,
        points=POINTS // 2,
        volume_points=POINTS,
        near_points=POINTS,
        resolution=VOXELS,
        views=VIEWS if drawn else None,
    )
