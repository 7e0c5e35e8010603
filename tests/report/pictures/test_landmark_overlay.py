import numpy as np
import pytest
import torch

from diffshape.data import spine_phantoms
from diffshape.losses import Skeleton
from diffshape.report import landmark_overlay
from diffshape.report.pictures.landmark_overlay import PREDICTED, TRUE, UNCERTAIN

DRAWN = spine_phantoms(3)
ONES = torch.ones_like(DRAWN.landmarks)


def picture(count=1, **options):
    shown = DRAWN[:count]
    points = {"landmarks": shown.landmarks, "predicted": shown.landmarks, "deviations": ONES[:count], **options}
    return landmark_overlay(shown.images, *(points.pop(name) for name in ("landmarks", "predicted", "deviations")),
                            shown.skeleton, **points)  # fmt: skip


def colour_at(image, point, scale):
    x, y = ((point.double() + 0.5) * scale - 0.5).round().long().tolist()
    return image[y, x].astype(int)


def near(colour, wanted):
    return np.abs(colour - wanted).max() < 40


def test_images_stand_in_rows():
    assert picture(3, side=64, columns=2).shape == (128, 128, 3)
    assert picture(3, side=64).shape == (64, 192, 3)
    assert picture(3, side=64).dtype == np.uint8


def test_dots_are_where_landmarks_are():
    far = DRAWN.landmarks[:1] + torch.tensor([30.0, 0.0])
    image = picture(predicted=far, side=512)
    for number in range(22):
        assert near(colour_at(image, DRAWN.landmarks[0, number], 4), TRUE)
        assert near(colour_at(image, far[0, number], 4), PREDICTED)


def test_ellipses_are_two_deviations_wide():
    image = picture(deviations=torch.tensor([5.0, 2.0]).expand(1, 22, 2), side=1024)
    point = DRAWN.landmarks[0, 0]
    blue = np.array(UNCERTAIN)
    row = image[round(float((point[1] + 0.5) * 8 - 0.5))].astype(int)
    left = round(float((point[0] - 10 + 0.5) * 8 - 0.5))
    nearest = np.abs(row[left - 3 : left + 4] - blue).max(-1)
    background = np.abs(row[left - 30 : left - 10] - blue).max(-1)
    assert nearest.min() < background.min()


def test_masked_landmarks_are_not_drawn_and_strange_ones_do_no_harm():
    nothing = torch.zeros(1, 22, dtype=torch.bool)
    image = picture(mask=nothing, side=128)
    assert (image == image[..., :1]).all()  # grey
    strange = DRAWN.landmarks[:1].clone()
    strange[0, 0], strange[0, 1] = torch.nan, 1e9
    assert picture(predicted=strange, side=64).shape == (64, 64, 3)


def test_it_is_written(tmp_path):
    picture(path=tmp_path / "overlay.png", side=32)
    assert (tmp_path / "overlay.png").read_bytes().startswith(b"\x89PNG")


def test_a_wrong_shape_is_named():
    with pytest.raises(ValueError, match="landmark_overlay: deviations must have shape"):
        picture(deviations=ONES[0])
    empty = DRAWN[:0]
    with pytest.raises(ValueError, match="1 image or more"):
        landmark_overlay(empty.images, empty.landmarks, empty.landmarks, empty.landmarks, Skeleton.lateral())
