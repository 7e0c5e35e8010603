import string

import numpy as np
import pytest

from diffshape.report.pictures.lettering import INK, SIZE, fitted, stamp, width_of, written

TYPED = string.ascii_letters + string.digits + string.punctuation


def test_all_that_can_be_typed_has_a_letter_of_its_own():
    drawn = {written(letter, 32).tobytes() for letter in (*TYPED, "°", "±", "漢")}
    assert len(drawn) == len(TYPED) + 3
    assert all(written(letter).max() > 0.4 for letter in TYPED)


def test_a_line_is_as_high_as_any_other_and_holds_all_its_ink():
    for text in (TYPED, "Ågj_|", "...", ""):
        assert written(text).shape == (written("x").shape[0], width_of(text))
    edges = np.pad(written("W_Wgj|W", 40), 1)  # nothing is cut off at the line above, below or behind
    assert edges.sum() == pytest.approx(written(" W_Wgj|W ", 40).sum(), rel=1e-3)


def test_an_underscore_lies_below_the_line_and_a_point_on_it():
    def rows(text):
        return np.nonzero(written(text, 40).max(axis=1) > 0.5)[0]

    assert rows("_").min() > rows("A").max() - 1
    assert rows("A").max() - 1 <= rows(".").max() <= rows("A").max() + 1
    assert rows("a").min() > rows("A").min()


@pytest.mark.parametrize(("given", "drawn"), [("é Ü", "e U"), ("µm", "um"), ("5 × 3", "5 x 3"), ("m²", "m2")])
def test_letters_that_the_font_lacks_are_replaced_by_others(given, drawn):
    assert np.array_equal(written(given), written(drawn))


@pytest.mark.parametrize("letter", ["漢", "→", "\t", "\u200b", "\n"])
def test_what_has_no_letter_is_a_box(letter):
    assert np.array_equal(written(letter), written("\ufffe"))
    assert written(letter).max() > 0.4


@pytest.mark.parametrize("text", ["", "short", "a line that is far too long", "漢" * 30])
def test_a_line_is_cut_where_it_does_not_fit(text):
    cut = fitted(text, 70)
    assert width_of(cut) <= 70
    assert cut == text if width_of(text) <= 70 else cut.endswith("...")
    assert fitted("anything", 3) == ""


def test_a_stamp_stands_where_it_is_put_and_leaves_the_rest():
    image = np.full((60, 90, 3), 200, np.uint8)
    stamp(image, "HH", row=30, column=45)
    rows, columns, _ = np.nonzero(image < 200)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(30, abs=1)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(45, abs=1)
    assert image.min() == INK
    for anchor, low, high in (("left", 45, 45 + 2 * SIZE), ("right", 45 - 2 * SIZE, 45)):
        image[:] = 200
        stamp(image, "HH", row=30, column=45, anchor=anchor)
        assert (image[:, low:high] < 200).any()
        assert (image[:, :low] == 200).all()
        assert (image[:, high:] == 200).all()


@pytest.mark.parametrize(("row", "column"), [(0, 0), (19, 29), (10, -40), (10, 80), (-30, 10), (60, 10), (0, 29)])
def test_what_lies_outside_a_picture_is_cut_off(row, column):
    image, large = np.full((20, 30, 3), 255, np.uint8), np.full((220, 230, 3), 255, np.uint8)
    stamp(image, "Edges", row=row, column=column)
    stamp(large, "Edges", row=row + 100, column=column + 100)
    assert np.array_equal(image, large[100:120, 100:130])
