"""Boxes with sharp edges, many at once."""

from dataclasses import dataclass

import numpy as np

from diffshape.data.synthetic.assembled.primitive import (
    Crossing,
    Flags,
    Numbers,
    Places,
    Points,
    Proposals,
    Rows,
    column,
    common,
    slab,
)
from diffshape.data.synthetic.solids import box


@dataclass(frozen=True)
class Blocks:
    """S boxes, by their half sides, shape (S, 3)."""

    half_sides: Points

    def inside(self, places: Places) -> Flags:
        """|x| <= a, |y| <= b and |z| <= c."""
        x, y, z = (np.abs(each) <= column(half, each) for each, half in zip(places, self.half_sides.T))
        return x & y & z

    def signed(self, points: Points) -> Numbers:
        """Signed distance."""
        return box(np.zeros(3), self.half_sides[:, None])(points)

    def measure(self) -> Numbers:
        """Area."""
        return self._areas().sum(axis=1)

    def propose(self, rows: Rows, generator: np.random.Generator) -> Proposals:
        """A face by its area, and a point even on it."""
        each, levels = np.arange(len(rows)), np.cumsum(self._areas()[rows], axis=1)
        axis = (generator.random(len(rows)) * levels[:, 2] >= levels[:, :2].T).sum(axis=0)
        side = generator.choice([-1.0, 1.0], len(rows))
        normals = np.zeros((len(rows), 3))
        normals[each, axis] = side
        places = generator.uniform(-1, 1, (len(rows), 3))
        places[each, axis] = side
        return Proposals(places * self.half_sides[rows], normals, np.ones(len(rows), bool))

    def cross(self, start: Places, direction: Places) -> Crossing:
        """Between three pairs of planes at once."""
        x, y, z = (
            slab(column(half, first), first, along) for half, first, along in zip(self.half_sides.T, start, direction)
        )
        return common(common(x, y), z)

    def _areas(self) -> Numbers:
        """Area of both faces across each axis, shape (S, 3)."""
        return 8 * np.roll(self.half_sides, 1, axis=1) * np.roll(self.half_sides, 2, axis=1)
