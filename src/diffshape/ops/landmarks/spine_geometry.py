"""Lengths, directions and gaps of a spine of landmarks: what the structure loss, its limits and its metrics measure."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.ops.checks import widened
from diffshape.ops.landmarks.skeleton import Skeleton

SHORTEST = 0.01
"""Length, as a share of the mean height, below which an edge has no direction or logarithm that can be trusted."""


class Spine(NamedTuple):
    """Spines: rows are the R end-plates from top to bottom, two for each of Q vertebrae, then an end edge if any."""

    middles: Float[Tensor, "*b r 2"]
    plates: Float[Tensor, "*b r 2"]
    """Vectors along each row, left to right."""
    sides: Float[Tensor, "*b q 2 2"]
    """Vectors down the left and the right side of each vertebra."""
    real_rows: Bool[Tensor, "*b r"]
    real_bodies: Bool[Tensor, "*b q"]

    @property
    def widths(self) -> Float[Tensor, "*b q"]:
        """Mean length of both end-plates of each vertebra."""
        plates = self.plates[..., : 2 * self.sides.shape[-3], :].unflatten(-2, (-1, 2))
        return torch.linalg.vector_norm(plates, dim=-1).mean(-1)

    @property
    def heights(self) -> Float[Tensor, "*b q"]:
        """Mean length of both sides of each vertebra."""
        return torch.linalg.vector_norm(self.sides, dim=-1).mean(-1)


class SpineFrame(NamedTuple):
    """The scale and the directions a spine is measured in; constants."""

    size: Float[Tensor, "*b"]
    """Mean height of the vertebrae."""
    across: Float[Tensor, "*b r 2"]
    """Unit vectors to the right along each row."""
    down_body: Float[Tensor, "*b q 2"]
    """Unit vectors down each vertebra, at right angles to the mean of its end-plates."""
    down_gap: Float[Tensor, "*b r-1 2"]
    """Unit vectors down the gap between each row and the next."""


def read_spine(landmarks: Float[Tensor, "*b k 2"], skeleton: Skeleton, mask: Bool[Tensor, "*b k"] | None) -> Spine:
    """The rows and sides of checked landmarks; 0 where a landmark is masked."""
    landmarks = widened(landmarks)
    if mask is None:
        mask = torch.ones(landmarks.shape[:-1], dtype=torch.bool, device=landmarks.device)
    landmarks = torch.where(mask[..., None], landmarks, 0)
    rows = torch.tensor(skeleton.rows, device=landmarks.device)
    bodies = torch.tensor(skeleton.quadrilaterals, device=landmarks.device)
    left, right = landmarks[..., rows[:, 0], :], landmarks[..., rows[:, 1], :]
    return Spine(
        middles=(left + right) / 2,
        plates=right - left,
        sides=landmarks[..., bodies[:, 2:], :] - landmarks[..., bodies[:, :2], :],
        real_rows=mask[..., rows].all(-1),
        real_bodies=mask[..., bodies].all(-1),
    )


def frame_of(spine: Spine, *, trusted: bool) -> SpineFrame:
    """The scale and directions of a spine: a true one at any angle, or a predicted one within 90 degrees of upright.

    Right is the mean direction of all end-plates of a true spine (``trusted``), and the right of the image for a
    predicted one. An end-plate that points to the left is turned around, so that a mirrored vertebra is measured in the
    same directions as its neighbours.
    """
    spine = Spine(*(each.detach() for each in spine))
    unit = _unit(spine.plates)
    right = spine.plates.new_tensor([1.0, 0.0]).expand(*spine.plates.shape[:-2], 1, 2)
    if trusted:
        right = _unit(torch.where(spine.real_rows[..., None], unit, 0).sum(-2, keepdim=True), right)
    forward = (unit * right).sum(-1, keepdim=True) >= 0
    across = torch.where(forward, unit, -unit)
    across = torch.where(spine.real_rows[..., None] & (unit != 0).any(-1, keepdim=True), across, right)
    bodies = across[..., : 2 * spine.sides.shape[-3], :].unflatten(-2, (-1, 2)).sum(-2)
    return SpineFrame(
        size=_mean_height(spine),
        across=across,
        down_body=_quarter_turn(_unit(bodies, right)),
        down_gap=_quarter_turn(_unit(across[..., 1:, :] + across[..., :-1, :], right)),
    )


def angles_between(first: Float[Tensor, "*b 2"], second: Float[Tensor, "*b 2"]) -> Float[Tensor, "*b"]:
    """Signed angle in radians from one vector to another that is not 0, -pi to pi."""
    first, second = _about_one_long(first), _about_one_long(second)
    cross = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    return torch.atan2(cross, (first * second).sum(-1))


def log_ratios(
    lengths: Float[Tensor, "*b n"], others: Float[Tensor, "*b n"], size: Float[Tensor, "*b"]
) -> Float[Tensor, "*b n"]:
    """ln(length / other), both at least ``SHORTEST`` of the size."""
    shortest = SHORTEST * size[..., None]
    return torch.maximum(lengths, shortest).log() - torch.maximum(others, shortest).log()


def _mean_height(spine: Spine) -> Tensor:
    """Mean height of the real vertebrae; 1 where there is none or all have height 0, as lengths are divided by it."""
    heights = torch.where(spine.real_bodies, spine.heights, 0).sum(-1) / spine.real_bodies.sum(-1).clamp(min=1)
    return torch.where(heights > 0, heights, 1)


def _unit(vectors: Tensor, otherwise: Tensor | float = 0.0) -> Tensor:
    """Vectors over their lengths; ``otherwise`` for those without a length."""
    lengths = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return torch.where(lengths > 0, vectors / torch.where(lengths > 0, lengths, 1), otherwise)


def _about_one_long(vectors: Tensor) -> Tensor:
    """Vectors over a power of 2, which rounds nothing, so that no product of two is lost below the smallest number."""
    longest = vectors.detach().abs().amax(-1, keepdim=True)
    highest = math.frexp(torch.finfo(longest.dtype).max)[1] - 1
    return vectors * torch.ldexp(torch.ones_like(longest), -torch.frexp(longest).exponent.clamp(min=-highest))


def _quarter_turn(right: Tensor) -> Tensor:
    """Vectors turned by 90 degrees, from right to down; y points down."""
    return torch.stack([-right[..., 1], right[..., 0]], dim=-1)
