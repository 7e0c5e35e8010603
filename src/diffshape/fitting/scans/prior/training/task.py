"""The training of the scan prior: pass after pass, each on what the ones before it left of all scans."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from diffshape.fitting.scans.prior.neighbors import NeighborLists
from diffshape.fitting.scans.prior.network import Estimate
from diffshape.fitting.scans.prior.noise import ScanNoise, estimate_noise
from diffshape.fitting.scans.prior.passes import Smoothing, after_pass, begin, ladder_of, placed
from diffshape.fitting.scans.prior.scan_prior import ScanPrior
from diffshape.fitting.scans.prior.training.drawn_crops import INNER_POINTS, DrawnCrop
from diffshape.losses import LossTerms
from diffshape.ops.neighborhoods.definition import Neighborhoods, SmoothedCloud
from diffshape.ops.neighborhoods.see import see_neighborhoods
from diffshape.ops.neighbors.index import NeighborIndex
from diffshape.training.models.task import ModelTask
from diffshape.training.parallel import own_part
from diffshape.training.schedule import Schedule, WarmupCosine
from diffshape.training.update import Adam

SCANS_EACH = 16
"""Number of scans that the points of a batch are from."""
TOLERANCE = 0.04
"""Length that counts like the noise, in radii of the neighbourhood: about a fifth of the distance between points."""
MOST = 6.0
"""Largest error of a point, in units of noise and tolerance, that a step tries to lower."""
ERROR_WEIGHT = 0.1
"""Weight of how well the error is told."""
OUTLIER_WEIGHT = 0.1
"""Weight of how well outliers are told."""
MISJUDGED = 0.2
"""Standard deviation of the logarithm of the factor by which the noise of each scan is misjudged: a network that was
told it exactly took detail for noise where it was a tenth too large."""
TOLD_NOISE = 4
"""Number of scans of which one is told its noise, as by a user, and must not estimate how it varies."""


class Lesson(NamedTuple):
    """Points of all scans that a pass learns from, and what is true of them; N points of a cloud of all scans."""

    cloud: SmoothedCloud
    """All scans one after the other, as the pass before left them."""
    rows: Int[Tensor, "n"]
    """Places of the points in it."""
    neighbors: Int[Tensor, "n k"]
    """Places of their neighbours."""
    noise: Float[Tensor, "n"]
    """Estimated noise around each."""
    unit: Float[Tensor, "n"]
    """True noise of the scan that each is of."""
    truth: Float[Tensor, "n 3"]
    """Nearest points of the true surfaces."""
    normals: Float[Tensor, "n 3"]
    """True unit normals there."""
    outliers: Bool[Tensor, "n"]
    """Points that belong to no surface."""
    starts: Int[Tensor, "c"]
    """Number of the first of these points of each scan, and the number of all."""


class ScanPriorTask(ModelTask[ScanPrior]):
    """Training of a prior on crops of drawn scans.

    An equal share of the budget goes to each pass. When one begins, all scans are put through the pass before it, whose
    weights stay as they are from then on.
    """

    def __init__(self, prior: ScanPrior, crops: Sequence[DrawnCrop], *, seed: int) -> None:
        super().__init__(torch.stack([crop.points.mean(dim=0) for crop in crops]), seed=seed)
        self.prior, self._crops = prior, crops
        self.modules = {f"pass_{number}": network for number, network in enumerate(prior.passes, 1)}
        self._device = next(prior.parameters()).device
        self._stage, self._scans, self._anchors = -1, [], [crop.points.to(self._device) for crop in crops]

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective on points of some scans, for the pass whose turn it is."""
        passes = len(self.prior.passes)
        while self._stage < min(int(progress * passes), passes - 1):
            self._begin_pass()
        lesson, drawn = self._lesson, own_part(self._draw())
        seen = see_neighborhoods(
            lesson.cloud, lesson.rows[drawn], lesson.neighbors[drawn], lesson.noise[drawn], self._ladder
        )
        estimate = self.prior.passes[self._stage](seen, self._ladder)
        points, normals = placed(lesson.cloud.points[lesson.rows[drawn]], seen, estimate)
        return _objective(points, normals, seen, estimate, lesson, drawn)

    def optimizer(self) -> Adam:
        """Adam with a little weight decay."""
        return Adam(lr=self.prior.config.lr, weight_decay=1e-4)

    def schedule(self) -> Schedule:
        """For each pass anew a short warm-up, then half a cosine down to 0."""
        passes, fall = len(self.prior.passes), WarmupCosine()
        return lambda progress: fall((progress * passes) % 1)

    def trained(self) -> ScanPrior:
        """The prior as it stands."""
        return self.prior.eval()

    def _draw(self) -> Int[Tensor, "b"]:
        """Points of some scans, as many of each."""
        starts = self._lesson.starts
        scans = torch.randint(len(starts) - 1, (SCANS_EACH, 1), generator=self.generator)
        first, counts = starts[scans], starts[scans + 1] - starts[scans]
        each = -(-self.prior.config.batch // SCANS_EACH)
        within = (torch.rand(SCANS_EACH, each, generator=self.generator) * counts).long()
        return (first + within).flatten()[: self.prior.config.batch].to(self._device)

    def _begin_pass(self) -> None:
        """Put all scans through the pass before, and lay out what the next one learns from."""
        self._stage += 1
        parts, start = [], 0
        for number, crop in enumerate(self._crops):
            nearest = NeighborLists(self._anchors[number], self.prior.config.neighbors)
            if self._stage == 0:
                points = self._anchors[number]
                self._scans.append(begin(points, nearest, _misjudged(estimate_noise(points), number)))
            else:
                network, estimating = self.prior.passes[self._stage - 1], number % TOLD_NOISE > 0
                self._scans[number] = after_pass(network, self._scans[number], nearest, estimating=estimating)
            if self._stage == 1:
                self._anchors[number] = self._scans[number].cloud.points
                nearest = NeighborLists(self._anchors[number], self.prior.config.neighbors)
            parts.append(_lesson_of(crop, self._scans[number], nearest, start))
            start += len(crop.points)
            self._ladder = ladder_of(nearest, self._device)
        counts = torch.tensor([0, *(len(part.rows) for part in parts)])
        cloud = SmoothedCloud(*map(torch.cat, zip(*(scan.cloud for scan in self._scans))))
        rest = map(torch.cat, zip(*(part[1:-1] for part in parts)))
        self._lesson = Lesson(cloud, *rest, starts=counts.cumsum(0))  # type: ignore[misc]


def _misjudged(level: ScanNoise, number: int) -> ScanNoise:
    """The noise of a scan, too small or too large by a factor that its number tells."""
    generator = torch.Generator().manual_seed(number)
    return level._replace(noise=level.noise * float(torch.exp(MISJUDGED * torch.randn((), generator=generator))))


def _lesson_of(crop: DrawnCrop, scan: Smoothing, nearest: NeighborLists, start: int) -> Lesson:
    """The inner points of a crop, whose rows begin at ``start`` in the cloud of all scans."""
    rows, neighbors = next(iter(nearest.blocks()))
    rows, neighbors = rows[:INNER_POINTS], neighbors[:INNER_POINTS]
    points = scan.cloud.points
    found = NeighborIndex(crop.truth_points.to(points)).query(points[rows]).indices
    noise = scan.noise_at(neighbors)
    return Lesson(
        cloud=scan.cloud,
        rows=rows + start,
        neighbors=neighbors + start,
        noise=noise,
        unit=torch.full_like(noise, crop.noise),
        truth=crop.truth_points.to(points)[found],
        normals=crop.truth_normals.to(points)[found],
        outliers=crop.outliers.to(points.device)[:INNER_POINTS],
        starts=torch.tensor([]),
    )


def _objective(
    points: Tensor, normals: Tensor, seen: Neighborhoods, estimate: Estimate, lesson: Lesson, drawn: Tensor
) -> LossTerms:
    """Distances to the true surface in units of the noise, sines of the angles to its normals; both left out for
    outliers, and how well error and outliers are told."""
    good, truth = ~lesson.outliers[drawn], lesson.normals[drawn]
    unit = lesson.unit[drawn] + TOLERANCE * seen.radius
    distances = ((points - lesson.truth[drawn]) * truth).sum(dim=1).abs()
    sines = torch.linalg.cross(normals, truth).norm(dim=1)
    log_error = estimate.log_error + torch.log(seen.radius)
    told = distances.detach() / torch.exp(log_error) + log_error - torch.log(unit)
    point, normal, error = (
        torch.where(good, each, 0).mean() for each in ((distances / unit).clamp(max=MOST), sines, told.clamp(max=20))
    )
    outlier = binary_cross_entropy_with_logits(estimate.outlier, (~good).to(points))
    total = point + normal + ERROR_WEIGHT * error + OUTLIER_WEIGHT * outlier
    return LossTerms(total, {"point": point, "normal": normal, "error": error, "outlier": outlier})
