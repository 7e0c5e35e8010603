"""Solids of revolution about the z axis: cylinders, cones, tubes, capsules and tori, their edges sharp or round.

A convex polygon in the half plane (radius, height), counter-clockwise, is grown by ``rounding`` and turned. Its surface
is a strip for every side (a piece of a cone, area pi (r0 + r1) length) and, if it is grown, an arc for every corner (a
piece of a torus, area 2 pi rounding (r (b - a) + rounding (sin b - sin a)) from angle a to b).
"""

import math
from dataclasses import dataclass

import numpy as np

from diffshape.data.synthetic.drawn.primitive import Matrices, Numbers, Points, choose, outer
from diffshape.data.synthetic.solids import revolution

_Corner = tuple[float, float]


@dataclass(frozen=True)
class Revolved:
    """Corners of the profile as (radius, height), counter-clockwise, and the distance by which it is grown.

    One corner is a ball or a torus, two corners on the axis, the lower one first, are a capsule.
    """

    profile: tuple[_Corner, ...]
    rounding: float = 0.0

    @property
    def area(self) -> float:
        """Area of the surface."""
        return sum(self._areas())

    @property
    def thickness(self) -> float:
        """Half the smallest thickness; of a tube, half its wall."""
        corners = np.array(self.profile)
        across = 2 if corners[:, 0].min() == 0 else 1  # up to the axis is half of what is there
        return float(min(across * np.ptp(corners[:, 0]), np.ptp(corners[:, 1]))) / 2 + self.rounding

    def signed(self, points: Points) -> Numbers:
        """Signed distance."""
        return revolution(self.profile, self.rounding)(points)

    def sample(self, count: int, generator: np.random.Generator) -> tuple[Points, Points]:
        """Points of constant density over the surface and their outward unit normals."""
        numbers = choose(self._areas(), count, generator)
        strips, arcs = self._strips(), self._arcs()
        drawn = [_on_strip(*strip, number, generator) for strip, number in zip(strips, numbers)]
        drawn += [self._on_arc(*arc, number, generator) for arc, number in zip(arcs, numbers[len(strips) :])]
        flat, normal = (np.concatenate(each) for each in zip(*drawn))  # (N, 2) each: radius, height
        turn = generator.uniform(0, 2 * math.pi, count)
        return _turned(flat, turn), _turned(normal, turn)

    def bend(self, points: Points, normals: Points) -> Matrices:
        """k t t^T + (n_r / r) f f^T: t along the profile, of curvature k = 1 / rounding on arcs, f around the axis."""
        radius = np.hypot(points[:, 0], points[:, 1])
        around = np.stack([-points[:, 1], points[:, 0], np.zeros(len(points))], axis=1) / radius[:, None]
        along, radial = np.cross(around, normals), (normals[:, :2] * points[:, :2]).sum(axis=1) / radius
        on_arc = np.full(len(points), self.rounding > 0)
        for _, (r, z) in self._strips():
            on_arc &= np.abs(radial * r + normals[:, 2] * z - 1) > 1e-12
        curvature = on_arc / self.rounding if self.rounding else np.zeros(len(points))
        return curvature * outer(along, along) + radial / radius * outer(around, around)

    def clearance(self, points: Points, normals: Points) -> Numbers:
        """Distance from the nearest sharp edge or tip, in the half plane."""
        corners = [] if self.rounding else [corner for corner, (first, last) in self._corners() if last > first + 1e-9]
        flat = np.stack([np.hypot(points[:, 0], points[:, 1]), points[:, 2]], axis=1)
        return np.min([np.full(len(points), np.inf), *(np.linalg.norm(flat - one, axis=1) for one in corners)], axis=0)

    def _strips(self) -> list[tuple[tuple[Points, Points], Points]]:
        """Both ends and the normal of every side that is not on the axis."""
        corners = np.array(self.profile)
        found = []
        for start, end in zip(corners, np.roll(corners, -1, axis=0)):
            length = np.linalg.norm(end - start)
            if length > 0:
                normal = np.array([end[1] - start[1], start[0] - end[0]]) / length
                ends = start + self.rounding * normal, end + self.rounding * normal
                if ends[0][0] + ends[1][0] > 0:
                    found.append((ends, normal))
        return found

    def _corners(self) -> list[tuple[_Corner, tuple[float, float]]]:
        """Every corner with the angles of the normals between its two sides; on the axis, those with radius >= 0."""
        corners = np.array(self.profile)
        if len(corners) == 1:
            half = math.pi if corners[0, 0] > 0 else math.pi / 2
            return [(self.profile[0], (-half, half))]
        sides = np.roll(corners, -1, axis=0) - corners
        angles = np.arctan2(-sides[:, 0], sides[:, 1])
        found = []
        for corner, first, last in zip(self.profile, np.roll(angles, 1), angles):
            last = first + (last - first) % (2 * math.pi)
            if corner[0] == 0:
                turns = 2 * math.pi * round((first + last) / (4 * math.pi) + 1e-9)
                first, last = (float(np.clip(each - turns, -math.pi / 2, math.pi / 2)) for each in (first, last))
            found.append((corner, (float(first), float(last))))
        return found

    def _arcs(self) -> list[tuple[_Corner, tuple[float, float]]]:
        return [each for each in self._corners() if self.rounding and each[1][1] > each[1][0]]

    def _areas(self) -> list[float]:
        strips = [math.pi * float((a[0] + b[0]) * np.linalg.norm(b - a)) for (a, b), _ in self._strips()]
        size = self.rounding
        return strips + [
            2 * math.pi * size * (corner[0] * (last - first) + size * (math.sin(last) - math.sin(first)))
            for corner, (first, last) in self._arcs()
        ]

    def _on_arc(
        self, corner: _Corner, angles: tuple[float, float], count: int, generator: np.random.Generator
    ) -> tuple[Points, Points]:
        """Angles even between two, kept with a probability proportional to the radius there."""
        kept, largest = np.empty(0), corner[0] + self.rounding
        while len(kept) < count:
            angle = generator.uniform(*angles, 2 * (count - len(kept)) + 16)
            radius = corner[0] + self.rounding * np.cos(angle)
            kept = np.concatenate([kept, angle[generator.random(len(angle)) * largest < radius]])
        normal = np.stack([np.cos(kept[:count]), np.sin(kept[:count])], axis=1)
        return corner + self.rounding * normal, normal


def _on_strip(
    ends: tuple[Points, Points], normal: Points, count: int, generator: np.random.Generator
) -> tuple[Points, Points]:
    """Points between two of the half plane, of a density proportional to their radius: its square is even."""
    first, last = ends
    share = generator.random(count)
    radius = np.sqrt(first[0] ** 2 + share * (last[0] ** 2 - first[0] ** 2))
    along = share * (first[0] + last[0]) / (first[0] + radius)
    return first + along[:, None] * (last - first), np.broadcast_to(normal, (count, 2))


def _turned(flat: Points, angle: Numbers) -> Points:
    """(radius, height) rows turned about the z axis."""
    return np.stack([flat[:, 0] * np.cos(angle), flat[:, 0] * np.sin(angle), flat[:, 1]], axis=1)
