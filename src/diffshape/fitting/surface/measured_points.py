"""Points of a scan that a fit kept, and what they tell about places of the surface: confidence and attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from diffshape._reprs import one_line
from diffshape.data.attributes import Attributes
from diffshape.data.coincident import distinct_rows
from diffshape.ops.neighbors.index import NeighborIndex
from diffshape.ops.orientation.point_areas import AREA_NEIGHBORS, point_areas, spacing_of

REACH = 3.0
"""Distance from the nearest point, in spacings, from which on a surface is invented: it has the confidence 0, and no
open mesh has it."""
_SURE = 1.5
"""Distance, in spacings, up to which points support a surface fully: random points leave gaps of that size."""
_SPARSEST = 2.0
"""Largest spacing around a point, in typical spacings, by which distances from it are measured."""
_NEAREST = 4
"""Number of points from which a vertex takes confidence and attributes."""
_BLUR = 0.25
"""Distance from a point, in spacings, within which its weight does not grow much any more."""
_PREFIX = "attributes/"


class Nearby(NamedTuple):
    """The points nearest to each of some places."""

    indices: Int[Tensor, "v k"]
    """Which points these are."""
    weights: Float[Tensor, "v k"]
    """Weights by which numbers of the points are averaged; their sum is 1."""
    distances: Float[Tensor, "v"]
    """Distance to the nearest point, in spacings."""
    spacings: Float[Tensor, "v"]
    """Spacing of the points around, in the unit frame."""

    __repr__ = one_line


@dataclass(frozen=True, kw_only=True)
class MeasuredPoints:
    """The points of a scan that a fit kept, in the unit frame, on the CPU."""

    points: Float[Tensor, "n 3"]
    """Places of the points, cleaned if the scan was prepared, float32."""
    confidence: Float[Tensor, "n"]
    """Confidence in each point, 1 / (1 + error / spacing); 1 where no error is known."""
    attributes: Attributes = field(default_factory=dict)
    """Numbers of the points beside their places, by name, (N,) or (N, k)."""

    __repr__ = one_line

    @classmethod
    def of(
        cls, points: Tensor, attributes: Mapping[str, NDArray[Any]], confidence: Tensor | None = None
    ) -> "MeasuredPoints":
        """The distinct ones of some points, with those of their attributes that are numbers which a mesh file holds."""
        places = np.sort(distinct_rows(points.numpy()).first)
        numbers = {name: each for name, each in attributes.items() if _is_held(each)}
        known = torch.ones(len(points)) if confidence is None else confidence.float()
        return cls(
            points=points[places].float(),
            confidence=known[places],
            attributes={name: each[places] for name, each in numbers.items()},
        )

    def near(self, places: Float[Tensor, "v 3"]) -> Nearby:
        """The points nearest to places in the unit frame."""
        count = min(_NEAREST, len(self.points))
        found = self._index.query(places.double(), count)
        squared, indices = (each.reshape(len(places), count) for each in found)
        spacings = self._spacings[indices]
        weights = 1 / (squared + (_BLUR * spacings).square())
        weights = weights / weights.sum(dim=1, keepdim=True)
        around = (weights * spacings).sum(dim=1)
        return Nearby(indices, weights, squared[:, 0].sqrt() / around, around)

    def told_at(self, places: Float[Tensor, "v 3"]) -> Attributes:
        """Attributes of places in the unit frame: those of the scan and ``confidence``, float32, from 0 to 1.

        Confidence is that of the nearest points, times a support that falls from 1 within 1.5 spacings of a point to 0
        at 3 spacings. Colours and other fractions are means of the four nearest points, nearer ones weighing more;
        whole numbers, which may be labels, are those of the nearest point.
        """
        near = self.near(places)
        support = ((REACH - near.distances) / (REACH - _SURE)).clamp(0, 1)
        confidence = support * (near.weights * self.confidence[near.indices]).sum(dim=1)
        carried = {name: _carried(name, values, near) for name, values in self.attributes.items()}
        return {**carried, "confidence": confidence.float().numpy()}

    def tensors(self) -> dict[str, Tensor]:
        """Tensors by name, as a file keeps the points."""
        parts = {"points": self.points, "confidence": self.confidence}
        return parts | {f"{_PREFIX}{name}": torch.from_numpy(_plain(each)) for name, each in self.attributes.items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "MeasuredPoints":
        """The points of which a file kept ``tensors``."""
        attributes = {
            name.removeprefix(_PREFIX): each.numpy() for name, each in tensors.items() if name.startswith(_PREFIX)
        }
        return cls(points=tensors["points"], confidence=tensors["confidence"], attributes=attributes)

    @cached_property
    def _index(self) -> NeighborIndex:
        return NeighborIndex(self.points.double())

    @cached_property
    def _spacings(self) -> Float[Tensor, "n"]:
        """Distance between neighbours around each point, not below the typical one, for scans have dense places too."""
        areas = point_areas(self._index.query(self.points.double(), min(AREA_NEIGHBORS + 1, len(self.points)))[0])
        typical = spacing_of(areas)
        return areas.sqrt().clamp(min=typical, max=_SPARSEST * typical)


def _is_held(values: NDArray[Any]) -> bool:
    """Whether these are real numbers in one column or several, integers not beyond those that float64 holds."""
    if values.dtype.kind not in "fiub" or values.ndim not in (1, 2):
        return False
    return values.dtype.kind in "fb" or bool((np.abs(values.astype(np.float64)) <= 2.0**53).all())


def _carried(name: str, values: NDArray[Any], near: Nearby) -> NDArray[Any]:
    """An attribute of the points at the places that they are near to."""
    if name != "colors" and values.dtype.kind != "f":
        return values[near.indices[:, 0].numpy()]
    indices, weights = near.indices.numpy(), near.weights.numpy()
    mean = sum(
        weights[:, place].reshape(-1, *[1] * (values.ndim - 1)) * values[row] for place, row in enumerate(indices.T)
    )
    return (np.rint(mean) if name == "colors" else np.asarray(mean)).astype(values.dtype)


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers in the byte order of this machine, of at most 64 bits."""
    wide = values.astype(np.float64) if values.dtype.itemsize > 8 else values
    return np.ascontiguousarray(wide, wide.dtype.newbyteorder("="))
