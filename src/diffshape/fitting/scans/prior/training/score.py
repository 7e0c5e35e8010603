"""How well a prior cleans crops of drawn scans that it was not trained on, by the noise of the scan."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import normalize

from diffshape._scores import plain_values
from diffshape.fitting.scans.prior.training.drawn_crops import INNER_POINTS, DrawnCrop
from diffshape.ops.neighbors.estimate_normals import estimate_normals
from diffshape.ops.neighbors.index import NeighborIndex
from diffshape.ops.orientation.point_areas import AREA_NEIGHBORS, point_areas, spacing_of

BANDS = {"0": 0.0, "< 0.15": 0.15, "0.15 to 0.6": 0.6, "0.6 to 1.2": 1.2, "> 1.2": torch.inf}
"""Upper ends of the bands of noise, in distances between neighbouring points, by what a table calls them."""
RAW_NORMALS = 16
"""Number of points of the planes that give the normals of a scan that is not cleaned."""


class CleanedPoints(Protocol):
    """What a cleaner gives for the points of a scan, row for row."""

    @property
    def points(self) -> Float[Tensor, "n 3"]:
        """Cleaned points."""
        ...

    @property
    def normals(self) -> Float[Tensor, "n 3"]:
        """Unit normals, of either side."""
        ...

    @property
    def outliers(self) -> Bool[Tensor, "n"]:
        """Points that belong to no surface."""
        ...


class CropScore(NamedTuple):
    """Score of one crop, or the mean of those of several."""

    raw_distance: float
    """Mean distance of the points of the scan to the true surface, over its noise; over its spacing if it has none."""
    distance: float
    """Mean distance of the cleaned points to the true surface, over the noise or the spacing too."""
    raw_angle: float
    """Mean angle between the true normals and those of planes through neighbours, in degrees, sides left aside."""
    angle: float
    """Mean angle between the true normals and the cleaned ones, in degrees, sides left aside."""
    found: float | None
    """Share of the true outliers that were marked; None where there are none."""
    marked: float
    """Share of the good points that were marked."""


class ScanPriorScore(NamedTuple):
    """Scores of the crops of each band of noise."""

    bands: Mapping[str, CropScore]
    """Mean scores of the crops of a band, by its name; a band without crops is left out."""
    counts: Mapping[str, int]
    """Number of crops of each of these bands."""

    to_dict = plain_values

    def __str__(self) -> str:
        head = ("noise/spacing", "scans", "distance", "cleaned", "normals", "cleaned", "found", "marked")
        rows = [_cells(name, self.counts[name], score) for name, score in self.bands.items()]
        lines = [f"{row[0]:<13}" + "".join(f"{cell:>10}" for cell in row[1:]) for row in (head, *rows)]
        lines.append("distances to the truth in units of the noise, or of the spacing where there is none;")
        lines.append("angles of normals in degrees; shares of outliers that were found, of good points marked")
        return "\n".join(lines)


@torch.no_grad()
def score_scan_prior(clean: Callable[[Tensor], CleanedPoints], crops: Sequence[DrawnCrop]) -> ScanPriorScore:
    """Clean crops and compare with the truth the points about the middle of each, which have all their neighbours.

    Args:
        clean: Function of the points (N, 3) of a scan, float32 on the CPU.
        crops: Crops that nothing was learnt from.
    """
    scores: dict[str, list[CropScore]] = {name: [] for name in BANDS}
    for crop in crops:
        spacing = _spacing(crop)
        name = next(name for name, end in BANDS.items() if crop.noise / spacing <= end)
        scores[name].append(_score(clean(crop.points), crop, crop.noise or spacing))
    bands = {name: _mean(each) for name, each in scores.items() if each}
    return ScanPriorScore(bands, {name: len(scores[name]) for name in bands})


def _score(cleaned: CleanedPoints, crop: DrawnCrop, unit: float) -> CropScore:
    inner = slice(INNER_POINTS)
    stray, marked = crop.outliers[inner], cleaned.outliers[inner].cpu()
    raw_normals = estimate_normals(crop.points, k=min(RAW_NORMALS, len(crop.points)))
    truth = NeighborIndex(crop.truth_points)
    raw = _errors(truth, crop, crop.points[inner][~stray], raw_normals[inner][~stray])
    found = _errors(truth, crop, cleaned.points[inner].cpu()[~stray], cleaned.normals[inner].cpu()[~stray])
    return CropScore(
        raw_distance=raw[0] / unit,
        distance=found[0] / unit,
        raw_angle=raw[1],
        angle=found[1],
        found=float(marked[stray].float().mean()) if stray.any() else None,
        marked=float(marked[~stray].float().mean()),
    )


def _errors(
    truth: NeighborIndex, crop: DrawnCrop, points: Float[Tensor, "n 3"], normals: Float[Tensor, "n 3"]
) -> tuple[float, float]:
    """Mean distance to the tangent plane at the nearest true point, and mean angle to its normal in degrees."""
    nearest = truth.query(points).indices
    true_normals = crop.truth_normals[nearest]
    distances = ((points - crop.truth_points[nearest]) * true_normals).sum(dim=1).abs()
    cosines = (normalize(normals, dim=1) * true_normals).sum(dim=1).abs()
    return float(distances.mean()), float(cosines.clamp(max=1).acos().rad2deg().mean())


def _spacing(crop: DrawnCrop) -> float:
    """Distance between the points on the surface, where their noise does not spread them."""
    nearest = NeighborIndex(crop.truth_points).query(crop.points[~crop.outliers]).indices
    feet = crop.truth_points[nearest]
    return spacing_of(point_areas(NeighborIndex(feet).query(feet, AREA_NEIGHBORS + 1).squared_distances))


def _mean(scores: Sequence[CropScore]) -> CropScore:
    columns = [[value for value in column if value is not None] for column in zip(*scores)]
    return CropScore(*(sum(column) / len(column) if column else None for column in columns))  # type: ignore[arg-type]


def _cells(name: str, count: int, score: CropScore) -> tuple[str, ...]:
    found = "-" if score.found is None else f"{score.found:.0%}"
    distances = (f"{score.raw_distance:.3f}", f"{score.distance:.3f}")
    angles = (f"{score.raw_angle:.2f}", f"{score.angle:.2f}")
    return (name, str(count), *distances, *angles, found, f"{score.marked:.1%}")
