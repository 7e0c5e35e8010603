"""Bricks of 4 x 4 x 4 nodes, laid where a surface is: a grid of one cell size that has nodes only there."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._reprs import one_line
from diffshape.kernels.numba_distance_grid import NODES, SIDE


class Corners(NamedTuple):
    """The cells of N points: eight corners each, z fastest."""

    entries: Int[Tensor, "n 8"]
    """Entries of the corners in a vector of all nodes, 64 for each brick; -1 where there is no brick."""
    inside: Float[Tensor, "n 3"]
    """Positions in the cells, from 0 to 1."""

    @property
    def present(self) -> Bool[Tensor, "n"]:
        """Whether all eight corners are there."""
        return (self.entries >= 0).all(dim=1)

    @property
    def weights(self) -> Float[Tensor, "n 8"]:
        """Trilinear weights of the corners."""
        low_high = torch.stack([1 - self.inside, self.inside], dim=1)  # (N, 2, 3)
        x, y, z = low_high.unbind(2)
        return (x[:, :, None, None] * y[:, None, :, None] * z[:, None, None, :]).reshape(-1, 8)

    @property
    def slopes(self) -> Float[Tensor, "n 3 8"]:
        """Derivatives of these weights by x, y and z, in cells."""
        low_high = torch.stack([1 - self.inside, self.inside], dim=1)
        step = torch.tensor([-1.0, 1.0]).to(self.inside).expand(len(self.inside), 2)
        x, y, z = low_high.unbind(2)
        products = [(step, y, z), (x, step, z), (x, y, step)]
        return torch.stack(
            [(a[:, :, None, None] * b[:, None, :, None] * c[:, None, None, :]).reshape(-1, 8) for a, b, c in products],
            dim=1,
        )


@dataclass(frozen=True)
class Bricks:
    """Where the bricks of a grid are, whose nodes begin at (low, low, low)."""

    low: float
    """Lowest coordinate on every axis."""
    cell: float
    """Distance between nodes."""
    table: Int[Tensor, "t t t"]
    """Number of the brick at each place, int32; -1 where there is none."""

    __repr__ = one_line

    @property
    def count(self) -> int:
        """Number of bricks."""
        return int(self.table.max()) + 1 if self.table.numel() else 0

    def corners(self, points: Float[Tensor, "n 3"]) -> Corners:
        """The corners of the cells that points lie in; of points outside the cube, those of the nearest cell."""
        place = (points - self.low) / self.cell
        low = place.floor().clamp(0, SIDE * len(self.table) - 2)
        bits = torch.cartesian_prod(*[torch.arange(2, device=points.device)] * 3)
        return Corners(self.entries_at(low.long()[:, None] + bits), place - low)

    def entries_at(self, nodes: Int[Tensor, "*n 3"]) -> Int[Tensor, "*n"]:
        """Entries of nodes by their coordinates; -1 where there is no brick or the node is outside."""
        limit = SIDE * len(self.table)
        known = ((nodes >= 0) & (nodes < limit)).all(dim=-1)
        x, y, z = nodes.clamp(0, limit - 1).unbind(-1)
        brick = self.table[x // SIDE, y // SIDE, z // SIDE].long()
        local = (x % SIDE) * SIDE * SIDE + (y % SIDE) * SIDE + z % SIDE
        return torch.where(known & (brick >= 0), brick * NODES + local, -1)

    def positions(self) -> Float[Tensor, "m 3"]:
        """Positions of all nodes, in the order of their entries; float64."""
        nodes = torch.cartesian_prod(*[torch.arange(SIDE)] * 3)
        return self.low + self.cell * (SIDE * self.places()[:, None] + nodes).reshape(-1, 3).double()

    def places(self) -> Int[Tensor, "b 3"]:
        """Places of the bricks in the table, in their order."""
        return (self.table >= 0).nonzero()

    def around(self) -> Int[Tensor, "b 27"]:
        """Numbers of each brick and the 26 about it, (dx, dy, dz) from -1 on, z fastest; -1 where there is none."""
        steps = torch.cartesian_prod(*[torch.arange(-1, 2)] * 3)
        padded = torch.nn.functional.pad(self.table, (1,) * 6, value=-1)
        x, y, z = (self.places()[:, None] + steps + 1).unbind(-1)
        return padded[x, y, z]


def bricks_across(cell: float, box: tuple[float, float]) -> int:
    """Number of bricks that cover the side of a box.

    >>> bricks_across(0.1, (-0.8, 0.8))
    5
    """
    return int((box[1] - box[0]) / (SIDE * cell)) + 1


def bricks_around(points: Float[Tensor, "n 3"], reach: float, cell: float, box: tuple[float, float]) -> Bricks:
    """Bricks of the grid over a box with all nodes within ``reach`` of the points on every axis."""
    across, width = bricks_across(cell, box), SIDE * cell
    occupied = torch.zeros(across, across, across, dtype=torch.bool)
    first, last = (((points + step - box[0]) / width).floor().long() for step in (-reach, reach))
    for step in torch.cartesian_prod(*[torch.arange(int(2 * reach / width) + 2)] * 3):
        place = torch.minimum(first + step, last).clamp(0, across - 1)
        occupied[tuple(place.unbind(-1))] = True
    return numbered(occupied.nonzero(), cell, box)


def bricks_everywhere(cell: float, box: tuple[float, float]) -> Bricks:
    """Bricks of the grid over a box, without a gap."""
    return numbered(torch.cartesian_prod(*[torch.arange(bricks_across(cell, box))] * 3), cell, box)


def joined(one: Bricks, other: Bricks) -> Bricks:
    """The bricks of both, which are of one grid."""
    occupied = (one.table >= 0) | (other.table >= 0)
    table = torch.where(occupied, torch.cumsum(occupied.flatten(), 0).reshape(occupied.shape) - 1, -1)
    return Bricks(one.low, one.cell, table.int())


def numbered(places: Int[Tensor, "b 3"], cell: float, box: tuple[float, float]) -> Bricks:
    """Bricks at places of the grid over a box, which are in ascending order."""
    table = torch.full((bricks_across(cell, box),) * 3, -1, dtype=torch.int32, device=places.device)
    table[tuple(places.unbind(-1))] = torch.arange(len(places), dtype=torch.int32, device=places.device)
    return Bricks(box[0], cell, table)
