import string

import numpy as np
import pytest

from diffshape.report.pictures.lettering import BOX, LETTERS, ROWS, written


def drawn(text):
    return ["".join(" #"[int(dot)] for dot in row).rstrip() for row in written(text)]


def test_letters_are_drawn():
    assert drawn("1") == ["   #", "  ##", "   #", "   #", "   #", "   #", "  ###", "", ""]
    assert drawn("_") == [""] * 7 + [" #####", ""]
    assert written("two words").shape == (ROWS, 6 * 9)
    assert written("").shape == (ROWS, 0)


def test_all_that_can_be_typed_has_a_letter_of_its_own():
    typed = string.ascii_letters + string.digits + string.punctuation + " "
    assert set(typed) <= set(LETTERS)
    assert len({written(letter).tobytes() for letter in (*LETTERS, "\n")}) == len(LETTERS) + 1
    assert all(len(bytes.fromhex(rows)) <= ROWS for rows in LETTERS.values())
    assert not written("".join(LETTERS))[:, ::6].any()  # the space between letters


def test_small_letters_are_not_capitals():
    assert not any(np.array_equal(written(letter), written(letter.upper())) for letter in string.ascii_lowercase)


@pytest.mark.parametrize("letter", ["漢", "→", "\t", "ß"])
def test_what_has_no_letter_is_a_box(letter):
    assert drawn(letter)[:7] == ["".join(" #"[int(bit)] for bit in f"{row:06b}") for row in bytes.fromhex(BOX)]


def test_accents_are_left_out():
    assert np.array_equal(written("é Ü"), written("e U"))
