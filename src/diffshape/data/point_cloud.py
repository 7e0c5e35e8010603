"""A point cloud: points, normals if there are any, and whatever else each point has."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._bounds import check_seed, check_whole
from diffshape.data.arrays import host_array
from diffshape.data.coincident import distinct_rows


@dataclass(frozen=True, eq=False, repr=False)
class PointCloud:
    """Points (N, 3) float64, their unit normals (N, 3) or None, notes on what was dropped or changed, and attributes.

    A normal of zero length stands for a point without one. ``attributes`` are arrays of N rows by name,
    as the file has them: ``colors`` are uint8 of shape (N, 3) or (N, 4), red, green, blue and alpha.

    >>> PointCloud(np.zeros((30_000, 3)), attributes={"intensity": np.zeros(30_000)})
    PointCloud(30,000 points, intensity)
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()
    attributes: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        parts = ["normals"] * (self.normals is not None) + list(self.attributes)
        more = [f"and {len(parts) - 4} more"] if len(parts) > 5 else parts[4:]
        return f"PointCloud({', '.join([f'{len(self):,} points', *parts[:4], *more])})"

    def rows(self, which: NDArray[Any]) -> "PointCloud":
        """The points of these indices, or where this mask is True, with their normals and attributes."""
        places = host_array(which, name="PointCloud.rows: which")
        mask = places.dtype.kind == "b" and places.shape == (len(self),)
        if places.ndim != 1 or not (mask or not places.size or (places.dtype.kind in "iu" and self._has(places))):
            raise ValueError(
                f"PointCloud.rows: which must be indices of the {len(self)} points or a mask of them, "
                f"got {places.dtype} of shape {places.shape}"
            )
        which = places if places.size else places.astype(np.int64)
        normals = None if self.normals is None else self.normals[which]
        attributes = {name: column[which] for name, column in self.attributes.items()}
        return PointCloud(self.points[which], normals, self.notes, attributes)

    def _has(self, places: NDArray[Any]) -> bool:
        return bool((places >= -len(self)).all() and (places < len(self)).all())

    @checked
    def subset(self, count: int, *, seed: int = 0) -> "PointCloud":
        """At most ``count`` of the points, drawn without replacement, in their order; a note counts the others.

        Where there are more than ``count``, repeated points count once.
        """
        check_whole("PointCloud.subset: count", count, 4)
        check_seed("PointCloud.subset: seed", seed)
        if len(self) <= count:
            return self
        places = np.sort(distinct_rows(self.points).first)
        if len(places) > count:
            places = places[np.sort(np.random.default_rng(seed).choice(len(places), count, replace=False))]
            note = f"{count:,} of {len(self):,} points were drawn at random."
        else:
            note = f"{len(self) - len(places):,} of {len(self):,} points were left out: they repeat others."
        return replace(self.rows(places), notes=(*self.notes, note))
