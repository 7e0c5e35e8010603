"""F1 of the sign of a signed distance: does a field know inside from outside?"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import check_mask, check_same_shape


@checked
def sign_f1(
    pred: Float[Tensor, "*b n"],
    truth: Float[Tensor, "*b n"],
    *,
    level: float = 0.0,
    mask: Bool[Tensor, "*b n"] | None = None,
) -> Float[Tensor, "*b"]:
    """2 TP / (2 TP + FP + FN) over the points of each sample; inside, value < level, is the positive class.

    Args:
        pred: Predicted signed distances, shape (..., N), negative inside.
        truth: True ones, same shape.
        level: Value of the surface, in the unit of the distances; a point exactly on it is outside.
        mask: True where a point is real, same shape.

    Returns:
        One number a sample, 0 to 1, shape (...,), float64; 1 where neither has a point inside (a convention), NaN
        where a real value is NaN.

    Raises:
        ValueError: A shape or the mask's dtype is wrong.

    Points outside that are found outside do not count, so F1 depends on the share that is inside: where that is 2 %, as
    in [-1, 1]^3 around many shapes, 0.1 % of wrong points cost 0.025. Nor does the size of a value count: see
    `compare_fields`.

    >>> sign_f1(torch.tensor([-0.1, -0.2, 0.1, -0.1, 0.3]), torch.tensor([-0.1, -0.1, -0.2, 0.4, 0.5]))
    tensor(0.6667, dtype=torch.float64)
    """
    if pred.ndim < 1:
        raise ValueError("sign_f1: pred must have shape (..., N), got a scalar")
    check_same_shape("sign_f1", "truth", truth, pred.shape, "pred")
    check_mask("sign_f1", mask, pred.shape, "pred")
    found, real, unknown = pred < level, truth < level, pred.isnan() | truth.isnan()
    if mask is not None:
        found, real, unknown = found & mask, real & mask, unknown & mask
    hits, positives = ((found & real).sum(-1).double(), found.sum(-1) + real.sum(-1))  # the latter: 2 TP + FP + FN
    scores = torch.where(positives > 0, 2 * hits / positives.clamp(min=1), 1)
    return torch.where(unknown.any(-1), torch.nan, scores)
