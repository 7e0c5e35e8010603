"""Order points along a Hilbert curve: points that follow one another are always near, which Morton's leaps are not.

The cube around the cloud is cut into 128 steps an axis. The curve visits the eighths of a cube in an order that
depends on where it enters (a corner) and where it leaves to (an axis): 24 states, tabulated. Sources: Hilbert, Math.
Ann. 1891; the arithmetic of states: Hamilton, Compact Hilbert Indices, 2006.
"""

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_morton import BITS, cell_scale, cell_step, order_of_codes


def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Places on the curve of the eighths of a cube, and the states within them, at 8 * state + eighth.

    A state is 3 * corner + axis. An eighth is a number of three bits, one an axis; those that follow one another differ
    in one bit, as in a Gray code.
    """

    def turned(bits: int, by: int) -> int:
        return ((bits << by % 3) | (bits >> (3 - by % 3))) & 7

    gray = [place ^ (place >> 1) for place in range(8)]
    corners = [0] + [gray[2 * ((place - 1) // 2)] for place in range(1, 8)]
    axes = [0, 1, 1, 2, 2, 1, 1, 0]
    places, states = np.empty(192, np.int32), np.empty(192, np.int32)
    for corner in range(8):
        for axis in range(3):
            for eighth in range(8):
                place = gray.index(turned(eighth ^ corner, 2 - axis))
                entry = 8 * (3 * corner + axis) + eighth
                places[entry] = place
                states[entry] = 3 * (corner ^ turned(corners[place], axis + 1)) + (axis + axes[place] + 1) % 3
    return places, states


PLACES, STATES = _tables()
"""Tables of the curve, as `_tables` makes them."""


@compiled
def _codes(points) -> np.ndarray:
    """The place of every point on the curve; 0 for all where the cloud is too large or small to divide."""
    low, scale = cell_scale(points)
    codes = np.zeros(len(points), np.int32)
    for i in range(len(points)):
        x = cell_step(points[i, 0], low[0], scale)
        y = cell_step(points[i, 1], low[1], scale)
        z = cell_step(points[i, 2], low[2], scale)
        code, state = 0, 0
        for bit in range(BITS - 1, -1, -1):
            entry = 8 * state + (((x >> bit) & 1) | (((y >> bit) & 1) << 1) | (((z >> bit) & 1) << 2))
            code, state = 8 * code + PLACES[entry], STATES[entry]
        codes[i] = code
    return codes


@compiled
def hilbert_order(points) -> np.ndarray:
    """Indices (N,) int32 that sort (N, 3) finite points along the curve."""
    if len(points) == 0:
        return np.empty(0, np.int32)
    return order_of_codes(_codes(points))
