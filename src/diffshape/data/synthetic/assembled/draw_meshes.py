"""Drawn families as meshes, for what measures or learns from surfaces."""

from collections.abc import Sequence

import numpy as np

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_resolution, check_seed
from diffshape.data.meshes import Mesh
from diffshape.data.synthetic.assembled.draws import Draws
from diffshape.data.synthetic.assembled.families import FAMILIES, DrawnFamilyName
from diffshape.data.synthetic.assembled.part import Part, signed
from diffshape.data.synthetic.assembled.primitive import Numbers, Points, picked
from diffshape.data.synthetic.objects import ProceduralObject

_MESH_BYTES = 100_000
"""Least memory of a mesh."""


@checked
def draw_meshes(family: DrawnFamilyName, count: int, *, seed: int = 0, resolution: int = 96) -> list[Mesh]:
    """Meshes of the shapes that ``draw_shapes`` draws with the same seed, closed and facing outward.

    The surface is found by marching cubes: vertices are on it up to a share of a cell, and edges are cut off by less
    than a cell. Parts thinner than a cell may be lost.

    Args:
        family: Name of the family, as of ``draw_shapes``.
        count: Number of shapes, at least 1.
        seed: Seed of the shapes.
        resolution: Grid nodes along the side of the cube from -1/2 to 1/2, at least 8; the thinnest parts are 0.018.

    Raises:
        ValueError: There is no such family, or a number is out of range.

    >>> first, second = draw_meshes("table", 2, resolution=64)
    >>> bool(abs(first.vertices).max() < 0.5)
    True
    """
    check_seed("draw_meshes: seed", seed)
    check_fits("draw_meshes: count", count, _MESH_BYTES)
    check_resolution("draw_meshes: resolution", resolution, 8)
    parts = FAMILIES[family](Draws(count, np.random.default_rng(seed).spawn(1)[0]))
    rows = (slice(one, one + 1) for one in range(count))
    return [_mesh([picked(part, row) for part in parts if part.present[row]], resolution) for row in rows]


def _mesh(parts: Sequence[Part], resolution: int) -> Mesh:
    def solid(points: Points) -> Numbers:
        return signed(parts, points[None])[0]

    return ProceduralObject("shape", solid, (-0.5, -0.5, -0.5), (0.5, 0.5, 0.5)).mesh(resolution)
