"""Bytes and operations of a fused hash-grid query, counted on the CPU, and the least time they take on a GPU.

    python -m benchmarks.gpu.field_work [--points 500000] [--cache 5.5e12] [--tensor 9.9e14] [--memory 4.8e12]

Memory answers in sectors of 32 bytes. Counted are the sectors of every gather of a warp (32 points, one corner, one
level: the layout of `diffshape.kernels.triton_hash_grid`), and the different sectors that a program of 128 points asks
for: what the L2 cache sends if the L1 cache serves a program but nothing longer. The floor is the largest of those
bytes / the L2 cache's bytes a second, products and sums / the tensor cores' a second, and points in and values out /
the memory's bytes a second: by default an H200's, the cache's from public microbenchmarks.
"""

import argparse
from typing import NamedTuple

import torch
from torch import Tensor

from diffshape.ops import GridLayout
from diffshape.ops.hash_grid.definition import corners_by_level

GRID = GridLayout(levels=16, base=16, finest=2048, features=2, log2_entries=19, interpolation="linear")
"""The default of torch-ngp and instant-ngp."""
HIDDEN_LAYERS, WIDTH = 2, 64
SECTOR, WARP, PROGRAM = 32, 32, 128
STEPS_BITS = 10


class Gathers(NamedTuple):
    """Sectors a point, over all levels and corners."""

    by_request: float
    """Different ones in a gather of a warp, summed over its gathers."""
    by_program: float
    """Different ones that a program asks for in a level."""


class Floor(NamedTuple):
    """Milliseconds below which the queries cannot go."""

    cache: float
    tensor: float
    memory: float

    @property
    def milliseconds(self) -> float:
        """Milliseconds of the slowest of the three."""
        return max(self)


def uniform_points(count: int) -> Tensor:
    """Points everywhere in [-1, 1]^3."""
    return torch.rand(count, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1


def along_a_curve(points: Tensor) -> Tensor:
    """Points of [-1, 1]^3 in Morton order of 2^10 steps an axis, as the query sorts them."""
    steps = ((points + 1) / 2 * 2**STEPS_BITS).long().clamp(0, 2**STEPS_BITS - 1)
    code = sum(((steps[:, axis] >> bit) & 1) << (3 * bit + axis) for axis in range(3) for bit in range(STEPS_BITS))
    return points[code.argsort(stable=True)]


def count_gathers(points: Tensor, grid: GridLayout = GRID, bytes_a_feature: int = 2) -> Gathers:
    """Sectors that gathers of points in [-1, 1]^3 touch, in this order; a last program that is not full is left out."""
    points = (points[: len(points) // PROGRAM * PROGRAM] + 1) / 2
    by_request, by_program = 0, 0
    for corners in corners_by_level(points, grid.plan, grid.smooth):
        sectors = torch.stack([corner.rows for corner in corners]) * grid.features * bytes_a_feature // SECTOR
        by_request += _different(sectors.reshape(8, -1, WARP))
        by_program += _different(sectors.reshape(8, -1, PROGRAM).transpose(0, 1).flatten(1))
    return Gathers(by_request / len(points), by_program / len(points))


def operations(grid: GridLayout = GRID, hidden_layers: int = HIDDEN_LAYERS, width: int = WIDTH) -> int:
    """Products and sums of the network, a point."""
    return 2 * width * (grid.channels + width * (hidden_layers - 1) + 1)


def floor(points: int, gathers: Gathers, *, cache: float, tensor: float, memory: float) -> Floor:
    """The floor of that many queries, given bytes, operations and bytes a second."""
    seconds = gathers.by_program * SECTOR / cache, operations() / tensor, 16 / memory
    return Floor(*(1e3 * points * each for each in seconds))


def _different(groups: Tensor) -> int:
    """Different numbers in each row, summed over the rows."""
    ordered = groups.sort(-1).values
    return int((ordered[..., 1:] != ordered[..., :-1]).sum()) + ordered[..., 0].numel()


def add_rates(parser: argparse.ArgumentParser) -> None:
    """Options for what the device does in a second."""
    parser.add_argument("--cache", type=float, default=5.5e12, help="bytes a second of the L2 cache")
    parser.add_argument("--tensor", type=float, default=9.9e14, help="fp16 operations a second of the tensor cores")
    parser.add_argument("--memory", type=float, default=4.8e12, help="bytes a second of the memory")


def main() -> None:
    """Print one line an order of the points."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=500_000)
    add_rates(parser)
    options = parser.parse_args()
    rates = {name: getattr(options, name) for name in ("cache", "tensor", "memory")}
    points = uniform_points(options.points)
    columns = ("by request", "by program", "L2, MB", "L2, ms", "tensor, ms", "memory, ms")
    print(f"{'order':10}" + "".join(f"{column:>12}" for column in columns))
    for order, queries in (("uniform", points), ("Morton", along_a_curve(points))):
        gathers = count_gathers(queries)
        megabytes = gathers.by_program * SECTOR * len(points) / 1e6
        limits = floor(len(points), gathers, **rates)
        print(
            f"{order:10}{gathers.by_request:12.1f}{gathers.by_program:12.1f}{megabytes:12.0f}"
            + "".join(f"{limit:12.4f}" for limit in limits)
        )


if __name__ == "__main__":
    main()
