"""The signed distance of an oriented surface on bricks, from coarse to fine.

On the coarsest level, whose bricks are everywhere, and on those whose cells are much wider than the points are apart,
the start is a guess: the distance to the tangent plane of the nearest point or, farther off, (1 - 2 w) d by the
distance d to that point and the winding number w of the surface, which is 0 where a gap between points is closed. Finer
bricks are laid along the points, and along that closure. Each level is then solved for the function of least energy
(``solve``), from what the level before it gives, so that the finest one needs few rounds.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._reprs import one_line
from diffshape.ops.distance_grid.bricks import Bricks, bricks_around, bricks_everywhere, joined
from diffshape.ops.distance_grid.solve import SurfaceData, solve_distances
from diffshape.ops.neighbors.index import NeighborIndex

COARSEST = 0.025
"""Largest cell, as a share of the side of the box."""
REACH = 1.7
"""Distance from a point up to which the finest level has nodes, in spacings."""
GUESSED = 1.6
"""Cell, in spacings, from which on a level starts from a guess instead of the level before it."""
GAP = 3.0
"""Distance from all points, in spacings, from which on a surface closes a gap between them."""
EXACT = 0.05
"""Error that is added to the expected one of every point, in spacings."""
TRUST = 1.4
"""Factor of the expected errors: neighbouring points were cleaned by the same ones, and err alike."""
SLOPE = 1.0
"""Error of the normals, as a slope."""
STIFFNESS = 0.2
"""Weight of the bending, for cells as wide as the spacing."""
ROUNDS, MANY_ROUNDS = 20, 100
"""Largest number of rounds for the finest level after a solved one, and for all others, which carry what is known
across gaps."""
TOLERANCE = 3e-3
"""Residual, against that of the start, at which the rounds end."""


class OrientedSurface(NamedTuple):
    """Points of a surface with normals that point outside."""

    points: Float[Tensor, "n 3"]
    """Points."""
    normals: Float[Tensor, "n 3"]
    """Unit normals."""
    errors: Float[Tensor, "n"]
    """Expected distance of each point to the surface."""
    spacing: float
    """Typical distance between neighbouring points."""
    winding: Callable[[Tensor], Float[Tensor, "m"]]
    """Winding number at places (M, 3): 1 inside, 0 outside, between them where a gap in the points is."""

    __repr__ = one_line


class Level(NamedTuple):
    """Bricks of one cell size, and the signed distance at their nodes."""

    bricks: Bricks
    values: Float[Tensor, "m"]

    __repr__ = one_line


def cell_sizes(cell: float, box: tuple[float, float]) -> list[float]:
    """Cells of the levels, finest first, each twice as wide as the one before it.

    >>> cell_sizes(0.01, (-0.8, 0.8))
    [0.01, 0.02, 0.04]
    """
    sizes = [cell]
    while 2 * sizes[-1] <= COARSEST * (box[1] - box[0]) * (1 + 1e-9):
        sizes.append(2 * sizes[-1])
    return sizes


def distance_levels(surface: OrientedSurface, cell: float, box: tuple[float, float]) -> list[Level]:
    """The signed distance of a surface on levels of bricks, finest first.

    Args:
        surface: Points in the box, on the CPU.
        cell: Width of the finest cells.
        box: Lowest and highest coordinate on every axis.

    Raises:
        ValueError: There are no points, they are not finite or outside the box, or the spacing is not positive.
    """
    _check(surface, box)
    sizes, levels = cell_sizes(cell, box), []
    index = NeighborIndex(surface.points.double())
    for size in reversed(sizes):
        if levels:
            reach = REACH * surface.spacing + 2 * (size - cell) + 0.01 * size  # wider than the level after it
            bricks = _bricks(surface, index, levels[0], reach, size, box)
        else:
            bricks = bricks_everywhere(size, box)
        nodes = bricks.positions()
        guessed = not levels or size > GUESSED * surface.spacing
        values = _guess(surface, index, nodes, size) if guessed else _interpolated(levels, nodes)
        if levels or len(sizes) == 1:
            few = size == cell and len(levels) > 1  # the coarsest level is a guess that is not solved
            values = _solved(surface, bricks, values, ROUNDS if few else MANY_ROUNDS)
        levels.insert(0, Level(bricks, values))
    return levels


def _check(surface: OrientedSurface, box: tuple[float, float]) -> None:
    count = len(surface.points)
    shapes = [tuple(each.shape) for each in (surface.points, surface.normals, surface.errors)]
    if not count or shapes != [(count, 3), (count, 3), (count,)]:
        raise ValueError(f"fit_surface: surface must have points and normals (N, 3) and errors (N,), got {shapes}")
    if not all(bool(each.isfinite().all()) for each in surface[:3]) or not 0 < surface.spacing < math.inf:
        raise ValueError("fit_surface: surface must have finite points, normals and errors, and a positive spacing")
    if not bool((surface.points >= box[0]).all() and (surface.points <= box[1]).all()):
        raise ValueError(f"fit_surface: points of the surface must lie between {box[0]} and {box[1]} on every axis")


def _bricks(
    surface: OrientedSurface, index: NeighborIndex, coarser: Level, reach: float, size: float, box: tuple[float, float]
) -> Bricks:
    """Bricks along the points, and along the surface of the coarser level where it has no points near."""
    crossings = _crossings(coarser)
    closure = crossings[index.query(crossings).squared_distances > (GAP * surface.spacing) ** 2]
    along = bricks_around(surface.points.double(), reach, size, box)
    return joined(along, bricks_around(closure, 1.5 * size, size, box))


def _crossings(level: Level) -> Float[Tensor, "c 3"]:
    """Nodes at which the sign differs from that of a neighbour towards greater coordinates."""
    places = level.bricks.positions()
    nodes = ((places - level.bricks.low) / level.bricks.cell).round().long()
    crossed = torch.zeros(len(places), dtype=torch.bool)
    for step in torch.eye(3, dtype=torch.long):
        entries = level.bricks.entries_at(nodes + step)
        crossed |= (entries >= 0) & ((level.values < 0) != (level.values[entries] < 0))
    return places[crossed]


def _guess(
    surface: OrientedSurface, index: NeighborIndex, places: Float[Tensor, "m 3"], size: float
) -> Float[Tensor, "m"]:
    """Signed distances to tangent planes near the points, and (1 - 2 w) d farther off."""
    squared, nearest = index.query(places)
    distances = squared.sqrt()
    values = ((places - surface.points.double()[nearest]) * surface.normals.double()[nearest]).sum(dim=1)
    far = (distances >= 1.5 * size).nonzero()[:, 0]
    winding = surface.winding(places[far].to(surface.points)).double().clamp(0, 1)
    values[far] = (1 - 2 * winding) * distances[far]
    return values


def _interpolated(levels: list[Level], places: Float[Tensor, "m 3"]) -> Float[Tensor, "m"]:
    """Values at places, each of the finest level that has its cell."""
    values, left = places.new_zeros(len(places)), torch.arange(len(places))
    for level in levels:
        corners = level.bricks.corners(places[left])
        here = corners.present
        values[left[here]] = (level.values[corners.entries[here]] * corners.weights[here]).sum(dim=1)
        left = left[~here]
    return values


def _solved(surface: OrientedSurface, bricks: Bricks, values: Float[Tensor, "m"], rounds: int) -> Float[Tensor, "m"]:
    """The values of least energy, as near as so many rounds come to them."""
    cell, spacing = bricks.cell, surface.spacing
    errors = (EXACT * spacing / cell) ** 2 + (TRUST * surface.errors.double() / cell) ** 2
    data = SurfaceData(
        points=surface.points.double(),
        normals=surface.normals.double(),
        value_weights=1 / errors,
        gradient_weights=torch.full_like(errors, 1 / SLOPE**2),
    )
    stiffness = STIFFNESS * cell / spacing
    return cell * solve_distances(bricks, data, values / cell, stiffness=stiffness, rounds=rounds, tolerance=TOLERANCE)
