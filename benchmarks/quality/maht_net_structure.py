"""The structure terms of the MAHT-Net loss document, word for word, to compare ``losses.structure_loss`` with.

    order       mean over neighbours of (y_i - y_{i+1})+, y of the centroids and of the end edge's middle, in pixels
    parallel    mean of 1 - |cos| of the angle between the end-plates of a vertebra, norms + 1e-6
    ratio       mean of (w / h - 4)+ + (1/2 - w / h)+, and half the consistency: mean |w_{i+1} - w_i| / mean w, and of h

What is wrong with them: the absolute cosine accepts a vertebra with its corners swapped, and mirrored ones; bodies may
overlap as long as their centroids are in order; the order is in pixels beside dimensionless terms; the ratio's limits
are never met; equal sizes are pulled for on true annotations; a hidden landmark has no mask; S1 may turn or grow
unseen. Source: mohamednourdine/spondylolisthesis-maht-net/docs/architecture/06_loss_functions.md.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.losses import LossTerms, Skeleton
from diffshape.ops.landmarks.spine_geometry import read_spine

WEIGHTS = {"order": 1.0, "parallel": 0.1, "ratio": 0.1, "consistency": 0.1}
"""Weights of the document; the consistency is a part of its ratio term."""
TINY = 1e-6


def maht_net_structure(landmarks: Float[Tensor, "*b k 2"], skeleton: Skeleton) -> LossTerms:
    """The weighted total and its parts, each a mean over the batch; "consistency" with the half it has in the ratio."""
    spine = read_spine(landmarks, skeleton, None)
    count = len(skeleton.quadrilaterals)
    centers = spine.middles[..., : 2 * count, 1].unflatten(-1, (count, 2)).mean(-1)
    heights = torch.cat([centers, spine.middles[..., 2 * count :, 1]], dim=-1)
    plates = spine.plates[..., : 2 * count, :].unflatten(-2, (count, 2))
    upper, lower = (plates / (torch.linalg.vector_norm(plates, dim=-1, keepdim=True) + TINY)).unbind(-2)
    ratio = spine.widths / (spine.heights + TINY)
    parts = {
        "order": _mean((heights[..., :-1] - heights[..., 1:]).relu()),
        "parallel": _mean(1 - (upper * lower).sum(-1).abs()),
        "ratio": _mean((ratio - 4).relu() + (0.5 - ratio).relu()),
        "consistency": (_relative_steps(spine.widths) + _relative_steps(spine.heights)) / 2,
    }
    return LossTerms(sum((WEIGHTS[name] * part for name, part in parts.items()), landmarks.new_zeros(())), parts)


def _relative_steps(lengths: Float[Tensor, "*b q"]) -> Tensor:
    return _mean(_mean_last((lengths[..., 1:] - lengths[..., :-1]).abs()) / (lengths.mean(-1) + TINY))


def _mean_last(values: Tensor) -> Tensor:
    return values.sum(-1) / max(values.shape[-1], 1)


def _mean(values: Tensor) -> Tensor:
    return values.sum() / max(values.numel(), 1)
