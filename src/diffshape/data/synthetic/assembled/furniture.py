"""Furniture, its front towards z: a chair, a table, a lamp and a shelf, each as one description of all its parts.

Parts reach into one another, and no two of them have a face in the same plane: where they did, points would be drawn
twice as densely.
"""

import numpy as np

from diffshape.data.synthetic.assembled.draws import Draws, turn
from diffshape.data.synthetic.assembled.part import Part
from diffshape.data.synthetic.assembled.primitive import Flags, Numbers

_FLOOR = -0.46
_SIDES = (-1, 1)


def chair(draw: Draws) -> list[Part]:
    """Four legs or a pedestal, with arms or without; eight sizes."""
    width, depth, seat = draw.between(0.2, 0.37), draw.between(0.2, 0.35), draw.between(-0.12, 0.06)
    thickness, back, tilt = draw.between(0.025, 0.05), draw.between(0.24, 0.38), draw.between(0.02, 0.25)
    leg, arm = draw.between(0.02, 0.04), draw.between(0.1, 0.18)
    on_legs, has_arms = draw.among(2) == 0, draw.among(2) == 0
    rise, run = back / 2 * np.cos(tilt), back / 2 * np.sin(tilt)
    parts = [
        draw.block((0, seat, 0), (width, thickness, depth)),
        draw.block(
            (0, seat + rise, thickness - depth - run), (0.94 * width, back / 2, 0.8 * thickness), turn=turn(0, -tilt)
        ),
        *_legs(draw, width - 0.01, depth - 0.01, seat, leg, on_legs),
        *_pedestal(draw, seat, 1.2 * leg, 0.75 * np.minimum(width, depth), ~on_legs),
    ]
    for side in _SIDES:
        x = side * (width - leg)
        parts.append(draw.block((x, seat + arm, -0.2 * depth), (0.9 * leg, 0.021, 0.7 * depth), where=has_arms))
        parts.append(draw.block((x, seat + arm / 2, 0.3 * depth), (0.6 * leg, arm / 2, 0.6 * leg), where=has_arms))
    return parts


def table(draw: Draws) -> list[Part]:
    """A rectangular or a round top, on four legs or a pedestal; eight sizes."""
    width, depth, top = draw.between(0.28, 0.48), draw.between(0.25, 0.45), draw.between(0, 0.35)
    thickness, leg, inset = draw.between(0.02, 0.05), draw.between(0.02, 0.05), draw.between(0.01, 0.08)
    foot, pole = draw.between(0.6, 0.9), draw.between(0.03, 0.06)
    rectangular, on_legs = draw.among(2) == 0, draw.among(2) == 0
    radius = np.minimum(width, depth)
    x, z = (np.where(rectangular, half - inset, 0.7 * radius) for half in (width, depth))
    return [
        draw.block((0, top, 0), (width, thickness, depth), where=rectangular),
        draw.rod((0, top, 0), thickness, radius, where=~rectangular),
        *_legs(draw, x, z, top, leg, on_legs),
        *_pedestal(draw, top, pole, foot * radius, ~on_legs),
    ]


def lamp(draw: Draws) -> list[Part]:
    """A round or a square foot, and a shade above it or at the end of an arm; eight sizes."""
    foot, thickness, pole = draw.between(0.13, 0.24), draw.between(0.015, 0.04), draw.between(0.013, 0.03)
    shade, height, bottom = draw.between(0.05, 0.2), draw.between(0.1, 0.14), draw.between(0.15, 0.28)
    top, offset = draw.between(0.35, 0.95), draw.between(0.1, 0.2)
    is_round, has_arm = draw.among(2) == 0, draw.among(2) == 0
    x = np.where(has_arm, offset / 2, 0)
    low, high = _FLOOR + thickness, np.where(has_arm, shade + height + pole, shade + height)
    return [
        draw.rod((-x, low, 0), thickness, foot, where=is_round),
        draw.block((-x, low, 0), (foot, thickness, foot), where=~is_round),
        draw.rod((-x, (low + high) / 2, 0), (high - low) / 2, pole),
        draw.rod((0, shade + height, 0), offset / 2, 0.8 * pole, turn=turn(2, np.pi / 2), where=has_arm),
        draw.rod((x, shade + height, 0), height, bottom, top * bottom),
    ]


def shelf(draw: Draws) -> list[Part]:
    """One to four boards between bottom and top, with a back or without; six sizes."""
    width, depth, height = draw.between(0.2, 0.44), draw.between(0.1, 0.22), draw.between(0.3, 0.48)
    board, lift, margin = draw.between(0.013, 0.025), draw.between(0.02, 0.15), draw.between(0.005, 0.02)
    boards, has_back = draw.among(4) + 1, draw.among(2) == 0
    low, high, inner = lift - height + board, height - margin - board, width - board
    parts = [draw.block((side * inner, 0, 0), (board, height, depth)) for side in _SIDES]
    parts.append(draw.block((0, low, 0), (inner, board, 0.97 * depth)))
    parts.append(draw.block((0, high, 0), (inner, board, 0.96 * depth)))
    back = (0, (low + high) / 2, 0.02 - depth), (inner, (high - low) / 2, 0.009)
    parts.append(draw.block(*back, where=has_back))
    for number in range(1, 5):
        y = low + (high - low) * number / (boards + 1)
        parts.append(draw.block((0, y, 0), (inner, 0.8 * board, 0.93 * depth), where=number <= boards))
    return parts


def _legs(draw: Draws, width: Numbers, depth: Numbers, top: Numbers, leg: Numbers, where: Flags) -> list[Part]:
    """Four legs from the floor up to a height, the outer corners at a width and a depth."""
    half = (top - _FLOOR) / 2
    return [
        draw.block((x * (width - leg), top - half, z * (depth - leg)), (leg, half, leg), where=where)
        for x in _SIDES
        for z in _SIDES
    ]


def _pedestal(draw: Draws, top: Numbers, pole: Numbers, foot: Numbers, where: Flags) -> list[Part]:
    """A pole from a foot on the floor up to a height."""
    half = (top - _FLOOR - 0.02) / 2
    return [
        draw.rod((0, _FLOOR + 0.02, 0), 0.02, foot, 0.9 * foot, where=where),
        draw.rod((0, top - half, 0), half, pole, where=where),
    ]
