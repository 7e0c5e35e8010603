"""How well the normals of two surfaces agree where the surfaces are nearest to one another."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from diffshape import ops
from diffshape._arguments import checked
from diffshape.ops.checks import coordinate_limit, require_finite, widened


@torch.no_grad()
@checked
def normal_consistency(
    pred: Float[Tensor, "*b n 3"],
    truth: Float[Tensor, "*b m 3"],
    pred_normals: Float[Tensor, "*b n 3"],
    truth_normals: Float[Tensor, "*b m 3"],
    *,
    signed: bool = False,
) -> Float[Tensor, "*b"]:
    """(mean over p of |n_p . n_t(p)| + mean over t of |n_t . n_p(t)|) / 2 with the nearest point on the other side.

    A score, 1 being best, and not the loss that some libraries call by the same name: the angles between adjacent faces
    of one mesh are `diffshape.losses.adjacent_normal_loss`.

    Args:
        pred: Points of the prediction, shape (B, N, 3) or (N, 3), N >= 1.
        truth: Points of the truth, shape (B, M, 3) or (M, 3), M >= 1, same unit, dtype and device.
        pred_normals: Normals of ``pred``, same shape, of any length; one of length 0 scores 0.
        truth_normals: Normals of ``truth``, same shape, of any length.
        signed: Leave out the absolute values, so that normals that point the wrong way cost.

    Returns:
        One score a sample, shape (B,) or scalar; 0 to 1, or -1 to 1 if ``signed``. Random directions score 1/2, or 0 if
        ``signed``.

    Raises:
        ValueError: Shapes, dtypes or devices disagree, a side is empty, or a coordinate is not finite.

    Source: Mescheder et al., Occupancy Networks, CVPR 2019 (there with 100,000 points a side).

    >>> x, up = torch.tensor([[0.0, 0, 0], [1, 0, 0]]), torch.tensor([[0.0, 0, 1], [0, 0, 1]])
    >>> normal_consistency(x, x, up, -up), normal_consistency(x, x, up, -up, signed=True)
    (tensor(1.), tensor(-1.))
    """
    pred, truth, pred_normals, truth_normals = map(widened, (pred, truth, pred_normals, truth_normals))
    for name, normals, points in (("pred_normals", pred_normals, pred), ("truth_normals", truth_normals, truth)):
        if normals.shape != points.shape or normals.dtype != points.dtype or normals.device != points.device:
            raise ValueError(
                f"normal_consistency: {name} must be {points.dtype} of shape {tuple(points.shape)} on {points.device} "
                f"like its points, got {normals.dtype} of shape {tuple(normals.shape)} on {normals.device}"
            )
    for name, points in (("pred", pred), ("truth", truth)):
        require_finite("normal_consistency", name, points, coordinate_limit(points.dtype, 3))
    there, back = ops.nearest_neighbors(pred, truth).indices, ops.nearest_neighbors(truth, pred).indices
    one_side = _mean_cosine(pred_normals, truth_normals, there, signed)
    return (one_side + _mean_cosine(truth_normals, pred_normals, back, signed)) / 2


def _mean_cosine(normals: Tensor, others: Tensor, nearest: Tensor, signed: bool) -> Float[Tensor, "*b"]:
    """Mean cosine of the angles between each normal and that of its nearest point."""
    matched = others.gather(-2, nearest[..., None].expand(normals.shape))
    cosines = (normalize(normals, dim=-1) * normalize(matched, dim=-1)).sum(-1)
    return (cosines if signed else cosines.abs()).mean(-1)
