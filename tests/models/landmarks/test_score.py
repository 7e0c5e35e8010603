import pytest
import torch

from diffshape.data import LandmarkImages, spine_phantoms
from diffshape.losses import Skeleton
from diffshape.models import LandmarkPrediction, score_landmarks

SQUARE = torch.tensor([[[2.0, 2.0], [8.0, 2.0], [2.0, 6.0], [8.0, 6.0]]])


def data(**changes):
    usual = {
        "images": torch.zeros(1, 1, 16, 16),
        "landmarks": SQUARE,
        "mask": torch.ones(1, 4, dtype=torch.bool),
        "spacing": torch.ones(1),
        "unit": "px",
        "skeleton": Skeleton.anteroposterior(1),
    }
    return LandmarkImages(**{**usual, **changes})


def test_errors_are_told_in_the_unit_of_the_images():
    moved = LandmarkPrediction(SQUARE + torch.tensor([3.0, 4.0]), torch.full_like(SQUARE, 4.0))
    assert score_landmarks(moved, data()).error.mean == pytest.approx(5.0)
    millimetres = score_landmarks(moved, data(spacing=torch.tensor([0.5]), unit="mm"))
    assert millimetres.error.mean == pytest.approx(2.5)
    assert millimetres.error.detection_rates == {2.0: 0.0, 2.5: 1.0, 3.0: 1.0, 4.0: 1.0}
    assert millimetres.calibration.coverage[1.0] == 1.0  # in pixels: 3 and 4 within 4
    assert "MRE   2.50 mm on 1 images, 4 landmarks" in str(millimetres)


def test_masked_landmarks_do_not_count_and_none_is_no_number():
    landmarks = SQUARE.clone()
    landmarks[0, 0] = torch.nan
    mask = torch.tensor([[False, True, True, True]])
    score = score_landmarks(LandmarkPrediction(SQUARE, torch.ones_like(SQUARE)), data(landmarks=landmarks, mask=mask))
    assert (score.error.mean, score.error.count) == (0.0, 3)
    nothing = score_landmarks(LandmarkPrediction(SQUARE, torch.ones_like(SQUARE)), data(mask=~mask & ~mask.any()))
    assert nothing.error.mean is None
    assert "MRE   – px" in str(nothing)


def test_a_twisted_spine_is_told():
    drawn = spine_phantoms(4)
    flipped = LandmarkPrediction(drawn.landmarks.flip(1), torch.ones_like(drawn.landmarks))
    assert score_landmarks(flipped, drawn).violations.order == 1.0
    assert "100.0 % of neighbouring end-plates" in str(score_landmarks(flipped, drawn))


def test_another_number_of_landmarks_is_refused():
    with pytest.raises(ValueError, match=r"landmarks of shape \(1, 4, 2\), got \(1, 3, 2\)"):
        score_landmarks(LandmarkPrediction(SQUARE[:, :3], SQUARE[:, :3]), data())
