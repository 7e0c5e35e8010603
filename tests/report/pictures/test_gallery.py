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
    ],
)
def test_what_cannot_be_drawn_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        gallery([[(text, np.zeros((*size, 3), np.uint8)) for text, size in row] for row in rows])


def test_it_is_written(tmp_path):
    image = gallery([[("a", np.zeros((20, 20, 3), np.uint8))]], path=tmp_path / "g.png")
    assert (tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")
    assert (image == 48).any()


@pytest.mark.parametrize("caption", ["one word after another and more", "x" * 80, "Grösse_in_µm 漢字 é", "a\n\nb", ""])
def test_captions_stay_below_their_pictures(caption):
    width = 90
    panel = np.full((20, width, 3), 10, np.uint8)
    image = gallery([[("", panel), (caption, panel), ("", panel)]])
    below = image[GAP + 20 :]
    rows, columns, _ = np.nonzero(below < 255)
    assert len(rows) > 0 or not caption
    assert not len(rows) or 2 * GAP + width <= columns.min() <= columns.max() < 2 * (GAP + width)
    assert not len(rows) or 0 < rows.min() <= rows.max() < len(below) - GAP
    assert (image[GAP : GAP + 20, 2 * GAP + width : 2 * (GAP + width)] == 10).all()


def test_a_long_caption_is_broken_between_words_and_a_given_line_stays_one():
    panel = np.zeros((20, 90, 3), np.uint8)
    broken, same = (gallery([[(text, panel)]]) for text in ("words that are many", "words that\nare many"))
    assert np.array_equal(broken, same)
    assert len(broken) > len(gallery([[("words that", panel)]]))
