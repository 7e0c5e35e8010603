"""Lines of text in pictures, in the font that Pillow brings: captions need no font file."""

import unicodedata
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

INK, PAPER = np.uint8(48), np.uint8(255)
"""Grey of letters, and of what is between pictures."""
SIZE = 13
"""Height of the font of numbers and names inside a figure, in pixels; a capital letter has seven tenths of it."""
_ALIKE = {"–": "-", "−": "-", "×": "x", "µ": "u", "\u03bc": "u", "≥": ">=", "≤": "<=", "ß": "ss"}
"""Letters in place of some that the font lacks."""
_NO_LETTER = "\ufffe"


def written(text: str, size: int = SIZE) -> Float[np.ndarray, "h w"]:
    """Share of the ink, from 0 to 1, in each pixel of a line of text, whose height is the same for every text.

    Accents that the font lacks are left out, and what there is still no letter for is a box.

    >>> line = written("a line_1.5")
    >>> line.shape[0] == written("").shape[0], line.shape[1] > written("a line").shape[1]
    (True, True)
    """
    font = _font(size)
    shown = "".join(_drawable(letter, size) for letter in text)
    above, below = font.getmetrics()
    canvas = Image.new("L", (width_of(text, size), above + below))
    ImageDraw.Draw(canvas).text((0, above), shown, fill=255, font=font, anchor="ls")
    return np.asarray(canvas, np.float64) / 255


def width_of(text: str, size: int = SIZE) -> int:
    """Width of a line of text in pixels.

    >>> width_of("wide") > width_of("w") > width_of("") == 0
    True
    """
    shown = "".join(_drawable(letter, size) for letter in text)
    return int(np.ceil(_font(size).getlength(shown))) + 1 if shown else 0


def fitted(text: str, width: int, size: int = SIZE) -> str:
    """A line of text, its end replaced by "..." if it is wider than ``width`` pixels.

    >>> fitted("short", 100), fitted("a very long line", 60)
    ('short', 'a very...')
    """
    if width_of(text, size) <= width:
        return text
    shorter = (f"{text[:count].rstrip()}..." for count in range(len(text) - 1, 0, -1))
    return next((each for each in shorter if width_of(each, size) <= width), "")


def stamp(
    image: UInt8[np.ndarray, "h w 3"],
    text: str,
    *,
    row: int,
    column: int,
    anchor: Literal["left", "middle", "right"] = "middle",
    size: int = SIZE,
) -> None:
    """Write a line of text into a picture, in dark grey; what lies outside the picture is cut off.

    Args:
        image: Picture that is written into.
        text: The line.
        row: Row of pixels in which the middle of a capital letter lies.
        column: Column of pixels at which the text is anchored.
        anchor: Which part of the text stands at ``column``.
        size: Height of the font in pixels.

    >>> image = np.full((20, 20, 3), 255, np.uint8)
    >>> stamp(image, "I", row=10, column=10)
    >>> bool((image[10] < 100).any()), bool((image[0] == 255).all())
    (True, True)
    """
    ink = written(text, size)
    top = row - _font(size).getmetrics()[0] + round(0.35 * size)
    left = column - {"left": 0, "middle": ink.shape[1] // 2, "right": ink.shape[1]}[anchor]
    first = max(-top, 0), max(-left, 0)
    inside = image[max(top, 0) : max(top + ink.shape[0], 0), max(left, 0) : max(left + ink.shape[1], 0)]
    share = ink[first[0] :, first[1] :][: inside.shape[0], : inside.shape[1], None]
    inside[:] = (inside * (1 - share) + float(INK) * share).round().astype(np.uint8)


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise ImportError("Pillow is installed without FreeType, with which it draws letters; pip install pillow")
    return font


@lru_cache(maxsize=4096)
def _drawable(letter: str, size: int) -> str:
    """The letter, one that looks like it, or it without its accent: the first of these that the font has."""
    for each in (letter, _ALIKE.get(letter, letter), unicodedata.normalize("NFKD", letter)[0]):
        if each == " " or (each.isprintable() and _glyph(each, size) != _glyph(_NO_LETTER, size)):
            return each
    return _NO_LETTER


def _glyph(letter: str, size: int) -> bytes:
    canvas = Image.new("L", (2 * size, 2 * size))
    ImageDraw.Draw(canvas).text((0, 0), letter, fill=255, font=_font(size))
    return canvas.tobytes()
