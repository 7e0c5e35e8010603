"""The frame in which shapes are fitted: the box centre at 0, its longest side 1; and the way back to input coordinates.

to_unit(p) = (p - center) / scale

A bounding box depends on its extreme points, so a single stray return of a scanner would shrink the shape. Points far
from all others are therefore left out of the box; without such points it is the plain bounding box, to the last bit.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._bounds import check_number
from diffshape._typed import check_settings
from diffshape.data.arrays import real_rows
from diffshape.data.coincident import distinct_rows

if TYPE_CHECKING:
    from scipy.spatial import KDTree
    from torch import Tensor

_NEIGHBORS = 8
_SAMPLE = 100_000
Numbers = TypeVar("Numbers", "NDArray[np.float64]", "NDArray[np.floating]", "Tensor")


@dataclass(frozen=True)
class Frame:
    """``center`` and ``scale`` in input units; unit coordinates have the box centre at 0 and its longest side 1."""

    center: tuple[float, float, float]
    scale: float

    def __post_init__(self) -> None:
        check_settings(self)
        if not all(map(math.isfinite, self.center)):
            raise ValueError(f"Frame: center must be three finite numbers, got {self.center}")
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise ValueError(f"Frame: scale must be positive and finite, got {self.scale}")

    @classmethod
    def of(cls, points: Any) -> "Frame":
        """The frame of (N, 3) points, NumPy or torch: of their bounding box without :func:`find_outliers`.

        Raises:
            ValueError: no points, points that are not finite, or all in one place.

        >>> Frame.of([[0, 0, 0], [4, 2, 2]])
        Frame(center=(2.0, 1.0, 1.0), scale=4.0)
        """
        array = real_rows(points, name="Frame.of: points")
        if len(array) == 0 or not np.isfinite(array).all():
            raise ValueError(
                "Frame.of: points must be finite and at least one; clean them with diffshape.data.clean_points"
            )
        kept = array[~find_outliers(array)]
        low, high = kept.min(axis=0), kept.max(axis=0)
        x, y, z = ((low + high) / 2).tolist()
        scale = float((high - low).max())
        if scale == 0:
            raise ValueError(f"Frame.of: all {len(array)} points are in one place; a frame needs an extent")
        return cls((x, y, z), scale)

    def to_unit(self, points: Numbers) -> Numbers:
        """(..., 3) points in input coordinates -> unit coordinates; of the same type and dtype, computed in float64.

        >>> Frame((2.0, 1.0, 1.0), 4.0).to_unit(np.array([[4.0, 2.0, 2.0]]))
        array([[0.5 , 0.25, 0.25]])
        """
        wide, center = self._wide(points, "to_unit")
        return _narrow((wide - center) / self.scale, points)

    def from_unit(self, points: Numbers) -> Numbers:
        """(..., 3) points in unit coordinates -> input coordinates; of the same type and dtype, computed in float64."""
        wide, center = self._wide(points, "from_unit")
        return _narrow(wide * self.scale + center, points)

    def distances_to_unit(self, distances: Numbers) -> Numbers:
        """Distances in input units -> in unit lengths, any shape. Normals and gradients of a distance do not change."""
        return self._numbers(distances, "distances_to_unit: distances") / self.scale

    def distances_from_unit(self, distances: Numbers) -> Numbers:
        """Distances in unit lengths -> in input units, any shape."""
        return self._numbers(distances, "distances_from_unit: distances") * self.scale

    def to_dict(self) -> dict[str, Any]:
        """Centre and scale as plain numbers for JSON or YAML."""
        return {"center": list(self.center), "scale": self.scale}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Frame":
        """The frame from the plain numbers of :meth:`to_dict`.

        Raises:
            ValueError: other keys, or values that are not a centre and a scale.

        >>> Frame.from_dict({"center": [2.0, 1.0, 1.0], "scale": 4.0})
        Frame(center=(2.0, 1.0, 1.0), scale=4.0)
        """
        if not isinstance(content, dict) or content.keys() != {"center", "scale"}:
            raise ValueError(f"Frame.from_dict: wants the keys center and scale, got {content!r}")
        try:
            x, y, z = map(float, content["center"])
            return cls((x, y, z), float(content["scale"]))
        except TypeError as error:
            raise ValueError(f"Frame.from_dict: center must be three numbers and scale one, got {content!r}") from error

    @staticmethod
    def _numbers(values: Any, argument: str) -> Any:
        """Values if they are an array or tensor of real numbers."""
        if isinstance(values, np.ndarray):
            fits = values.dtype.kind in "fiub"
        else:
            fits = hasattr(values, "detach") and not (values.is_complex() or values.is_sparse or values.is_meta)
        if not fits:
            kind = getattr(values, "dtype", type(values).__name__)
            raise TypeError(f"Frame.{argument} must be a NumPy array or dense torch tensor of real numbers, got {kind}")
        return values

    def _wide(self, points: Any, method: str) -> tuple[Any, Any]:
        """Points and center in float64, both NumPy or both torch on the points' device."""
        if self._numbers(points, f"{method}: points").shape[-1:] != (3,):
            raise ValueError(f"Frame.{method}: points must have shape (..., 3), got {tuple(points.shape)}")
        if isinstance(points, np.ndarray):
            return points.astype(np.float64), np.array(self.center)
        wide = points.double()
        return wide, wide.new_tensor(self.center)


