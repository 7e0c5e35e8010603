"""A drawn solid: parts, reliefs on their surface and a warp, with exact points and normals."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_seed
from diffshape._reprs import one_line
from diffshape.data.frame import Frame
from diffshape.data.synthetic.drawn.deformation import Waves, displaced
from diffshape.data.synthetic.drawn.parts import Part, Surface, visible_surface
from diffshape.data.synthetic.drawn.primitive import Numbers, Points
from diffshape.data.synthetic.drawn.relief import Relief, heights

_BLOCK = 65_536
"""Most points tried at a time."""
_TRIES = 100
"""Most blocks in a row that may give nothing."""


@dataclass(frozen=True)
class DrawnSolid:
    """A solid or an open surface, put together from primitives, with points and normals that are exact.

    :func:`~diffshape.data.drawn_solid` draws one. It is centred at 0, and its longest side is a little less than 1.

    Args:
        parts: Primitives in order, each added to those before it, cut away from them, or a surface alone ("skin").
        reliefs: Heights along the normal, in the coordinates of the parts.
        warp: Map of space that follows.
        frame: Centre and longest side before they become 0 and 1.
        largest_growth: Bound of the factor by which reliefs and warp make areas grow, taken from samples.
    """

    parts: tuple[Part, ...]
    reliefs: tuple[Relief, ...] = ()
    warp: Waves = field(default_factory=Waves)
    frame: Frame = field(default_factory=partial(Frame, (0.0, 0.0, 0.0), 1.0))
    largest_growth: float = 1.0

    __repr__ = one_line

    @property
    def is_open(self) -> bool:
        """Whether some of the surface has no inside, so that a normal may point to either side."""
        return any(part.operation == "skin" for part in self.parts)

    @checked
    def sample(self, count: int, *, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Independent points of constant density over the surface, and the normals there; the same for the same seed.

        A point x of a part goes to W(x + h(x) n(x)), with the height h of the reliefs and the warp W; its normal is
        turned by the inverse transpose of the Jacobian, so both are exact up to rounding, edges too. Points are kept
        with a probability proportional to the growth of areas there.

        Args:
            count: Number of points N, at least 1. 300,000 take about a second.
            seed: Seed of the points.

        Returns:
            Points (N, 3) and outward unit normals (N, 3), float64, in the unit of the solid. On an open surface
            normals are all on one side of each piece.

        Raises:
            ValueError: ``count`` is below 1 or does not fit into memory, or ``seed`` is negative.

        >>> from diffshape.data import drawn_solid
        >>> points, normals = drawn_solid(3).sample(1000)
        >>> points.shape, normals.shape, bool(abs(points).max() < 0.5)
        ((1000, 3), (1000, 3), True)
        """
        check_fits("DrawnSolid.sample: count", count, 200)
        check_seed("DrawnSolid.sample: seed", seed)
        generator = np.random.default_rng(seed)
        points, normals = np.empty((count, 3)), np.empty((count, 3))
        filled, empty = 0, 0
        while filled < count:
            tries = min(max(2 * (count - filled), 1024), _BLOCK)
            surface = visible_surface(self.parts, tries, generator)
            moved, turned, growth = deformed(self.parts, self.reliefs, self.warp, surface)
            kept = np.flatnonzero(generator.random(len(growth)) * self.largest_growth < growth)[: count - filled]
            points[filled : filled + len(kept)] = self.frame.to_unit(moved[kept])
            normals[filled : filled + len(kept)] = turned[kept]
            filled, empty = filled + len(kept), 0 if len(kept) else empty + 1
            if empty > _TRIES:
                raise ValueError("DrawnSolid.sample: the parts leave no surface")
        return points, normals


def deformed(
    parts: tuple[Part, ...], reliefs: tuple[Relief, ...], warp: Waves, surface: Surface
) -> tuple[Points, Points, Numbers]:
    """Points, unit normals and growth of areas of a surface under reliefs and warp."""
    points, normals, growth = surface.points.copy(), surface.normals.copy(), np.ones(len(surface.points))
    height, slope = heights(reliefs, surface.points)
    raised = (height != 0) | slope.any(axis=1)
    for index, part in enumerate(parts):
        here = np.flatnonzero(raised & (surface.part == index))
        if len(here):
            bend = part.bend(points[here], normals[here])
            points[here], normals[here], growth[here] = displaced(
                points[here], normals[here], bend, height[here], slope[here]
            )
    points, normals, more = warp(points, normals)
    return points, normals, growth * more
