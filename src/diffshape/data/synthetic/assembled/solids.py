"""Families that are no things: superquadrics, solids put together and cut, and shapes with a hidden back."""

import numpy as np

from diffshape.data.synthetic.assembled.draws import Draws, turn
from diffshape.data.synthetic.assembled.part import Part
from diffshape.data.synthetic.assembled.primitive import Flags


def superquadric(draw: Draws) -> list[Part]:
    """Between ellipsoids, cylinders and boxes; three sizes, two exponents, and which axis it turns about."""
    sides = draw.between(0.15, 0.48), draw.between(0.15, 0.48), draw.between(0.15, 0.48)
    around, upright = (np.exp(draw.between(np.log(2), np.log(10))) for _ in range(2))
    axis = draw.among(3)
    rotation = np.stack([np.roll(np.eye(3), shift, axis=0) for shift in range(3)])[axis]
    return [draw.superquadric((0, 0, 0), sides, around, upright, turn=rotation)]


def csg(draw: Draws) -> list[Part]:
    """A box, a cone or an ellipsoid, to which up to three others are added, and up to three taken away."""
    first, added, taken = draw.among(3), _subset(draw), _subset(draw)
    a, b, c = (draw.between(0.15, 0.3) for _ in range(3))
    parts = [
        draw.block((0, 0, 0), (a, b, c), where=first == 0),
        draw.rod((0, 0, 0), b, a, a * draw.between(0.6, 1), where=first == 1),
        draw.superquadric((0, 0, 0), (a, b, c), where=first == 2),
    ]
    reach = np.where(first == 0, 1, 0.6) * [a, b, np.where(first == 1, a, c)]
    for cut, chosen in ((False, added), (True, taken)):
        for kind, where in enumerate(chosen):
            x, y, z = (size * draw.between(-1, 1) for size in reach)
            r, s, t = (draw.between(0.06, 0.12 if cut else 0.2) for _ in range(3))
            tilt = turn(1, draw.between(0, np.pi)) @ turn(0, draw.between(0, np.pi)) if cut else None
            if kind == 0:
                parts.append(draw.block((x, y, z), (r, s, t), turn=tilt, cut=cut, where=where))
            elif kind == 1:
                parts.append(draw.rod((x, y, z), s, r, turn=tilt, cut=cut, where=where))
            else:
                parts.append(draw.superquadric((x, y, z), (r, s, t), turn=tilt, cut=cut, where=where))
    return parts


def hidden_back(draw: Draws) -> list[Part]:
    """A panel towards z, and behind it nothing, a block, or a rod with a plate at its end: seen from the front, alike.

    Shapes 3 i, 3 i + 1 and 3 i + 2 have the same panel, and the three backs in this order.
    """
    order = np.arange(draw.shapes)
    width, height, reach = (draw.between(*ends)[order // 3] for ends in ((0.2, 0.45), (0.2, 0.45), (0.2, 0.33)))
    back, radius = order % 3, 0.3 * np.minimum(width, height)
    return [
        draw.block((0, 0, 0.35), (width, height, 0.03)),
        draw.block((0, 0, 0.35 - reach), (0.8 * width, 0.8 * height, reach), where=back == 1),
        draw.rod((0, 0, 0.35 - reach), reach, radius, turn=turn(0, np.pi / 2), where=back == 2),
        draw.block((0, 0, 0.35 - 2 * reach), (0.9 * width, 0.9 * height, 0.03), where=back == 2),
    ]


def _subset(draw: Draws) -> list[Flags]:
    """Three flags a shape, each true of half of the shapes."""
    return [draw.among(2) == 0 for _ in range(3)]