@checked
def find_outliers(points: NDArray[np.floating], *, factor: float = 6.0) -> NDArray[np.bool_]:
    """Mask of the points outside the shape and far from all others: stray returns, not noise.

    A point is isolated if its 8th neighbour is farther than ``factor`` times the median of that distance. Outliers
    are the isolated points outside the bounding box of the others. Groups of more than 8 are no outliers, and strays
    within the box are not looked for. Repeated points count once: the many rows (0, 0, 0) that a depth camera writes
    where it saw nothing are one point. Distances are measured to a sample of 100,000 points, so the cost is O(N).

    Args:
        points: (N, 3) finite points in any unit.
        factor: Multiple of the median distance beyond which a point is isolated. Even samples of surfaces reach 2.6
            with noise of 1 % of their side; range scans reach 8, but inside their box.

    Returns:
        Boolean mask (N,), True for outliers; False for all if there are no more than 8 different points.

    >>> rng = np.random.default_rng(0)
    >>> find_outliers(np.vstack([rng.random((500, 3)), [[30.0, 0.0, 0.0]]])).nonzero()[0].tolist()
    [500]
    """
    from scipy.spatial import KDTree

    points = real_rows(points, name="find_outliers: points")
    check_number("find_outliers: factor", factor, 0, above=True)
    outliers = np.zeros(len(points), bool)
    if len(points) <= _NEIGHBORS:
        return outliers
    sample = points
    if len(points) > _SAMPLE:
        sample = points[np.random.default_rng(0).choice(len(points), _SAMPLE, replace=False)]
    sample = sample[np.sort(distinct_rows(sample).first)]
    if len(sample) <= _NEIGHBORS:
        return outliers
    tree = KDTree(sample)
    spacing = _neighbor_distance(tree, sample)
    limit = factor * np.median(spacing)
    core = sample[spacing <= limit]
    if not len(core):
        return outliers
    outside = ((points < core.min(axis=0)) | (points > core.max(axis=0))).any(axis=1)
    outliers[outside] = _neighbor_distance(tree, points[outside]) > limit
    return outliers


def _neighbor_distance(tree: "KDTree", points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance to the 8th other point, for points of the tree."""
    return tree.query(points, k=_NEIGHBORS + 1)[0][:, -1]


def _narrow(result: Any, like: Any) -> Any:
    return result.astype(like.dtype) if isinstance(like, np.ndarray) else result.to(like.dtype)
