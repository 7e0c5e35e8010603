"""Score of a landmark network on images with known landmarks."""

from dataclasses import dataclass

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape._scores import plain_values
from diffshape.data import LandmarkImages
from diffshape.metrics import (
    Calibration,
    RadialError,
    StructureViolations,
    radial_error,
    structure_violations,
    uncertainty_calibration,
)
from diffshape.models.landmarks.detector import LandmarkPrediction


@dataclass(frozen=True, kw_only=True)
class LandmarkScore:
    """Errors, violations of the spine's structure and calibration, over the real landmarks of a set of images.

    Attributes:
        unit: Unit of the errors: "px" or "mm".
        images: Images scored.
        error: Radial errors and detection rates.
        violations: Shares of arrangements that a spine cannot have, measured along the true spine.
        calibration: Predicted standard deviations beside errors, in pixels of the network's images.
    """

    unit: str
    images: int
    error: RadialError
    violations: StructureViolations
    calibration: Calibration

    __repr__ = one_line
    to_dict = plain_values

    def __str__(self) -> str:
        rates = self.error.detection_rates.items()
        order, held = self.violations.order, self.calibration.coverage.get(1.0)
        lines = [
            f"MRE   {_number(self.error.mean)} {self.unit} on {self.images} images, {self.error.count} landmarks",
            "SDR   " + ", ".join(f"{_percent(rate)} within {t:g} {self.unit}" for t, rate in rates),
            f"order {_percent(order)} of neighbouring end-plates are the wrong way round",
            f"sure  {_percent(held)} of errors within one predicted deviation (68.3 % if Gaussian and true), "
            f"ECE {_number(self.calibration.expected_calibration_error)}",
        ]
        return "\n".join(lines)


@checked
def score_landmarks(prediction: LandmarkPrediction, data: LandmarkImages) -> LandmarkScore:
    """Compare predictions for ``data.images`` with its landmarks, in its unit.

    Raises:
        ValueError: The prediction is of another number of images or landmarks.

    >>> import torch
    >>> from diffshape.data import spine_phantoms
    >>> data = spine_phantoms(2)
    >>> score = score_landmarks(LandmarkPrediction(data.landmarks + 0.3, torch.ones_like(data.landmarks)), data)
    >>> round(score.error.mean, 3), score.violations.order, score.calibration.coverage[1.0]
    (0.424, 0.0, 1.0)
    """
    landmarks = prediction.landmarks.to(data.landmarks)
    if landmarks.shape != data.landmarks.shape:
        raise ValueError(
            f"score_landmarks: prediction must have landmarks of shape {tuple(data.landmarks.shape)}, "
            f"got {tuple(landmarks.shape)}"
        )
    log_variance = 2 * prediction.deviations.to(landmarks).log()
    return LandmarkScore(
        unit=data.unit,
        images=len(data),
        error=radial_error(landmarks, data.landmarks, spacing=data.spacing, mask=data.mask),
        violations=structure_violations(landmarks, data.skeleton, reference=data.landmarks, mask=data.mask),
        calibration=uncertainty_calibration(landmarks, data.landmarks, log_variance, mask=data.mask),
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
