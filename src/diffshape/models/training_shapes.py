"""The shapes that a training learns from and is tested on, from where its settings say."""

from typing import Any

from diffshape._arguments import checked
from diffshape._bounds import LARGEST_RUN_SEED, check_whole
from diffshape.data import ShapeSet, draw_shapes, read_shapes
from diffshape.models.shape_sources import DrawnFamily, ShapeSource


@checked
def training_shapes(
    source: ShapeSource,
    *,
    seed: int = 0,
    points: int | None = None,
    volume_points: int | None = None,
    near_points: int | None = None,
    resolution: int | None = None,
    views: int | None = None,
    image_size: int = 64,
    image_files: bool = True,
) -> tuple[ShapeSet, ShapeSet]:
    """Shapes to learn from, and others to be tested on, in the forms that a model asks for.

    A ``ShapeFiles`` may say how many points and voxels of those forms its files have.

    Args:
        source: A ``DrawnFamily``, or ``ShapeFiles``.
        seed: Seed of what is drawn, or of which shapes are held out, from 0 to 2^32 - 1.
        points: Points on each surface, with their normals; None for none.
        volume_points: Points in the cube of side 1.1, with their occupancies; None for none.
        near_points: Points near each surface, with their occupancies; None for none.
        resolution: Voxels along each side; None for none of a drawn family, and for those of files as they are.
        views: Pictures of each shape; None for none.
        image_size: Pixels along each side of a drawn picture; those of files have the ``image_size`` of the source.
        image_files: Whether ``views`` pictures of each shape are read from files too; else only drawn shapes have any.

    Raises:
        ValueError, OSError, ImportError: As ``data.draw_shapes`` or ``data.read_shapes``; or files have fewer than two
            shapes.

    >>> learn, test = training_shapes(DrawnFamily(family="lamp", shapes=3, test_shapes=1), points=100)
    >>> learn, len(test)
    (ShapeSet(3 shapes: points 100x3, normals 100x3), 1)
    """
    check_whole("training_shapes: seed", seed, 0, LARGEST_RUN_SEED)
    forms: dict[str, Any] = {"points": points, "volume_points": volume_points, "near_points": near_points}
    forms |= {"resolution": resolution, "views": views}
    if isinstance(source, DrawnFamily):
        learn, test = (
            draw_shapes(source.family, count, seed=2 * seed + others, image_size=image_size, **forms)
            for others, count in enumerate((source.shapes, source.test_shapes))
        )
        return learn, test
    if not image_files:
        forms["views"] = None
    for name in ("points", "volume_points", "near_points"):
        forms[name] = forms[name] and (source.points or forms[name])
    forms["resolution"] = resolution and (source.resolution or resolution)
    forms |= {"image_size": source.image_size, "cache": source.cache}
    shapes = read_shapes(source.folder, layout=source.layout, seed=seed, **forms)
    if len(shapes) < 2:
        raise ValueError(f"{source.folder}: one shape is too few to learn from and be tested on; give at least two")
    return shapes.split(source.holdout, seed=seed)
