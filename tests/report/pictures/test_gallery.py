import numpy as np
import pytest

from diffshape.report import gallery
from diffshape.report.pictures.gallery import GAP


def test_pictures_stand_in_their_places():
    panels = [np.full((10, 30, 3), value, np.uint8) for value in (10, 20, 30)]
    image = gallery([[("", panels[0]), ("", panels[1])], [("", panels[2])]])
    assert (image[GAP : GAP + 10, GAP : GAP + 30] == 10).all()
    assert (image[GAP : GAP + 10, 2 * GAP + 30 : 2 * GAP + 60] == 20).all()
    assert (image[:, 2 * GAP + 30 : 2 * GAP + 60] == 30).sum() == 0
    assert (image == 30).sum() == 10 * 30 * 3


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "one picture or more, got none"),
        ([[("", (9, 9)), ("", (9, 8))]], "one size"),
        ([[("too wide", (9, 9))]], "needs pictures 96 pixels wide, got 9"),
    ],
)
def test_what_cannot_be_drawn_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        gallery([[(text, np.zeros((*size, 3), np.uint8)) for text, size in row] for row in rows])


def test_it_is_written(tmp_path):
    image = gallery([[("a", np.zeros((20, 20, 3), np.uint8))]], path=tmp_path / "g.png")
    assert (tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")
    assert (image == 48).any()
