"""Spines drawn by hand, to be measured by what knows how a spine is built."""

import math

import torch

WIDTH, HEIGHT, GAP = 42.0, 28.0, 8.0


def vector(x, y):
    return torch.tensor([x, y], dtype=torch.float64)


def turned(points, degrees):
    """Points turned clockwise, as seen with y down."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return points @ torch.tensor([[c, s], [-s, c]], dtype=torch.float64)


def draw_spine(*, vertebrae=5, lateral=False, tilts=None, slip=None, growth=0.0):
    """Landmarks (K, 2), top to bottom, all bodies 42 x 28 with gaps of 8 unless told otherwise.

    Body i is tilted by ``tilts[i]`` degrees and wider by ``growth`` a level; with ``slip = (i, share)`` all that is
    below body i is moved by that share of the width along its end-plate. ``lateral`` adds an end-plate below.
    """
    tilts = tilts or [0.0] * (vertebrae + lateral)
    parts, top = [], vector(100, 40)
    for body in range(vertebrae):
        width = WIDTH * (1 + growth * body)
        corners = torch.stack([vector(x * width / 2, y * HEIGHT) for y in (0, 1) for x in (-1, 1)])
        parts.append(top + turned(corners, tilts[body]))
        shift = slip[1] * WIDTH if slip is not None and slip[0] == body else 0
        top = top + turned(vector(shift, HEIGHT), tilts[body])
        top = top + turned(vector(0, GAP), (tilts[body] + tilts[min(body + 1, len(tilts) - 1)]) / 2)
    if lateral:
        parts.append(top + turned(torch.stack([vector(-WIDTH / 2, 0), vector(WIDTH / 2, 0)]), tilts[vertebrae]))
    return torch.cat(parts)
