"""The anatomy of a spine as a loss: vertebrae in order, upright, their end-plates parallel, their sizes alike.

Every term is a hinge that is 0 inside limits a healthy or a diseased spine keeps; h is the mean vertebral height, all
directions are local, along and at right angles to the end-plates, so that a vertebra that slips along its neighbour's
end-plate (spondylolisthesis) costs nothing.

    order          (gap - d / h)+, d how far the middle of each end-plate lies below that of the one above
    orientation    (edge - e / h)+, e how far each end-plate runs to the right, and each side of a vertebra down
    parallel       (|angle| - limit)+ in radians, of the end-plates of a vertebra, and of the last with the end edge
    ratio          (ln(w / h_i) - ln high)+ + (ln low - ln(w / h_i))+ of each vertebra's width and height
    consistency    (|ln(w_{i+1} / w_i)| - ln step)+ of the widths and the heights of neighbours, with the end edge

The scale h and the directions are constants for the gradient.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.landmarks.spine_limits import StructureLimits
from diffshape.losses.reduction import Reduction, mean_of_each, reduce_elements
from diffshape.losses.terms import LossTerms
from diffshape.ops.checks import coordinate_limit, finite, widened
from diffshape.ops.landmarks.skeleton import Skeleton, check_landmarks
from diffshape.ops.landmarks.spine_geometry import (
    SHORTEST,
    Spine,
    SpineFrame,
    angles_between,
    frame_of,
    log_ratios,
    read_spine,
)

Hinges = tuple[Float[Tensor, "*b n"], Bool[Tensor, "*b n"]]
"""The values of a term's hinges, and which of them are real."""


@checked
def structure_loss(
    landmarks: Float[Tensor, "*b k 2"],
    skeleton: Skeleton,
    *,
    order_weight: float = 1.0,
    orientation_weight: float = 1.0,
    parallel_weight: float = 1.0,
    ratio_weight: float = 0.5,
    limits: StructureLimits | None = None,
    reference: Float[Tensor, "*b k 2"] | None = None,
    mask: Bool[Tensor, "*b k"] | None = None,
    reduction: Reduction = "mean",
) -> LossTerms:
    """How far landmarks are from being a spine: weighted hinges that are 0 inside limits a real spine keeps.

    With h the mean vertebral height and all directions local, along and at right angles to the end-plates:

        order          (gap - d / h)+, d how far the middle of each end-plate lies below that of the one above
        orientation    (edge - e / h)+, e how far each end-plate runs to the right, and each side of a vertebra down
        parallel       (|angle| - limit)+ in radians, of the end-plates of a vertebra, and of the last with the end edge
        ratio          (ln(w / h_i) - ln high)+ + (ln low - ln(w / h_i))+ of each vertebra's width and height
        consistency    (|ln(w_{i+1} / w_i)| - ln step)+ of the widths and the heights of neighbours, with the end edge

    Args:
        landmarks: (x, y) with y down, in any unit, shape (..., K, 2).
        skeleton: Which landmark is what. Where images of several kinds share a batch, take the largest skeleton and
            mask what an image does not have.
        order_weight: Factor of the term "order".
        orientation_weight: Factor of the term "orientation".
        parallel_weight: Factor of the term "parallel".
        ratio_weight: Factor of the terms "ratio" and "consistency".
        limits: Where the hinges begin, ``StructureLimits()`` if ``None``.
        reference: True landmarks that give scale and directions, same shape and mask; the spine may then lie at any
            angle. If ``None``, the landmarks themselves do, and should stand within 90 degrees of upright.
        mask: True where a landmark is real, shape (..., K). A term counts only where all its landmarks are real.
        reduction: "mean" over all hinges of the batch, each counting alike, however many a spine has; "none" for one
            value a spine, shape (...,), the mean over its own hinges; or "sum" of these.

    Returns:
        ``LossTerms``: the weighted total, and the parts "order", "orientation", "parallel", "ratio" and "consistency",
        without their weights, 0 where nothing is real. No part depends on the unit; turning a spine changes none, given
        a reference.

    Raises:
        ValueError: A shape, a dtype or the reduction is wrong, or a weight or a real landmark is not finite.

    Differentiable. The scale and the directions are constants, so the gradient is not quite that of the value unless
    they come from a ``reference``.

    >>> square = torch.tensor([[0.0, 0.0], [1.5, 0.0], [0.0, 1.0], [1.5, 1.0]])
    >>> spine, skeleton = torch.cat([square, square + torch.tensor([0.6, 1.3])]), Skeleton.anteroposterior(2)
    >>> print(structure_loss(spine, skeleton))
    0 (order 0, orientation 0, parallel 0, ratio 0, consistency 0)
    >>> print(structure_loss(spine * torch.tensor([-1.0, 1.0]), skeleton))  # mirrored: left is right
    0.85 (order 0, orientation 0.85, parallel 0, ratio 0, consistency 0)
    """
    name = "structure_loss"
    check_landmarks(name, landmarks, skeleton, mask)
    weights = {"order": order_weight, "orientation": orientation_weight, "parallel": parallel_weight}
    for part, weight in (weights | {"ratio": ratio_weight}).items():
        if not math.isfinite(weight):
            raise ValueError(f"{name}: {part}_weight must be finite, got {weight}")
    real = torch.ones_like(landmarks[..., 0], dtype=torch.bool) if mask is None else mask
    landmarks = _measurable(name, "landmarks", landmarks, real)
    if reference is not None and reference.shape != landmarks.shape:
        raise ValueError(
            f"{name}: reference must have shape {tuple(landmarks.shape)} like landmarks, got {tuple(reference.shape)}"
        )
    spine = read_spine(landmarks, skeleton, mask)
    if reference is None:
        frame = frame_of(spine, trusted=False)
    else:
        reference = _measurable(name, "reference", reference, real)
        frame = frame_of(read_spine(reference.to(landmarks), skeleton, mask), trusted=True)
    hinges = _hinges(spine, frame, limits or StructureLimits())
    parts = {part: _over_spines(*hinge, reduction) for part, hinge in hinges.items()}
    total = sum(weights.get(part, ratio_weight) * value for part, value in parts.items())
    return LossTerms(torch.as_tensor(total), parts)


