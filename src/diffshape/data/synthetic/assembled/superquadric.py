"""Convex superquadrics, from ellipsoids to nearly boxes and cylinders, many at once: the unit balls of a norm g.

    g(p) = (((x / a)^m + (z / c)^m)^(n / m) + (y / b)^n)^(1 / n),   coordinates by their sizes, m and n from 2 up

m = n = 2 is an ellipsoid, large m and n a box, m = 2 with a large n a cylinder. The ray through p leaves at p / g(p).

Points on the surface are those of the box about it, moved along their rays. A piece of area on a face at distance h
grows by h |grad g| / g^3, where g >= 1 and |grad g| <= |(1/a, 1/b, 1/c)|. Faces are equally likely, their areas being
in proportion to 1 / h, and points are kept with probability |grad g| / (g^3 |(1/a, 1/b, 1/c)|). Source: A. Barr,
"Superquadrics and angle-preserving transformations", IEEE CG&A 1981 (the solids).
"""

from dataclasses import dataclass

import numpy as np

from diffshape.data.synthetic.assembled.block import Blocks
from diffshape.data.synthetic.assembled.primitive import (
    Crossing,
    Flags,
    Numbers,
    Places,
    Points,
    Proposals,
    Rows,
    column,
)

_ROUNDS = 60
"""Most steps of Newton's method from the box to the surface; five or six do but for lines that graze it."""
_CLOSE = 1e-12
"""Excess of g over 1 at which a line has met the surface."""


@dataclass(frozen=True)
class Superquadrics:
    """S superquadrics: half axes a, b, c of shape (S, 3), and the exponents m and n of shape (S,)."""

    half_axes: Points
    around: Numbers
    upright: Numbers

    def inside(self, places: Places) -> Flags:
        """g^n <= 1."""
        x, y, z = self._shares(places)
        m, n = column(self.around, y), column(self.upright, y)
        return (x**m + z**m) ** (n / m) + y**n <= 1

    def signed(self, points: Points) -> Numbers:
        """(g - 1) min(a, b, c), which grows no faster than the distance."""
        x, y, z = np.moveaxis(points, -1, 0)
        return (self._gauge((x, y, z)) - 1) * self.half_axes.min(axis=1)[:, None]

    def measure(self) -> Numbers:
        """24 a b c |(1/a, 1/b, 1/c)|: the area of the faces of the box, each by the bound of its growth."""
        return 24 * self.half_axes.prod(axis=1) * np.linalg.norm(1 / self.half_axes, axis=1)

    def propose(self, rows: Rows, generator: np.random.Generator) -> Proposals:
        """Points of the box about each, moved along their rays."""
        own = Superquadrics(self.half_axes[rows], self.around[rows], self.upright[rows])
        places = generator.uniform(-1, 1, (len(rows), 3))
        side = generator.choice([-1.0, 1.0], len(rows))
        places[np.arange(len(rows)), generator.integers(3, size=len(rows))] = side
        x, y, z = (places * own.half_axes).T
        gauge, slope = own._gauge((x, y, z)), own._gradient((x, y, z))
        length = np.linalg.norm(slope, axis=1)
        kept = generator.random(len(rows)) * np.linalg.norm(1 / own.half_axes, axis=1) < length / gauge**3
        return Proposals(np.stack([x, y, z], axis=1) / gauge[:, None], slope / length[:, None], kept)

    def cross(self, start: Places, direction: Places) -> Crossing:
        """g is convex along a line: Newton's method from outside comes to the surface without passing it."""
        box = Blocks(self.half_axes).cross(start, direction)
        hit = np.nonzero(box.enter < box.leave)
        own = Superquadrics(self.half_axes[hit[0]], self.around[hit[0]], self.upright[hit[0]])
        first, along = (
            np.stack([np.broadcast_to(each, box.enter.shape)[hit] for each in part]) for part in (start, direction)
        )  # (3, n) each
        enter, leave = np.full(box.enter.shape, np.inf), np.full(box.enter.shape, -np.inf)
        (near, near_met), (far, far_met) = (own._descend(first, along, each[hit]) for each in box)
        met = near_met & far_met
        enter[hit], leave[hit] = np.where(met, near, np.inf), np.where(met, far, -np.inf)
        return Crossing(enter, leave)

    def _descend(self, start: Points, direction: Points, time: Numbers) -> tuple[Numbers, Flags]:
        """Times at which lines, one each, have come down to g = 1 from an end, and whether they do."""
        time, met, left = time.copy(), np.zeros(len(time), bool), np.arange(len(time))
        toward = np.ones(len(time))
        for step in range(_ROUNDS):
            own = Superquadrics(self.half_axes[left], self.around[left], self.upright[left])
            x, y, z = start[:, left] + time[left] * direction[:, left]
            excess = own._gauge((x, y, z)) - 1
            slope = (own._gradient((x, y, z)).T * direction[:, left]).sum(axis=0)
            if step == 0:
                toward = -np.sign(slope)  # 1 at the near end, where g falls, -1 at the far end
            met[left] = excess <= _CLOSE
            going = ~met[left] & (toward[left] * slope < 0)
            left, excess, slope = left[going], excess[going], slope[going]
            if not len(left):
                break
            time[left] -= excess / slope
        return time, met

    def _shares(self, places: Places) -> Places:
        x, y, z = (np.abs(each) / column(half, each) for each, half in zip(places, self.half_axes.T))
        return x, y, z

    def _gauge(self, places: Places) -> Numbers:
        x, y, z = self._shares(places)
        m, n = column(self.around, y), column(self.upright, y)
        return ((x**m + z**m) ** (n / m) + y**n) ** (1 / n)

    def _gradient(self, places: Places) -> Points:
        """Gradient of g at one place each, shape (S, 3)."""
        x, y, z = self._shares(places)
        m, n = self.around, self.upright
        ring = np.maximum((x**m + z**m) ** (1 / m), 1e-300)
        gauge = np.maximum((ring**n + y**n) ** (1 / n), 1e-300)
        outer = (ring / gauge) ** (n - 1)
        slopes = outer * (x / ring) ** (m - 1), (y / gauge) ** (n - 1), outer * (z / ring) ** (m - 1)
        return np.stack([np.copysign(slope, each) for slope, each in zip(slopes, places)], axis=1) / self.half_axes
