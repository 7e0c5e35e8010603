"""Pictures side by side with captions under them."""

import os
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from diffshape._arguments import checked
from diffshape.report.pictures.lettering import PAPER, fitted, stamp, width_of
from diffshape.report.pictures.png import write_png

GAP = 8
_SIZE = 16
"""Height of the font of captions, in pixels."""
_LINE, _ABOVE, _BELOW = 20, 4, 2
"""Pixels from line to line of a caption, above it and below it."""


@checked
def gallery(
    rows: Sequence[Sequence[tuple[str, UInt8[np.ndarray, "h w 3"]]]], *, path: str | os.PathLike[str] | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """Rows of (caption, picture), all pictures of one size, every caption centred under its picture.

    Args:
        rows: From the top; a short row is filled up with paper. A caption may have several lines; one that is wider
            than its picture is broken between words, and a longer word ends in "...".
        path: Where to write the gallery as PNG; None does not write.

    Raises:
        ValueError: There is no picture, or sizes differ.
        OSError: ``path`` cannot be written.

    >>> panel = np.zeros((20, 60, 3), np.uint8)
    >>> gallery([[("one", panel), ("two", panel)]]).shape
    (62, 144, 3)
    """
    pictures = [picture for row in rows for _, picture in row]
    if not pictures:
        raise ValueError("gallery: rows must hold one picture or more, got none")
    height, width, _ = pictures[0].shape
    if sizes := {picture.shape for picture in pictures} - {pictures[0].shape}:
        raise ValueError(f"gallery: pictures must have one size, got {pictures[0].shape} and {sizes.pop()}")
    columns = max(len(row) for row in rows)
    strips = []
    for row in rows:
        captions = [_lines(text, width) for text, _ in row]
        tallest = _ABOVE + _LINE * max((len(lines) for lines in captions), default=0) + _BELOW
        strip = np.full((GAP + height + tallest, GAP + columns * (width + GAP), 3), PAPER)
        for column, (lines, (_, picture)) in enumerate(zip(captions, row)):
            left = GAP + column * (width + GAP)
            strip[GAP : GAP + height, left : left + width] = picture
            for number, line in enumerate(lines):
                middle = GAP + height + _ABOVE + _LINE * number + _LINE // 2
                stamp(strip, line, row=middle, column=left + width // 2, size=_SIZE)
        strips.append(strip)
    image = np.concatenate([*strips, np.full((GAP, *strips[0].shape[1:]), PAPER)])
    if path is not None:
        write_png(path, image)
    return image


def _lines(text: str, width: int) -> list[str]:
    """The lines of a caption, none wider than ``width`` pixels."""
    lines = []
    for given in text.split("\n"):
        line = ""
        for word in given.split(" "):
            longer = f"{line} {word}" if line else word
            if line and width_of(longer, _SIZE) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return [fitted(line, width, _SIZE) for line in lines]
