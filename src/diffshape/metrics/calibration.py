"""Whether predicted uncertainties are true: how often the truth lies where they say it should."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape._scores import line_of_text, plain_values
from diffshape.losses.reduction import read_elements

QUANTILES = 20
"""Number of central intervals whose coverage makes up the expected calibration error."""
LARGEST = 600.0
"""Largest |ln(variance)| that is taken: up to it a variance and its inverse are float64 numbers."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How predicted standard deviations compare with errors; ``None`` if nothing was measured.

    Attributes:
        coverage: For each k, the share of errors within k standard deviations: 0.683, 0.954, ... if they are Gaussian
            and the deviations right.
        expected_calibration_error: Mean over central intervals that should hold 5 %, 10 %, ..., 100 % of the errors of
            how far the share they do hold is from that; 0 to 1.
        normalized_error: ENCE, the expected normalised calibration error: mean over bins of equal count, ordered by the
            prediction, of |predicted - actual| over predicted, both root mean squares; 0 for right deviations,
            whatever the distribution.
        sharpness: Root mean square of the predicted standard deviations, in the unit of the coordinates: the lower the
            better, given calibration.
        count: Coordinates measured.
    """

    coverage: Mapping[float, float | None]
    expected_calibration_error: float | None
    normalized_error: float | None
    sharpness: float | None
    count: int

    __repr__ = one_line
    __str__ = line_of_text
    to_dict = plain_values


@checked
def uncertainty_calibration(
    pred: Float[Tensor, "*b"],
    truth: Float[Tensor, "*b"],
    log_variance: Float[Tensor, "*b"],
    *,
    deviations: Sequence[float] = (1.0, 2.0, 3.0),
    bins: int = 10,
    mask: Bool[Tensor, "*m"] | None = None,
) -> Calibration:
    """Compare errors |pred - truth| with the standard deviations exp(log_variance / 2) predicted for them.

    Args:
        pred: Predicted coordinates, any shape, usually landmarks (B, K, 2).
        truth: True values, the same shape and unit.
        log_variance: ln(variance) of each coordinate, as the losses take it; same shape.
        deviations: Multiples k of the standard deviation whose coverage is measured.
        bins: Number of bins of the normalised error; fewer where there are fewer coordinates.
        mask: True where real: a landmark, the shape without its last dimension, or a coordinate.

    Returns:
        A ``Calibration``.

    Raises:
        ValueError: A shape, a dtype or ``bins`` is wrong, or a real logarithm of a variance is not within +-600.

    Source: Levi et al., Evaluating and Calibrating Uncertainty Prediction in Regression Tasks, 2019 (ENCE); Kuleshov
    et al., ICML 2018.

    >>> error = torch.randn(100_000, generator=torch.Generator().manual_seed(0))
    >>> log_variance = torch.full_like(error, 4.0).log()
    >>> round(uncertainty_calibration(2 * error, torch.zeros_like(error), log_variance).coverage[1.0], 2)
    0.68
    """
    if bins < 1:
        raise ValueError(f"uncertainty_calibration: bins must be 1 or more, got {bins}")
    tensors = {"pred": pred, "truth": truth, "log_variance": log_variance}
    read, full_mask = read_elements(
        "uncertainty_calibration", {name: each.detach() for name, each in tensors.items()}, mask, inner=1
    )
    pred, truth, log_variance = (
        each.double().flatten() if full_mask is None else each.double()[full_mask] for each in read
    )
    if len(pred) and not float(log_variance.abs().max()) <= LARGEST:
        raise ValueError(
            f"uncertainty_calibration: log_variance must be finite and within +-{LARGEST:g}, beyond which no deviation "
            f"can be squared, got up to {log_variance.abs().max().item():g}"
        )
    if not len(pred):
        return Calibration(
            coverage=dict.fromkeys(deviations), expected_calibration_error=None, normalized_error=None, sharpness=None,
            count=0,
        )  # fmt: skip
    error, predicted = (pred - truth).abs(), (log_variance / 2).exp()
    ratio = error / predicted
    levels = torch.arange(1, QUANTILES + 1, dtype=ratio.dtype, device=ratio.device) / QUANTILES
    held = (torch.erf(ratio / math.sqrt(2))[:, None] <= levels).double().mean(0)
    order = predicted.argsort()
    errors = [
        float((_rms(predicted[part]) - _rms(error[part])).abs() / _rms(predicted[part]))
        for part in order.tensor_split(min(bins, len(order)))
    ]
    return Calibration(
        coverage={float(k): float((ratio <= k).double().mean()) for k in deviations},
        expected_calibration_error=float((held - levels).abs().mean()),
        normalized_error=sum(errors) / len(errors),
        sharpness=float(_rms(predicted)),
        count=len(pred),
    )


def _rms(values: Tensor) -> Tensor:
    return values.square().mean().sqrt()
