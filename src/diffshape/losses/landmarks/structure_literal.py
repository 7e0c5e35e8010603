"""The structure terms of the MAHT-Net loss document, word for word, to compare with.

    order       mean over neighbours of (y_i - y_{i+1})+, y of the centroids and of the end edge's middle, in pixels
    parallel    mean of 1 - |cos| of the angle between the end-plates of a vertebra, norms + 1e-6
    ratio       mean of (w / h - 4)+ + (1/2 - w / h)+, and half the consistency: mean |w_{i+1} - w_i| / mean w, and of h

What is wrong with them: the absolute cosine accepts a vertebra with its corners swapped, and mirrored ones; bodies may
overlap as long as their centroids are in order; the order is in pixels beside dimensionless terms; the ratio's limits
are never met; equal sizes are pulled for on true annotations; a hidden landmark has no mask; S1 may turn or grow
unseen. Source: mohamednourdine/spondylolisthesis-maht-net, docs/architecture/06_loss_functions.md.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.losses.reduction import mean_of_each
from diffshape.ops.landmarks.skeleton import Skeleton
from diffshape.ops.landmarks.spine_geometry import read_spine

TINY = 1e-6


def literal_structure_terms(
    landmarks: Float[Tensor, "*b k 2"], skeleton: Skeleton, reduce: Callable[[Float[Tensor, "*b n"]], Tensor]
) -> dict[str, Tensor]:
    """The parts, each reduced over what a spine has of it; "consistency" with the half it has inside the ratio term."""
    spine = read_spine(landmarks, skeleton, None)
    count = len(skeleton.quadrilaterals)
    centers = spine.middles[..., : 2 * count, 1].unflatten(-1, (count, 2)).mean(-1)
    heights = torch.cat([centers, spine.middles[..., 2 * count :, 1]], dim=-1)
    plates = spine.plates[..., : 2 * count, :].unflatten(-2, (count, 2))
    upper, lower = (plates / (torch.linalg.vector_norm(plates, dim=-1, keepdim=True) + TINY)).unbind(-2)
    ratio = spine.widths / (spine.heights + TINY)
    return {
        "order": reduce((heights[..., :-1] - heights[..., 1:]).relu()),
        "parallel": reduce(1 - (upper * lower).sum(-1).abs()),
        "ratio": reduce((ratio - 4).relu() + (0.5 - ratio).relu()),
        "consistency": (reduce(_relative_steps(spine.widths)) + reduce(_relative_steps(spine.heights))) / 2,
    }


def _relative_steps(lengths: Float[Tensor, "*b q"]) -> Float[Tensor, "*b 1"]:
    """Mean step between neighbours over the mean length of each spine."""
    steps = mean_of_each((lengths[..., 1:] - lengths[..., :-1]).abs(), None)
    return (steps / (lengths.mean(-1) + TINY))[..., None]
