import numpy as np
import pytest
import torch

from diffshape.report import answer_grid, shape_strip
from diffshape.report.pictures.gallery import GAP

SIZE = 140
TRUTHS = torch.rand(2, 30, 3, generator=torch.Generator().manual_seed(0))
ANSWERS = torch.rand(2, 2, 20, 3, generator=torch.Generator().manual_seed(1))


def panel(picture, column):
    left = GAP + column * (SIZE + GAP)
    return picture[GAP : GAP + SIZE, left : left + SIZE]


def test_a_row_has_image_truth_and_answers_at_one_scale(tmp_path):
    images = torch.zeros(2, 1, 8, 4)
    images[0, 0, :4, :2] = 0.5
    picture = answer_grid(images, ANSWERS, TRUTHS, size=SIZE, path=tmp_path / "answers.png")
    assert picture.shape[1] == GAP + 4 * (SIZE + GAP)
    assert (tmp_path / "answers.png").read_bytes().startswith(b"\x89PNG")
    shapes = [("true", TRUTHS[0]), ("answer 1", ANSWERS[0, 0]), ("answer 2", ANSWERS[0, 1])]
    strip = shape_strip(shapes, size=SIZE, azimuth=125.0, elevation=25.0, up="y")
    for column in range(3):
        assert np.array_equal(panel(picture, column + 1), panel(strip, column))


def test_an_image_keeps_its_shape_and_its_up():
    images = torch.zeros(1, 1, 8, 4)
    images[0, 0, :4, :2] = 0.5  # above, on the left
    drawn = panel(answer_grid(images, ANSWERS[:1], TRUTHS[:1], size=SIZE), 0)
    dark = np.argwhere(drawn[..., 0] == 0)
    assert dark.min(0).tolist() == [0, SIZE // 4]
    assert dark.max(0).tolist() == [SIZE // 2 - 1, SIZE // 2 - 1]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(1, 1, 8, 8), r"one image or more, got \(1, 1, 8, 8\), \(2, 2, 20, 3\)"),
        (torch.zeros(2, 3, 8, 8), "must be of one channel"),
        (torch.full((2, 1, 8, 8), torch.nan), "must be of one channel and finite"),
    ],
)
def test_what_is_wrong_is_said(images, message):
    with pytest.raises(ValueError, match=message):
        answer_grid(images, ANSWERS, TRUTHS, size=SIZE)
