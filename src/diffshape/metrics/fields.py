"""How well a field gives the signed distance of a shape: signs and sizes, near its surface and in the volume.

The protocol of neural distance fields, for a shape in [-1, 1]^3, on points that no training has seen:

    near       500,000 points of the surface, moved by N(0, 0.01^2) along every axis
    volume     500,000 points, uniform in [-1, 1]^3

F1 takes inside for the positive class. Near the surface it measures how far the zero set is off: with
e = |f| / |grad f| on the true surface, the sign is wrong for a share E|e| / (sqrt(2 pi) sigma) of the near points,
which is 40 E|e| for sigma = 0.01, and

    F1_near ~ 1 - 40 E|e| / (2 inside_near) ~ 1 - 42 E|e|        (of detailed shapes a share of 0.475 is inside)

F1 is blind to the values: a field that has collapsed to a thousandth of the distance has the same signs. Hence the mean
absolute errors. A field that is 0 everywhere has the mean distance for one: 0.008 near the surface, sigma sqrt(2 / pi).
"""

import math
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape._scores import plain_values
from diffshape.metrics.number_input import read_numbers
from diffshape.metrics.occupancy import occupancy_iou
from diffshape.metrics.signs import sign_f1


@dataclass(frozen=True, kw_only=True)
class FieldScore:
    """Differences of a field from the true signed distance; lengths in the unit of the distances.

    Attributes:
        f1_near: `sign_f1` at the points near the surface, 0 to 1.
        f1_volume: `sign_f1` at the points of the volume, 0 to 1.
        mae_near: Mean |pred - truth| near the surface.
        mae_volume: Mean |pred - truth| in the volume.
        iou: Intersection over union of the predicted and the true inside, over the points of the volume, 0 to 1.
        inside_near: Share of the near points that is truly inside; F1 depends on it.
        inside_volume: Share of the volume's points that is truly inside.
        surface_error: Mean |f| on points exactly on the surface; ``None`` without such points.
        chamfer: Distance between the two surfaces, as `compare_surfaces` gives it; ``None`` if not given.
        count_near: Number of points near the surface.
        count_volume: Number of points in the volume.
        count_surface: Number of points on the surface.
    """

    f1_near: float
    f1_volume: float
    mae_near: float
    mae_volume: float
    iou: float
    inside_near: float
    inside_volume: float
    surface_error: float | None
    chamfer: float | None
    count_near: int
    count_volume: int
    count_surface: int

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        shown = [
            f"F1 {self.f1_near:.4f} near, {self.f1_volume:.4f} volume",
            f"MAE x1e3 {1e3 * self.mae_near:.3f} near, {1e3 * self.mae_volume:.3f} volume",
            f"IoU {self.iou:.4f}",
            f"inside {self.inside_near:.1%} near, {self.inside_volume:.1%} volume",
        ]
        if self.surface_error is not None:
            shown.append(f"|f| on the surface x1e3 {1e3 * self.surface_error:.3f}")
        if self.chamfer is not None:
            shown.append(f"chamfer x1e3 {1e3 * self.chamfer:.3f}")
        return "; ".join(shown)


@checked
def compare_fields(
    pred_near: Any,
    truth_near: Any,
    pred_volume: Any,
    truth_volume: Any,
    *,
    pred_surface: Any = None,
    chamfer: float | None = None,
) -> FieldScore:
    """Score predicted signed distances against true ones: signs and sizes, near the surface and in the volume.

    The protocol of neural distance fields, for a shape in [-1, 1]^3, on points that no training has seen: "near" are
    500,000 points of the surface, moved by N(0, 0.01^2) along every axis, "volume" 500,000 uniform in [-1, 1]^3. F1
    takes inside for the positive class; it is blind to the values, hence the mean absolute errors.

    Args:
        pred_near: The field at points near the surface, shape (N,), NumPy or torch, negative inside.
        truth_near: The true distances there, same shape and unit.
        pred_volume: The field at points uniform in a box around the shape, shape (M,).
        truth_volume: The true distances there.
        pred_surface: The field at points exactly on the surface, shape (K,), where it should be 0.
        chamfer: Chamfer distance of the field's surface, if `compare_surfaces` has measured it, to keep with the rest.

    Returns:
        See :class:`FieldScore`; its ``str`` is one line.

    Raises:
        ValueError: Distances are not (N,), none, or not finite, or those of a pair differ in shape.

    >>> import torch
    >>> truth = torch.linspace(-0.1, 0.1, 200)
    >>> print(compare_fields(truth + 0.002, truth, truth / 1000, truth))
    F1 0.9899 near, 1.0000 volume; MAE x1e3 2.000 near, 50.201 volume; IoU 1.0000; inside 50.0% near, 50.0% volume
    """
    if chamfer is not None and not 0 <= chamfer < math.inf:
        raise ValueError(f"compare_fields: chamfer must be finite and 0 or more, got {chamfer}")
    near, near_truth = _read_pair("near", pred_near, truth_near)
    volume, volume_truth = _read_pair("volume", pred_volume, truth_volume)
    surface = None if pred_surface is None else _read("pred_surface", pred_surface)
    return FieldScore(
        f1_near=sign_f1(near, near_truth).item(),
        f1_volume=sign_f1(volume, volume_truth).item(),
        mae_near=_mean(near - near_truth),
        mae_volume=_mean(volume - volume_truth),
        iou=occupancy_iou(volume < 0, volume_truth < 0).item(),
        inside_near=(near_truth < 0).double().mean().item(),
        inside_volume=(volume_truth < 0).double().mean().item(),
        surface_error=None if surface is None else _mean(surface),
        chamfer=None if chamfer is None else float(chamfer),
        count_near=len(near),
        count_volume=len(volume),
        count_surface=0 if surface is None else len(surface),
    )


def _mean(errors: Tensor) -> float:
    return errors.abs().mean().item()


def _read_pair(where: str, pred: Any, truth: Any) -> tuple[Tensor, Tensor]:
    read, read_truth = _read(f"pred_{where}", pred), _read(f"truth_{where}", truth)
    if len(read) != len(read_truth):
        raise ValueError(
            f"compare_fields: truth_{where} must have {len(read)} distances like pred_{where}, got {len(read_truth)}"
        )
    return read, read_truth


def _read(name: str, distances: Any) -> Tensor:
    """Distances in float64 on the CPU, checked."""
    read = read_numbers("compare_fields", name, distances)
    if read.ndim != 1 or len(read) == 0:
        raise ValueError(f"compare_fields: {name} must have shape (N,) with N >= 1, got {tuple(read.shape)}")
    if not read.isfinite().all():
        raise ValueError(f"compare_fields: {name} must be finite, got {int((~read.isfinite()).sum())} that are not")
    return read
