"""Vehicles, their front towards z: a car and a plane, each as one description of all its parts."""

import numpy as np

from diffshape.data.synthetic.assembled.draws import Draws, turn
from diffshape.data.synthetic.assembled.part import Part

_SIDES = (-1, 1)


def car(draw: Draws) -> list[Part]:
    """A saloon, a van or a pickup on four wheels; nine sizes."""
    length, width, height = draw.between(0.38, 0.48), draw.between(0.17, 0.23), draw.between(0.06, 0.1)
    wheel, base, tyre = draw.between(0.07, 0.11), draw.between(0.55, 0.68), draw.between(0.025, 0.045)
    cabin, roof, place = draw.between(0.4, 0.55), draw.between(0.06, 0.09), draw.between(-0.15, 0.05)
    kind = draw.among(3)
    half = length * np.choose(kind, (cabin, cabin + 0.22, 0.6 * cabin))
    middle = length * np.choose(kind, (place, 0.4 - cabin + 0.2 * place, 0.25 + place))
    axle, body = wheel - 0.25, 1.2 * wheel - 0.25 + height
    parts = [
        draw.block((0, body, 0), (width, height, length)),
        draw.block((0, body + height + roof - 0.005, middle), (0.9 * width, roof, half)),
    ]
    for x in _SIDES:
        for z in _SIDES:
            center = x * (width - tyre + 0.01), axle, z * base * length
            parts.append(draw.rod(center, tyre, wheel, turn=turn(2, np.pi / 2)))
    return parts


def plane(draw: Draws) -> list[Part]:
    """Wings low or high, tail planes low or on top of the fin, engines or none; ten sizes."""
    radius, length = draw.between(0.045, 0.075), draw.between(0.22, 0.32)
    nose, tail, fin = draw.between(0.08, 0.15), draw.between(0.11, 0.16), draw.between(0.09, 0.16)
    span, chord, sweep = draw.between(0.3, 0.42), draw.between(0.05, 0.085), draw.between(0.02, 0.4)
    place, small = draw.between(-0.02, 0.1), draw.between(0.35, 0.5)
    is_high, has_engines, is_tee = draw.among(2) == 0, draw.among(2) == 0, draw.among(2) == 0
    forward, wing = turn(0, np.pi / 2), np.where(is_high, 0.3, -0.3) * radius
    stern, height = -length - 0.02, 0.3 * radius
    parts = [
        draw.rod((0, 0, 0), length, radius, turn=forward),
        draw.rod((0, 0, length - 0.01 + nose / 2), nose / 2, 0.97 * radius, 0.3 * radius, turn=forward),
        draw.rod((0, 0, 0.01 - length - tail / 2), tail / 2, 0.3 * radius, 0.97 * radius, turn=forward),
        draw.block((0, height + fin / 2, stern), (0.01, fin / 2, 0.05)),
        draw.block((0, height + np.where(is_tee, fin, -0.1 * radius), stern), (small * span, 0.009, 0.036)),
    ]
    for side in _SIDES:
        angle = side * sweep
        x, z = side * span / 2 * np.cos(sweep), place - span / 2 * np.sin(sweep)
        parts.append(draw.block((x, wing, z), (span / 2, 0.012, chord), turn=turn(1, angle)))
        where = 0.9 * x, wing - 0.03, place - 0.45 * span * np.sin(sweep) + 0.04
        parts.append(draw.rod(where, 0.06, 0.025, 0.022, turn=forward, where=has_engines))
    return parts
