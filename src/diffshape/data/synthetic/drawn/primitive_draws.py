"""Primitives drawn at random: kinds, sizes and edges.

``longest`` is the largest half side of a primitive, ``least`` the smallest, between which sizes are log-uniform; plates
and walls of tubes may be thinner. Half of the primitives have sharp edges, the others round or chamfered ones.
"""

from collections.abc import Callable

import numpy as np

from diffshape.data.synthetic.drawn.beveled_box import BeveledBox
from diffshape.data.synthetic.drawn.ellipsoid import Ellipsoid
from diffshape.data.synthetic.drawn.primitive import Primitive
from diffshape.data.synthetic.drawn.revolved import Revolved

THINNEST = 0.01
"""Least half side of all, 0.02 of the longest side of a solid."""


def draw_primitive(longest: float, least: float, generator: np.random.Generator) -> Primitive:
    """A primitive of any kind."""
    kind = _KINDS[generator.integers(len(_KINDS))]
    return kind(longest, least, generator)


def log_uniform(low: float, high: float, generator: np.random.Generator) -> float:
    """A number whose logarithm is even from that of ``low`` to that of ``high``."""
    return float(np.exp(generator.uniform(np.log(low), np.log(max(high, low)))))


def draw_box(longest: float, least: float, generator: np.random.Generator) -> BeveledBox:
    """A box of three sizes."""
    sides = [longest, *(log_uniform(least, longest, generator) for _ in range(2))]
    return _beveled(sides, generator)


def _ellipsoid(longest: float, least: float, generator: np.random.Generator) -> Ellipsoid:
    """At most ten times as long as wide."""
    axes = [longest, *(log_uniform(max(least, 0.1 * longest), longest, generator) for _ in range(2))]
    a, b, c = generator.permutation(axes).tolist()
    return Ellipsoid((a, b, c))


def _plate(longest: float, least: float, generator: np.random.Generator) -> BeveledBox:
    """Thin along one axis whatever ``least`` is, long along the two others: a plate, a wall, a shelf."""
    thickness = log_uniform(THINNEST, 0.04, generator)
    return _beveled([longest, longest * generator.uniform(0.3, 1), min(thickness, longest)], generator)


def draw_frustum(longest: float, least: float, generator: np.random.Generator) -> Revolved:
    """A cylinder, a cone or what is between, between two flat ends."""
    half, radius = generator.permutation([longest, log_uniform(least, longest, generator)]).tolist()
    top = radius * generator.choice([1.0, generator.uniform(0, 1), 0.0], p=[0.5, 0.35, 0.15])
    corners = [(0.0, -half), (radius, -half), (top, half), (0.0, half)]
    return _turned(corners if top else corners[:3], generator)


def _tube(longest: float, least: float, generator: np.random.Generator) -> Revolved:
    """A pipe or a ring of rectangular section, its wall thin."""
    half, radius = generator.permutation(
        [longest, log_uniform(max(least, 0.15 * longest), longest, generator)]
    ).tolist()
    inner = radius - min(log_uniform(THINNEST, 0.06, generator), 0.7 * radius)
    return _turned([(inner, -half), (radius, -half), (radius, half), (inner, half)], generator)


def _torus(longest: float, least: float, generator: np.random.Generator) -> Revolved:
    tube = log_uniform(min(least, 0.4 * longest), 0.42 * longest, generator)
    return Revolved(((longest - tube, 0.0),), tube)


def _capsule(longest: float, least: float, generator: np.random.Generator) -> Revolved:
    radius = log_uniform(min(least, 0.5 * longest), 0.6 * longest, generator)
    return Revolved(((0.0, radius - longest), (0.0, longest - radius)), radius)


def _beveled(half_sides: list[float], generator: np.random.Generator) -> BeveledBox:
    a, b, c = generator.permutation(half_sides).tolist()
    bevel = min(a, b, c) * log_uniform(0.1, 0.95, generator)
    kind = generator.random()
    return BeveledBox((a, b, c), "chamfered" if kind > 0.8 else "round", 0.0 if kind < 0.5 else bevel)


def _turned(corners: list[tuple[float, float]], generator: np.random.Generator) -> Revolved:
    """A profile with sharp, round or chamfered corners, of the same outline but for them."""
    profile = np.array(corners)
    kind = generator.random()
    if kind < 0.5:
        return Revolved(_plain(profile))
    sides = np.linalg.norm(np.roll(profile, -1, axis=0) - profile, axis=1)
    bevel = min(sides) * log_uniform(0.05, 0.4, generator)
    if kind < 0.8:
        return Revolved(_plain(_shrunk(profile, bevel / 2)), bevel / 2)
    cut = []
    for index, corner in enumerate(profile):
        before, after = profile[index - 1] - corner, profile[(index + 1) % len(profile)] - corner
        on_axis = corner[0] == 0
        if on_axis:
            cut.append(corner)
        else:
            cut += [corner + bevel * before / np.linalg.norm(before), corner + bevel * after / np.linalg.norm(after)]
    return Revolved(_plain(np.array(cut)))


def _shrunk(profile: np.ndarray, size: float) -> np.ndarray:
    """Corners of a convex polygon whose sides, but for that on the axis, have moved inwards by ``size``."""
    ends = np.roll(profile, -1, axis=0)
    normals = np.stack([ends[:, 1] - profile[:, 1], profile[:, 0] - ends[:, 0]], axis=1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    on_axis = (profile[:, 0] == 0) & (ends[:, 0] == 0)
    offsets = (normals * profile).sum(axis=1) - np.where(on_axis, 0, size)
    pairs = zip(np.roll(normals, 1, axis=0), normals, np.roll(offsets, 1), offsets)
    corners = np.array([np.linalg.solve(np.stack([a, b]), [c, d]) for a, b, c, d in pairs])
    corners[profile[:, 0] == 0, 0] = 0
    return corners


def _plain(profile: np.ndarray) -> tuple[tuple[float, float], ...]:
    return tuple((float(r), float(z)) for r, z in profile)


_KINDS: tuple[Callable[[float, float, np.random.Generator], Primitive], ...] = (
    _ellipsoid,
    draw_box,
    draw_box,
    _plate,
    draw_frustum,
    draw_frustum,
    _tube,
    _torus,
    _capsule,
)
