"""A field sampled on the nodes of a regular grid, and the cells of the grid that a level set crosses.

Cells are cubes. A cell is active if its eight corner values do not all have one sign (0 counts as positive, outside);
only active cells hold a piece of the surface.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

CHUNK = 2**17
"""Points handed to the field at once: enough to keep a network busy, few enough to keep its activations small."""

CORNERS = ((0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1))
"""Corners of a cell, in the order marching cubes wants."""


class ActiveCells(NamedTuple):
    """Cells crossed by the level set: the lowest corner of each in grid steps, and its eight corner values."""

    cells: Int[Tensor, "c 3"]
    values: Float[Tensor, "c 8"]


@dataclass(frozen=True)
class SamplingGrid:
    """Nodes ``origin + spacing * (i, j, k)``, 0 <= (i, j, k) <= ``cells``, where field - level is sampled."""

    field: Callable[[Tensor], Tensor]
    level: float
    origin: tuple[float, float, float]
    spacing: float
    cells: tuple[int, int, int]
    closed: bool
    device: torch.device
    dtype: torch.dtype

    def positions(self, steps: Tensor) -> Float[Tensor, "n 3"]:
        """Grid steps (N, 3), whole or not, as points in the field's coordinates, float64."""
        return steps.double() * self.spacing + torch.tensor(self.origin, dtype=torch.float64, device=steps.device)

    def sample(self, steps: Tensor) -> Float[Tensor, "n"]:
        """Field - level at grid steps (N, 3), whole or not, evaluated in chunks; must be finite."""
        parts = [self._evaluate(part) for part in steps.split(CHUNK)]
        return torch.cat(parts) if parts else torch.empty(0, dtype=self.dtype, device=self.device)

    def sample_nodes(self, nodes: Int[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Field - level at whole grid steps; a closed grid counts its outermost nodes as outside."""
        values = self.sample(nodes)
        if not self.closed:
            return values
        border = ((nodes == 0) | (nodes == self.limits())).any(-1)
        return torch.where(border, values.clamp_min(0), values)

    def limits(self) -> Int[Tensor, "3"]:
        """The last node of each axis, on the grid's device."""
        return torch.tensor(self.cells, device=self.device)

    def strides(self) -> Int[Tensor, "3"]:
        """Key of a node = node . strides; each axis has room for one node past the end, where blocks overhang."""
        _, y, z = (count + 2 for count in self.cells)
        return torch.tensor((y * z, z, 1), device=self.device)

    def nodes_of(self, keys: Int[Tensor, "n"]) -> Int[Tensor, "n 3"]:
        """The nodes of keys; one past the end becomes the last node."""
        _, y, z = (count + 2 for count in self.cells)
        return torch.minimum(torch.stack([keys // (y * z), keys // z % y, keys % z], -1), self.limits())

    def _evaluate(self, steps: Tensor) -> Tensor:
        values = self.field(self.positions(steps).to(self.dtype))
        if not isinstance(values, Tensor) or values.shape != steps.shape[:1]:
            got = tuple(values.shape) if hasattr(values, "shape") else type(values).__name__
            raise ValueError(f"isosurface: field must map points ({len(steps)}, 3) to ({len(steps)},), got {got}")
        if not bool(torch.isfinite(values).all()):
            raise ValueError("isosurface: field returned NaN or infinity inside the bounds; it must be finite there")
        return values - self.level


def dense_cells(grid: SamplingGrid) -> ActiveCells:
    """Active cells by sampling every node: (nodes)^3 evaluations, whatever the field."""
    shape = tuple(count + 1 for count in grid.cells)
    planes = torch.cartesian_prod(*(torch.arange(count, device=grid.device) for count in (1, *shape[1:])))
    rows = max(1, CHUNK // len(planes))
    parts = []
    for start in range(0, shape[0], rows):
        slab = planes.repeat(min(rows, shape[0] - start), 1, 1)
        slab[..., 0] += torch.arange(start, start + len(slab), device=grid.device)[:, None]
        parts.append(grid.sample_nodes(slab.reshape(-1, 3)))
    values = torch.cat(parts).reshape(shape)
    cells = mixed(values < 0).nonzero()
    corners = [values[tuple((cells + offset).unbind(-1))] for offset in torch.tensor(CORNERS, device=grid.device)]
    return ActiveCells(cells, torch.stack(corners, -1))


def mixed(inside: Tensor) -> Tensor:
    """Which cells of a block of nodes (..., X, Y, Z) have corners on both sides: (..., X-1, Y-1, Z-1)."""
    every, some = inside, inside
    for axis in (-1, -2, -3):
        low, high = slice_pair(every, axis)
        every = low & high
        low, high = slice_pair(some, axis)
        some = low | high
    return some & ~every


def slice_pair(nodes: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Each node but the last, and its successor, along ``axis``."""
    count = nodes.shape[axis] - 1
    return nodes.narrow(axis, 0, count), nodes.narrow(axis, 1, count)
