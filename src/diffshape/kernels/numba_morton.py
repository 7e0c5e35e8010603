"""Order points along a Morton curve, so that neighbours in space are neighbours in memory.

The box of the cloud is cut into 128 steps an axis; the bits of the three steps are interleaved into a 21-bit code
and the codes are sorted by two stable counting passes. Source: Morton, IBM report, 1966.
"""

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.threads import run_tasks

BITS = 7
"""Steps an axis, as a power of two; finer steps cost a third sorting pass and save no time."""


@compiled
def bounding_box(points) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest coordinates of (N, 3) points, N >= 1."""
    low, high = points[0].copy(), points[0].copy()
    for point in points:
        for axis in range(3):
            low[axis] = min(low[axis], point[axis])
            high[axis] = max(high[axis], point[axis])
    return low, high


@compiled
def cell_scale(points) -> tuple[np.ndarray, float]:
    """Lowest corner of (N, 3) points, N >= 1, and steps per unit of the cube around them; 0 steps where the cloud is
    too large or small to divide."""
    low, high = bounding_box(points)
    extent = max(high[0] - low[0], high[1] - low[1], high[2] - low[2])
    return low, (np.float64(1 << BITS) / extent if 1e-300 < extent < np.inf else 0.0)


@compiled
def cell_step(coordinate, low, scale) -> int:
    """Step of a coordinate along its axis, from 0 to 127."""
    return int(min((np.float64(coordinate) - low) * scale, (1 << BITS) - 1.0))


@compiled
def _spread(step) -> int:
    """Move bit i of a 7-bit number to bit 3 i."""
    step = (step | (step << 8)) & 0x700F
    step = (step | (step << 4)) & 0x430C3
    return (step | (step << 2)) & 0x49249


@compiled
def _codes(points) -> np.ndarray:
    """The Morton code of every point; 0 for all where the cloud is too large or small to divide."""
    low, scale = cell_scale(points)
    codes = np.zeros(len(points), np.int32)
    for i in range(len(points)):
        for axis in range(3):
            codes[i] |= _spread(cell_step(points[i, axis], low[axis], scale)) << axis
    return codes


@compiled
def _counting_pass(keys, order, shift, width) -> np.ndarray:
    """``order`` sorted stably by ``width`` bits of the keys above ``shift``."""
    start = np.zeros((1 << width) + 1, np.int64)
    mask = (1 << width) - 1
    for i in order:
        start[((keys[i] >> shift) & mask) + 1] += 1
    for digit in range(1 << width):
        start[digit + 1] += start[digit]
    result = np.empty_like(order)
    for i in order:
        digit = (keys[i] >> shift) & mask
        result[start[digit]] = i
        start[digit] += 1
    return result


@compiled
def order_of_codes(codes) -> np.ndarray:
    """Indices (N,) int32 that sort codes of 21 bits; of equals the lowest first."""
    order = np.arange(len(codes), dtype=np.int32)
    return _counting_pass(codes, _counting_pass(codes, order, 0, 11), 11, 10)


@compiled
def morton_order(points) -> np.ndarray:
    """Indices (N,) int32 that sort (N, 3) finite points along the Morton curve."""
    if len(points) == 0:
        return np.empty(0, np.int32)
    return order_of_codes(_codes(points))


@compiled
def _order(task, points, orders) -> None:
    order = morton_order(points[task])
    for i in range(len(order)):
        orders[task, i] = order[i]


def morton_orders(points: np.ndarray, threads: int | None = None) -> np.ndarray:
    """`morton_order` of each of (B, N, 3) clouds, a thread a cloud: (B, N) int32."""
    orders = np.empty(points.shape[:2], np.int32)
    run_tasks(_order, len(points), points, orders, threads=threads)
    return orders
