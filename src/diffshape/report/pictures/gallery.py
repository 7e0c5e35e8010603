"""Pictures side by side with captions under them."""

import os
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, UInt8

from diffshape._arguments import checked
from diffshape.report.pictures.lettering import BELOW, INK, PAPER, written
from diffshape.report.pictures.png import write_png

SCALE = 2
"""Width of a pixel of a letter, in pixels of the picture."""
GAP = 8


@checked
def gallery(
    rows: Sequence[Sequence[tuple[str, UInt8[np.ndarray, "h w 3"]]]], *, path: str | os.PathLike[str] | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """Rows of (caption, picture), all pictures of one size, every caption centred under its picture.

    Args:
        rows: From the top; a short row is filled up with paper. A caption may have several lines;
            letters are those of ASCII, accents are left out, and others become boxes.
        path: Where to write the gallery as PNG; None does not write.

    Raises:
        ValueError: There is no picture, sizes differ, or a caption is wider than its picture: 12 pixels a letter.
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
        captions = [_caption(text, width) for text, _ in row]
        tallest = max((len(caption) for caption in captions), default=0)
        strip = np.full((GAP + height + tallest, GAP + columns * (width + GAP), 3), PAPER)
        for column, (caption, (_, picture)) in enumerate(zip(captions, row)):
            left = GAP + column * (width + GAP)
            strip[GAP : GAP + height, left : left + width] = picture
            below = strip[GAP + height : GAP + height + len(caption), left : left + width]
            below[caption] = INK
        strips.append(strip)
    image = np.concatenate([*strips, np.full((GAP, *strips[0].shape[1:]), PAPER)])
    if path is not None:
        write_png(path, image)
    return image


def _caption(text: str, width: int) -> Bool[np.ndarray, "h w"]:
    """Mask of the ink: every line in the middle of ``width``, with space around it."""
    lines = [_line(line) for line in text.split("\n")]
    widest = max(line.shape[1] for line in lines)
    if widest > width:
        raise ValueError(f"gallery: caption {text!r} needs pictures {widest} pixels wide, got {width}")
    return np.concatenate([_centered(line, width) for line in lines] + [np.zeros(((3 - BELOW) * SCALE, width), bool)])


def _centered(line: Bool[np.ndarray, "h w"], width: int) -> Bool[np.ndarray, "h w"]:
    left = (width - line.shape[1]) // 2
    return np.pad(line, ((3 * SCALE, 0), (left, width - line.shape[1] - left)))


def _line(text: str) -> Bool[np.ndarray, "h w"]:
    return np.kron(written(text), np.ones((SCALE, SCALE))).astype(bool)
