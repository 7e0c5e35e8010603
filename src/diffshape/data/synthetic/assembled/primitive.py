"""What every primitive of an assembled shape answers, for S primitives at once, each in coordinates of its own.

Places are three arrays x, y, z, which broadcast to (S, ...): a grid of voxels stays three thin arrays, so that what is
separable costs next to nothing.
"""

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Array = NDArray[Any]
Numbers = NDArray[np.float64]
"""Numbers, shape (S,) for one a primitive, (S, ...) for one a place, or (n,) for one a drawn point."""
Flags = NDArray[np.bool_]
"""Truth values, shape (S, ...)."""
Rows = NDArray[np.int64]
"""Indices of primitives, shape (n,)."""
Points = NDArray[np.float64]
"""Points, normals or directions, shape (..., 3)."""
Places = tuple[Numbers, Numbers, Numbers]
"""Coordinates x, y, z of places, three arrays that broadcast to (S, ...)."""
Batch = TypeVar("Batch", bound="DataclassInstance")


class Proposals(NamedTuple):
    """Points on surfaces and outward unit normals there, shape (n, 3), and which of them to keep, shape (n,).

    Those kept have constant density over the area of a primitive.
    """

    points: Points
    normals: Points
    kept: Flags


class Crossing(NamedTuple):
    """Where lines enter and leave a convex primitive, in lengths of their direction.

    A line that misses it enters at infinity and leaves at -infinity.
    """

    enter: Numbers
    leave: Numbers


class Primitive(Protocol):
    """S convex solids of one kind about the origin."""

    def inside(self, places: Places) -> Flags:
        """Whether places are inside."""
        ...

    def signed(self, points: Points) -> Numbers:
        """A function of points (S, N, 3), negative inside and 0 on the surface; never more than the distance."""
        ...

    def measure(self) -> Numbers:
        """Number of proposals that each of the S primitives needs, relative to the area that they cover."""
        ...

    def propose(self, rows: Rows, generator: np.random.Generator) -> Proposals:
        """A point on the surface of each of the primitives ``rows``, which may repeat."""
        ...

    def cross(self, start: Places, direction: Places) -> Crossing:
        """Where the lines start + t direction pass through."""
        ...


def column(values: Array, like: Array) -> Array:
    """One value a primitive (S,), for arrays (S, ...) of as many dimensions as ``like``."""
    return values.reshape(-1, *[1] * (like.ndim - 1))


def picked(batch: Batch, rows: Rows | slice) -> Batch:
    """Some of a batch: each array that it holds, by its first dimension."""
    changed = {}
    for item in fields(batch):
        value = getattr(batch, item.name)
        if isinstance(value, np.ndarray):
            changed[item.name] = value[rows]
        elif is_dataclass(value) and not isinstance(value, type):
            changed[item.name] = picked(value, rows)
    return replace(batch, **changed)


def slab(half: Numbers, start: Numbers, direction: Numbers) -> Crossing:
    """Where lines pass between two planes at -half and half; a line along them is within at all times or never."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = (-half - start) / direction, (half - start) / direction
    return Crossing(np.fmin(*ends), np.fmax(*ends))


def common(first: Crossing, second: Crossing) -> Crossing:
    """Where lines are within two convex solids at once."""
    enter, leave = np.maximum(first.enter, second.enter), np.minimum(first.leave, second.leave)
    return Crossing(np.where(enter < leave, enter, np.inf), np.where(enter < leave, leave, -np.inf))
