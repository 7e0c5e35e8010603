"""Sets of shapes of a family, drawn on the spot in every form that a model reads."""

from typing import Any

import numpy as np
import torch

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_resolution, check_seed, check_side
from diffshape.data.shape_sets.shape_set import ShapeSet
from diffshape.data.synthetic.assembled.draws import Draws
from diffshape.data.synthetic.assembled.families import FAMILIES, DrawnFamilyName
from diffshape.data.synthetic.assembled.forms import Forms
from diffshape.data.synthetic.assembled.pictures import hemisphere_views
from diffshape.data.synthetic.assembled.primitive import Array


@checked
def draw_shapes(
    family: DrawnFamilyName,
    count: int,
    *,
    seed: int = 0,
    points: int | None = 2048,
    volume_points: int | None = 2048,
    near_points: int | None = 2048,
    resolution: int | None = None,
    views: int | None = None,
    image_size: int = 64,
) -> ShapeSet:
    """``count`` shapes of a family, drawn at random and known exactly; the same seed gives the same bits.

    Every shape is put together from boxes, cylinders, cones and superquadrics, and lies in the cube from -1/2 to 1/2, y
    up, its front towards z. Points on the surface are independent and even in area; none is hidden in another part.
    Near points are points of the surface moved by a Gaussian of standard deviation 0.04 along each axis. Their signed
    distances are exact outside, and inside never more than the distance; of "superquadric" and "csg" they are never
    more than the distance on either side.

    Pictures are orthographic, of the square of side sqrt(3) about the origin, by one ray through the middle of each
    pixel: ``images`` are silhouettes, 1 on the shape and 0 beside it; ``depths`` are distances from the plane through
    the camera, at distance 1 from the origin. ``views`` are rotations to camera coordinates: x to the right, y up, z
    towards the camera, at an even random place on the upper half of the sphere.

    Args:
        family: "chair", "table", "lamp", "shelf", "car" or "plane"; "superquadric" is between ellipsoids, cylinders
            and boxes; "csg" is primitives put together and cut away; "hidden_back" is made of three shapes in a row
            that look the same from the front, from where all its views are taken.
        count: Number of shapes, at least 1.
        seed: Seed of the shapes, and of all points and views.
        points: Points on each surface, with their normals; None for none.
        volume_points: Points in the cube of side 1.1, with their occupancies; None for none.
        near_points: Points near each surface, with their occupancies and signed distances; None for none.
        resolution: Voxels along each side; None for no voxels.
        views: Pictures of each shape; None for none.
        image_size: Pixels along each side of a picture.

    Returns:
        The shapes, float32, on the CPU, called "chair 0", "chair 1", ...

    Raises:
        ValueError: There is no such family, or a number is below 1 or does not fit into memory.

    >>> from diffshape import data
    >>> data.draw_shapes("chair", 3, volume_points=None, near_points=None, resolution=16, views=2)
    ShapeSet(3 shapes: points 2048x3, normals 2048x3, voxels 16x16x16, images 2x64x64, depths 2x64x64, views 2x3x3)
    """
    sizes = {"points": (points, 24), "volume_points": (volume_points, 13), "near_points": (near_points, 17)}
    for name, (number, each) in {**sizes, "views": (views, 44)}.items():
        if number is not None:
            check_fits(f"draw_shapes: {name}", number, each)
    if resolution is not None:
        check_resolution("draw_shapes: resolution", resolution, 1, sparse=False)
    check_side("draw_shapes: image_size", image_size, 8 * (views or 1))
    check_seed("draw_shapes: seed", seed)
    bytes_each = sum((number or 0) * each for number, each in sizes.values())
    check_fits("draw_shapes: count", count, bytes_each + (resolution or 0) ** 3 + 8 * (views or 0) * image_size**2 + 64)

    of_shapes, *streams = np.random.default_rng(seed).spawn(5)
    forms = Forms(FAMILIES[family](Draws(count, of_shapes)), count)
    of_points, of_volume, of_near, of_views = streams
    known: dict[str, Array] = {}
    if points is not None:
        known |= forms.surface(points, of_points)
    if volume_points is not None:
        known |= forms.volume(volume_points, of_volume)
    if near_points is not None:
        known |= forms.near(near_points, of_near)
    if resolution is not None:
        known |= forms.voxels(resolution)
    if views is not None:
        front = np.broadcast_to(np.eye(3), (count, views, 3, 3))
        known |= forms.pictures(
            front if family == "hidden_back" else hemisphere_views((count, views), of_views), image_size
        )
    names = tuple(f"{family} {number}" for number in range(count))
    parts: dict[str, Any] = {name: torch.from_numpy(part) for name, part in known.items()}
    return ShapeSet(names=names, **parts)
