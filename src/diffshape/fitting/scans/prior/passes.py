"""The passes of the prior over a whole cloud, in blocks that bound the memory."""

from dataclasses import dataclass, replace
from functools import cached_property, partial

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape._notices import tell
from diffshape._reprs import one_line
from diffshape.fitting.scans.prior.neighbors import NeighborLists
from diffshape.fitting.scans.prior.network import CleaningPass, Estimate, ladder_ranks
from diffshape.fitting.scans.prior.noise import MEDIAN, PLANE, ScanNoise, estimate_noise, relative_noise, shuffled
from diffshape.fitting.scans.prior.scan_prior import ScanPrior
from diffshape.ops.blocks import work_on_blocks
from diffshape.ops.neighborhoods.definition import LEAST, Neighborhoods, SmoothedCloud
from diffshape.ops.neighborhoods.frames import plane_normals
from diffshape.ops.neighborhoods.see import see_neighborhoods

MOST_NOISE = 1.6
"""Largest noise, in distances between points, at which all of them may be neighbours. At 2 a scan thinned to that came
out a tenth nearer to the truth, at 1.7 as near as a whole one; one thinned to 1.2 a tenth farther away."""
BLOCK = 256
"""Number of neighbourhoods that are looked at at a time; what they take then stays in the cache."""
MOVED = 1 << 18
"""Number of points whose moves are told at a time."""
TOLD_FROM = 200_000
"""Number of points from which on every pass is told of, as it takes long."""


@dataclass
class Smoothing:
    """A scan between two passes."""

    cloud: SmoothedCloud
    """The points as far as they have been smoothed."""
    level: ScanNoise
    """Typical noise of the scan, and distance between its points."""
    moves: Float[Tensor, "n"] | None = None
    """Distances that the points were moved along their normals; None before the first pass, and where the noise was
    given."""

    __repr__ = one_line

    def noise_at(self, neighbors: Int[Tensor, "b k"]) -> Float[Tensor, "b"]:
        """Noise around points with these neighbours."""
        if self.moves is None:
            return self.level.noise.expand(len(neighbors))
        return self.level.noise * relative_noise(self.moves, self.typical_move, neighbors)

    def moved_noise(self) -> Float[Tensor, ""]:
        """Noise by the median of the moves; that of the scan where it was given."""
        return self.level.noise if self.moves is None else self.typical_move / MEDIAN

    @cached_property
    def typical_move(self) -> Float[Tensor, ""]:
        """The median of the moves."""
        assert self.moves is not None
        return self.moves.median()


def smoothed(
    prior: ScanPrior, points: Float[Tensor, "n 3"], noise: float | None, *, passes: int | None = None
) -> Smoothing:
    """A scan after the first ``passes`` or all, with the noise that is given or else estimated."""
    level = estimate_noise(points)
    if noise is not None:
        level = level._replace(noise=points.new_tensor(noise))
    support = support_of(points, level)
    lists = NeighborLists(points, prior.config.neighbors, support)
    scan = begin(points, lists, level)
    chosen = list(prior.passes)[:passes]
    for number, network in enumerate(chosen):
        if len(points) >= TOLD_FROM:
            tell(f"cleaning {len(points):,} points, pass {number + 1} of {len(chosen)}")
        if number == 1:  # from here on from where the first pass put the points, on their sheet of a thin wall
            del lists  # two of them are too large for the memory of 10 million points
            lists = NeighborLists(scan.cloud.points, prior.config.neighbors, support)
        scan = after_pass(network, scan, lists, estimating=noise is None)
    return scan


def support_of(points: Float[Tensor, "n 3"], level: ScanNoise) -> Int[Tensor, "m"] | None:
    """Points that may be neighbours: None if all may, or so few that the prior has seen scans with as much noise."""
    ratio = float(level.noise / level.spacing)
    if ratio <= MOST_NOISE:
        return None
    kept = max(1, int(len(points) * (MOST_NOISE / ratio) ** 2))
    return shuffled(len(points), points.device)[:kept].sort().values


def begin(points: Float[Tensor, "n 3"], lists: NeighborLists, level: ScanNoise) -> Smoothing:
    """The scan before the first pass: points where they were measured, planes through their neighbours."""
    normals, errors = torch.empty_like(points), torch.log(level.noise + LEAST).repeat(len(points))
    for rows, neighbors in lists.blocks():
        normals[rows] = plane_normals(points[neighbors[:, :PLANE].long()] - points[rows, None])
    return Smoothing(SmoothedCloud(points, points, normals, errors, torch.zeros_like(errors)), level)


@torch.no_grad()
def after_pass(network: CleaningPass, scan: Smoothing, lists: NeighborLists, *, estimating: bool) -> Smoothing:
    """The scan as a pass leaves it, ``estimating`` how its noise varies or not."""
    ladder = ladder_of(lists, scan.cloud.points.device)
    after = SmoothedCloud(scan.cloud.raw, *map(torch.empty_like, scan.cloud[1:]))
    for rows, neighbors in lists.blocks():
        parts = list(zip(rows.split(BLOCK), neighbors.split(BLOCK), scan.noise_at(neighbors).split(BLOCK)))
        work_on_blocks(partial(_look, network, scan.cloud, after, ladder, parts), len(parts), rows.device)
    if not estimating:
        return replace(scan, cloud=after)
    moves = torch.empty_like(after.log_error)
    parts = (each.split(MOVED) for each in (moves, after.raw, after.points, after.normals))
    for move, raw, point, normal in zip(*parts):
        move.copy_(((raw - point) * normal).sum(-1).abs_())
    return replace(scan, cloud=after, moves=moves)


def _look(
    network: CleaningPass,
    before: SmoothedCloud,
    after: SmoothedCloud,
    ladder: Int[Tensor, "l"],
    parts: list[tuple[Tensor, Tensor, Tensor]],
    part: int,
) -> None:
    """Write what the network finds out about a part of the points."""
    rows, neighbors, noise = parts[part]
    seen = see_neighborhoods(before, rows, neighbors, noise, ladder)
    estimate = network(seen, ladder)
    after.points[rows], after.normals[rows] = placed(before.points[rows], seen, estimate)
    after.log_error[rows], after.outlier[rows] = estimate.log_error + torch.log(seen.radius), estimate.outlier


def placed(points: Float[Tensor, "n 3"], seen: Neighborhoods, estimate: Estimate) -> tuple[Tensor, Tensor]:
    """Points on the estimated surface and its normals there, in the frame of the scan."""
    moved = points + (estimate.offset * seen.radius)[:, None] * seen.frames[:, 2]
    return moved, (estimate.normal[:, None] @ seen.frames)[:, 0]


def ladder_of(lists: NeighborLists, device: torch.device) -> Int[Tensor, "l"]:
    """Ranks of the neighbours that a pass looks at most closely."""
    return torch.tensor(ladder_ranks(lists.count), device=device)
