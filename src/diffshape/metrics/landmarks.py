"""How far landmarks are from the truth, and how often they cannot be a spine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape._scores import line_of_text, plain_values
from diffshape.losses.reduction import check_same_shape, read_elements
from diffshape.ops.landmarks.skeleton import Skeleton, check_landmarks
from diffshape.ops.landmarks.spine_geometry import frame_of, read_spine


@dataclass(frozen=True, kw_only=True)
class RadialError:
    """Distances between landmarks and truth, in pixels, or in the unit of the spacing; ``None`` if there are none.

    Attributes:
        mean: Mean radial error (MRE), the same as the mean Euclidean distance.
        deviation: Standard deviation of the distances, that of a population.
        median: Lower median of the distances.
        detection_rates: For each threshold t, the share of landmarks with distance <= t (SDR), 0 to 1.
        count: Landmarks measured.
    """

    mean: float | None
    deviation: float | None
    median: float | None
    detection_rates: Mapping[float, float | None]
    count: int

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        if self.mean is None:
            return "no landmark"
        rates = ", ".join(f"SDR@{t:g} {100 * (rate or 0):.1f} %" for t, rate in self.detection_rates.items())
        return f"MRE {self.mean:.2f} +- {self.deviation:.2f}, {rates}, {self.count} landmarks"


@checked
def radial_error(
    pred: Float[Tensor, "*b k 2"],
    truth: Float[Tensor, "*b k 2"],
    *,
    spacing: float | Float[Tensor, "*s"] | None = None,
    thresholds: Sequence[float] = (2.0, 2.5, 3.0, 4.0),
    mask: Bool[Tensor, "*b k"] | None = None,
) -> RadialError:
    """Mean radial error and successful detection rates.

    Args:
        pred: Predicted (x, y) in pixels, shape (..., K, 2).
        truth: True (x, y), the same shape and unit.
        spacing: Length of a pixel: one number, or one an image, shape (...,), or an (x, y) pair an image, (..., 2).
        thresholds: Distances of the detection rates, in pixels or in the unit of the spacing.
        mask: True where a landmark is real, shape (..., K).

    Returns:
        A ``RadialError``. A prediction that is not finite is an infinite error, not one that is left out.

    Raises:
        ValueError: A shape or a dtype is wrong, or a spacing is not positive.

    >>> print(radial_error(torch.tensor([[[3.0, 4.0], [1.0, 0.0]]]), torch.zeros(1, 2, 2)))
    MRE 3.00 +- 2.00, SDR@2 50.0 %, SDR@2.5 50.0 %, SDR@3 50.0 %, SDR@4 50.0 %, 2 landmarks
    """
    name = "radial_error"
    if pred.ndim < 2 or pred.shape[-1] != 2:
        raise ValueError(f"{name}: pred must have shape (..., K, 2), got {tuple(pred.shape)}")
    if mask is not None:
        check_same_shape(name, "mask", mask, pred.shape[:-1], "pred without its last dimension")
    (pred, truth), _ = read_elements(name, {"pred": pred.detach(), "truth": truth.detach()}, mask, inner=1)
    offsets = (pred.double() - truth.double()) * _spacing(spacing, pred)
    distances = torch.linalg.vector_norm(offsets, dim=-1)
    distances = torch.where(torch.isfinite(distances), distances, torch.inf)
    distances = distances.flatten() if mask is None else distances[mask]
    if not len(distances):
        return RadialError(mean=None, deviation=None, median=None, detection_rates=dict.fromkeys(thresholds), count=0)
    finite = bool(torch.isfinite(distances).all())
    return RadialError(
        mean=float(distances.mean()),
        deviation=float(distances.std(correction=0)) if finite else float("inf"),
        median=float(distances.median()),
        detection_rates={float(t): float((distances <= t).double().mean()) for t in thresholds},
        count=len(distances),
    )


def _spacing(spacing: float | Tensor | None, pred: Tensor) -> Tensor | float:
    """The factor by which offsets (..., K, 2) are multiplied."""
    if spacing is None:
        return 1.0
    spacing = torch.as_tensor(spacing, dtype=torch.float64, device=pred.device)
    images = pred.shape[:-2]
    if not (spacing > 0).all():
        raise ValueError("radial_error: spacing must be positive")
    if spacing.ndim == 0:
        return spacing
    if spacing.shape == images:
        return spacing[..., None, None]
    if spacing.shape == (*images, 2):
        return spacing[..., None, :]
    raise ValueError(
        f"radial_error: spacing must be a number or have shape {tuple(images)} or {(*images, 2)}, one an image, "
        f"got {tuple(spacing.shape)}"
    )


@dataclass(frozen=True, kw_only=True)
class StructureViolations:
    """Shares, from 0 to 1, of landmarks that break the structure of a spine; ``None`` where nothing could be judged.

    Attributes:
        order: Share of neighbouring end-plates of which the lower one does not lie below.
        orientation: Share of vertebrae whose corners do not run around as they should (signed area <= 0).
        sides: Share of end-plates whose right end does not lie to the right.
    """

    order: float | None
    orientation: float | None
    sides: float | None

    __repr__ = one_line
    __str__ = line_of_text
    to_dict = plain_values


@checked
def structure_violations(
    landmarks: Float[Tensor, "*b k 2"],
    skeleton: Skeleton,
    *,
    reference: Float[Tensor, "*b k 2"] | None = None,
    mask: Bool[Tensor, "*b k"] | None = None,
) -> StructureViolations:
    """How often predicted landmarks are in the wrong order, twisted or mirrored.

    Args:
        landmarks: (x, y) with y down, shape (..., K, 2).
        skeleton: Which landmark is what.
        reference: True landmarks that say where down and right are, same shape; if ``None``, the landmarks
            themselves do, and should stand within 90 degrees of upright.
        mask: True where a landmark is real, shape (..., K).

    Returns:
        A ``StructureViolations``.

    Raises:
        ValueError: A shape or a dtype is wrong.

    >>> square = torch.tensor([[0.0, 0.0], [1.5, 0.0], [0.0, 1.0], [1.5, 1.0]])
    >>> structure_violations(square[[0, 1, 3, 2]], Skeleton.anteroposterior(1))
    StructureViolations(order=0.0, orientation=1.0, sides=0.5)
    """
    check_landmarks("structure_violations", landmarks, skeleton, mask)
    if reference is not None:
        check_same_shape("structure_violations", "reference", reference, landmarks.shape, "landmarks")
    spine = read_spine(landmarks.detach(), skeleton, mask)
    trusted = reference is not None
    frame = frame_of(
        read_spine(reference.to(landmarks), skeleton, mask) if reference is not None else spine, trusted=trusted
    )
    down = ((spine.middles[..., 1:, :] - spine.middles[..., :-1, :]) * frame.down_gap).sum(-1)
    return StructureViolations(
        order=_share(~(down > 0), spine.real_rows[..., 1:] & spine.real_rows[..., :-1]),
        orientation=_share(~(_signed_areas(landmarks.detach(), skeleton) > 0), spine.real_bodies),
        sides=_share(~((spine.plates * frame.across).sum(-1) > 0), spine.real_rows),
    )


def _signed_areas(landmarks: Tensor, skeleton: Skeleton) -> Tensor:
    """Half the cross product of the diagonals, upper left to lower right and upper right to lower left."""
    corners = landmarks[..., torch.tensor(skeleton.quadrilaterals, device=landmarks.device), :]
    falling, rising = corners[..., 3, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 1, :]
    return (falling[..., 0] * rising[..., 1] - falling[..., 1] * rising[..., 0]) / 2


def _share(wrong: Tensor, real: Tensor) -> float | None:
    return float(wrong[real].double().mean()) if bool(real.any()) else None
