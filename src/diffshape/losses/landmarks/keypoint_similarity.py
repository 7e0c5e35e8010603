"""Object keypoint similarity (OKS), the score of COCO's keypoint challenge, as a loss."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, check_mask, mean_of_each, read_elements, reduce_elements
from diffshape.ops.checks import kept_when_compiled


@checked
def keypoint_similarity_loss(
    pred: Float[Tensor, "*b k d"],
    target: Float[Tensor, "*b k d"],
    areas: Float[Tensor, "*b"],
    sigmas: Float[Tensor, "k"],
    *,
    mask: Bool[Tensor, "*b k"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """1 - OKS of every object, OKS = mean over its real keypoints of exp(-|pred - target|^2 / (2 A (2 sigma_k)^2)).

    Args:
        pred: Predicted keypoints, shape (..., K, D), usually (B, K, 2) in pixels.
        target: True keypoints, the same shape and unit.
        areas: A, the area of each object in the unit squared, shape (...,), positive: COCO's segment area, or that of
            a box.
        sigmas: How far annotators scatter, one a keypoint, shape (K,), positive, as a share of the root of the area:
            COCO's run from 0.025 (eyes) to 0.107 (hips).
        mask: True where a keypoint is real, shape (..., K).
        reduction: "mean" or "sum" over the objects, or "none" for (...,). An object without a real keypoint has loss 0
            and is not counted by the mean.

    Returns:
        Scalar or (...,), in [0, 1]; 0 where every real keypoint is exact.

    Raises:
        ValueError: A shape, a dtype, an area, a sigma or the reduction is wrong, or a real coordinate is not finite.

    Twice differentiable in ``pred``; the gradient fades with the error, so far-off keypoints want another loss beside
    it. Sources: the evaluation of COCO keypoints (Lin et al., ECCV 2014; Ronchi, Perona, ICCV 2017); as a loss: Maji,
    Nagori, Mathew, Poddar, YOLO-Pose, CVPR workshops 2022.

    >>> pred, target = torch.tensor([[3.0, 4.0], [1.0, 1.0]]), torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    >>> keypoint_similarity_loss(pred, target, torch.tensor(1250.0), torch.tensor([0.05, 0.1]))  # (1 - e^-1) / 2
    tensor(0.3161)
    """
    name = "keypoint_similarity_loss"
    if pred.ndim < 2:
        raise ValueError(f"{name}: pred must have shape (..., K, D), got {tuple(pred.shape)}")
    check_mask(name, mask, pred.shape[:-1], "pred without its last dimension")
    (pred, target), _ = read_elements(name, {"pred": pred, "target": target}, mask, inner=1)
    if sigmas.shape != pred.shape[-2:-1]:
        raise ValueError(
            f"{name}: sigmas must have shape ({pred.shape[-2]},), one a keypoint, got {tuple(sigmas.shape)}"
        )
    if areas.shape != pred.shape[:-2] or not areas.is_floating_point():
        raise ValueError(
            f"{name}: areas must be floating point, shape {tuple(pred.shape[:-2])}, one an object, "
            f"got {areas.dtype}, {tuple(areas.shape)}"
        )
    areas = check_numbers(name, "areas", areas.to(pred), True)
    sigmas = check_numbers(name, "sigmas", sigmas.to(pred), True)
    scales = 8 * areas[..., None] * sigmas.square()
    pred = check_numbers(name, "pred", pred, False)  # an infinite error would look like any large one
    target = check_numbers(name, "target", target, False)
    losses = -torch.expm1(-(pred - target).square().sum(-1) / scales)
    return reduce_elements(mean_of_each(losses, mask), None if mask is None else mask.any(-1), reduction)


@kept_when_compiled
def check_numbers(function: str, name: str, values: Tensor, positive: bool) -> None:
    """Refuse values that are not finite or, where they have to be, not positive."""
    if not (values.isfinite() & ((values > 0) | (not positive))).all():
        wanted = "positive and finite" if positive else "finite"
        raise ValueError(f"{function}: {name} must be {wanted}, got {values.min().item():g} to {values.max().item():g}")
