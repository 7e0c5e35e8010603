"""The mean squared error of heat-maps, over the keypoints that count."""

from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.landmarks.heatmap_arguments import drawn_channels, hardest_channels, keep_channels, read_heatmaps
from diffshape.losses.reduction import Reduction, reduce_elements


@checked
def heatmap_mse(
    pred: Float[Tensor, "*b h w"],
    target: Float[Tensor, "*b h w"],
    *,
    skip_empty: bool = False,
    hardest: int | None = None,
    mask: Bool[Tensor, "*m"] | None = None,
    weights: Float[Tensor, "*w"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """(pred - target)^2 of every pixel, averaged over what counts.

    Args:
        pred: Heat-maps, shape (..., H, W), usually (B, K, H, W).
        target: True heat-maps, the same shape.
        skip_empty: Leave out channels whose target is nowhere positive, such as those of landmarks outside the image.
        hardest: Keep only this many channels of each image, those of the largest (weighted) mean: online hard keypoint
            mining. Channels stand in the third dimension from the end.
        mask: True where real: a keypoint, shape (...,), or a pixel, shape (..., H, W).
        weights: One a keypoint, shape (...,), or a pixel, shape (..., H, W), not negative; the mean is
            sum(w l) / sum(w).
        reduction: "mean" or "sum" over the pixels that count, or "none" for (..., H, W), 0 where they do not.

    Returns:
        Scalar or (..., H, W), >= 0; the mean of none is 0.

    Raises:
        ValueError: A shape, a dtype, ``hardest`` or the reduction is wrong.

    Differentiable (twice). Hiding landmarks does not shrink the mean, which divides by what is real. At 512 x 512 the
    mean is some 1e-5 for a map of zeros, far below a coordinate loss beside it; ``LandmarkLoss`` compares like with
    like. Source of ``hardest``: Chen et al., Cascaded Pyramid Network, CVPR 2018.

    >>> import torch
    >>> pred, target = torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, 2)
    >>> target[0, 0, 1, 1] = 1
    >>> heatmap_mse(pred, target), heatmap_mse(pred, target, skip_empty=True)
    (tensor(0.1250), tensor(0.2500))
    """
    name = "heatmap_mse"
    pred, target, mask, weights = read_heatmaps(name, pred, target, mask, weights)
    if skip_empty:
        if target.ndim < 2:
            raise ValueError(f"{name}: skip_empty needs target of shape (..., H, W), got {tuple(target.shape)}")
        mask = keep_channels(mask, drawn_channels(target), target.shape)
    squares = (pred - target).square()
    if hardest is not None:
        if hardest < 1 or pred.ndim < 3:
            raise ValueError(
                f"{name}: hardest must be 1 or more, for pred of shape (..., K, H, W), "
                f"got {hardest} for {tuple(pred.shape)}"
            )
        weighted = squares.detach() if weights is None else squares.detach() * weights
        mask = keep_channels(mask, hardest_channels(weighted, mask, hardest), pred.shape)
    return reduce_elements(squares, mask, reduction, weights=weights)
