"""Cylinders, cones and what is between, upright between two flat ends, many at once."""

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
from diffshape.data.synthetic.solids import revolution

_TINY = 1e-300


@dataclass(frozen=True)
class Rods:
    """S rods about the y axis, from -height to height, whose radius grows evenly from bottom to top; (S,) each."""

    height: Numbers
    bottom: Numbers
    top: Numbers

    def inside(self, places: Places) -> Flags:
        """|y| <= height and x^2 + z^2 <= r(y)^2."""
        x, y, z = places
        middle, slope = (column(each, y) for each in self._line())
        return (np.abs(y) <= column(self.height, y)) & (x**2 + z**2 <= (middle + slope * y) ** 2)

    def signed(self, points: Points) -> Numbers:
        """Signed distance."""
        zero = np.zeros_like(self.height)
        profile = [(zero, -self.height), (self.bottom, -self.height), (self.top, self.height), (zero, self.height)]
        return revolution(np.array(profile)[..., None])(np.roll(points, 1, axis=-1))  # y becomes the last

    def measure(self) -> Numbers:
        """Area."""
        return self._areas().sum(axis=1)

    def propose(self, rows: Rows, generator: np.random.Generator) -> Proposals:
        """An end or the side by its area; on either, the square of the radius is even."""
        height, bottom, top = self.height[rows], self.bottom[rows], self.top[rows]
        levels = np.cumsum(self._areas()[rows], axis=1)
        place = generator.random(len(rows)) * levels[:, 2]
        low, high = place < levels[:, 0], place >= levels[:, 1]
        share, turn = generator.random((2, len(rows)))
        on_side = np.sqrt(bottom**2 + share * (top**2 - bottom**2))
        along = share * (bottom + top) / (bottom + on_side)
        y = np.where(low, -height, np.where(high, height, (2 * along - 1) * height))
        radius = np.where(low, bottom * np.sqrt(share), np.where(high, top * np.sqrt(share), on_side))
        slant = np.hypot(2 * height, bottom - top)
        outward = np.where(low | high, 0, 2 * height / slant)
        upward = np.where(low, -1, np.where(high, 1, (bottom - top) / slant))
        cosine, sine = np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)
        points = np.stack([radius * cosine, y, radius * sine], axis=1)
        normals = np.stack([outward * cosine, upward, outward * sine], axis=1)
        return Proposals(points, normals, np.ones(len(rows), bool))

    def cross(self, start: Places, direction: Places) -> Crossing:
        """Between the planes of both ends, and where A t^2 + 2 B t + C <= 0 for x^2 + z^2 - r(y)^2.

        With A < 0 that is all but what lies between the roots: a line within the ends takes one side of it.
        """
        (x, y, z), (dx, dy, dz) = start, direction
        middle, slope = (column(each, y) for each in self._line())
        radius = middle + slope * y
        a = dx**2 + dz**2 - (slope * dy) ** 2
        a = np.where(a == 0, -_TINY, a)  # a second root far away
        b = x * dx + z * dz - slope * dy * radius
        c = x**2 + z**2 - radius**2
        within = slab(column(self.height, y), y, dy)
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.sqrt(b**2 - a * c)
            steep = -(b + np.copysign(root, b))
            roots = steep / a, c / steep
        first, last = np.fmin(*roots), np.fmax(*roots)
        missed = np.isnan(root)
        between = common(within, Crossing(np.where(missed, np.inf, first), np.where(missed, -np.inf, last)))
        before = common(within, Crossing(np.full_like(first, -np.inf), np.where(missed, np.inf, first)))
        after = common(within, Crossing(np.where(missed, np.inf, last), np.full_like(last, np.inf)))
        outer = Crossing(np.minimum(before.enter, after.enter), np.maximum(before.leave, after.leave))
        return Crossing(*(np.where(a > 0, *each) for each in zip(between, outer)))

    def _line(self) -> tuple[Numbers, Numbers]:
        """Radius at the middle, and how it grows with y."""
        return (self.bottom + self.top) / 2, (self.top - self.bottom) / (2 * self.height)

    def _areas(self) -> Numbers:
        """Area of the bottom, the side and the top, shape (S, 3)."""
        slant = np.hypot(2 * self.height, self.bottom - self.top)
        return np.pi * np.stack([self.bottom**2, (self.bottom + self.top) * slant, self.top**2], axis=1)