def _measurable(name: str, argument: str, landmarks: Tensor, real: Tensor) -> Tensor:
    """The landmarks, 0 where they are not real, or a ValueError where one is not finite or has no square."""
    landmarks = widened(torch.where(real[..., None], landmarks, 0))
    return finite(name, argument, landmarks, coordinate_limit(landmarks.dtype, 2))


def _over_spines(values: Float[Tensor, "*b n"], real: Bool[Tensor, "*b n"], reduction: Reduction) -> Tensor:
    """The hinges of a term as one number, or as one a spine."""
    if reduction == "mean":
        return reduce_elements(values, real, reduction)
    return reduce_elements(mean_of_each(values, real), None, reduction)


def _hinges(spine: Spine, frame: SpineFrame, limits: StructureLimits) -> dict[str, Hinges]:
    return {
        "order": _order(spine, frame, limits),
        "orientation": _orientation(spine, frame, limits),
        "parallel": _parallel(spine, frame, limits),
        "ratio": _ratio(spine, frame, limits),
        "consistency": _consistency(spine, frame, limits),
    }


def _order(spine: Spine, frame: SpineFrame, limits: StructureLimits) -> Hinges:
    down = ((spine.middles[..., 1:, :] - spine.middles[..., :-1, :]) * frame.down_gap).sum(-1)
    both = spine.real_rows[..., 1:] & spine.real_rows[..., :-1]
    return (limits.gap - down / frame.size[..., None]).relu(), both


def _orientation(spine: Spine, frame: SpineFrame, limits: StructureLimits) -> Hinges:
    right = (spine.plates * frame.across).sum(-1)
    down = (spine.sides * frame.down_body[..., None, :]).sum(-1).flatten(-2)
    real = torch.cat([spine.real_rows, spine.real_bodies.repeat_interleave(2, dim=-1)], dim=-1)
    extents = torch.cat([right, down], dim=-1) / frame.size[..., None]
    return (limits.edge - extents).relu(), real


def _parallel(spine: Spine, frame: SpineFrame, limits: StructureLimits) -> Hinges:
    """Rows 0 and 1, 2 and 3, ...: the plates of each vertebra, then its lower one and the end edge."""
    count = spine.sides.shape[-3]
    firsts = [*range(0, 2 * count, 2), *range(2 * count - 1, spine.plates.shape[-2] - 1)]
    first = torch.tensor(firsts, device=spine.plates.device)
    most = spine.plates.new_tensor(
        [math.radians(limits.wedge_degrees)] * count + [math.radians(limits.end_wedge_degrees)] * (len(firsts) - count)
    )
    upper, lower = spine.plates[..., first, :], spine.plates[..., first + 1, :]
    lengths = torch.linalg.vector_norm(torch.stack([upper, lower]).detach(), dim=-1).amin(0)
    real = spine.real_rows[..., first] & spine.real_rows[..., first + 1] & (lengths > SHORTEST * frame.size[..., None])
    right = upper.new_tensor([1.0, 0.0])
    upper, lower = torch.where(real[..., None], upper, right), torch.where(real[..., None], lower, right)
    return (angles_between(upper, lower).abs() - most).relu(), real


def _ratio(spine: Spine, frame: SpineFrame, limits: StructureLimits) -> Hinges:
    low, high = (math.log(limit) for limit in limits.ratio)
    ratios = log_ratios(spine.widths, spine.heights, frame.size)
    return (ratios - high).relu() + (low - ratios).relu(), spine.real_bodies


def _consistency(spine: Spine, frame: SpineFrame, limits: StructureLimits) -> Hinges:
    both = spine.real_bodies[..., 1:] & spine.real_bodies[..., :-1]
    steps = [log_ratios(each[..., 1:], each[..., :-1], frame.size) for each in (spine.widths, spine.heights)]
    real = [both, both]
    if spine.plates.shape[-2] % 2:
        plates = torch.linalg.vector_norm(spine.plates[..., -2:, :], dim=-1)
        steps.append(log_ratios(plates[..., 1:], plates[..., :1], frame.size))
        real.append(spine.real_rows[..., -2:].all(-1, keepdim=True))
    excess = (torch.cat(steps, dim=-1).abs() - math.log(limits.step)).relu()
    return excess, torch.cat(real, dim=-1)
