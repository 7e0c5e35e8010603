"""Pictures side by side with captions under them, in capitals five pixels wide and seven high, drawn here.

Letters need no font file and no drawing library, so a gallery can be made wherever the package runs.
"""

import os
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, UInt8

from diffshape.report.png import write_png

SCALE = 2
"""Pixels of the picture for one of a letter."""
GAP = 8
INK, PAPER = np.uint8(48), np.uint8(255)
_LETTERS = {  # seven rows from the top, each five bits as two hexadecimal digits
    "A": "0e11111f111111", "B": "1e11111e11111e", "C": "0e11101010110e", "D": "1e11111111111e", "E": "1f10101e10101f",
    "F": "1f10101e101010", "G": "0e11101713110f", "H": "1111111f111111", "I": "0e04040404040e", "J": "0702020202120c",
    "K": "11121418141211", "L": "1010101010101f", "M": "111b1515111111", "N": "11191513111111", "O": "0e11111111110e",
    "P": "1e11111e101010", "Q": "0e11111115120d", "R": "1e11111e141211", "S": "0f10100e01011e", "T": "1f040404040404",
    "U": "1111111111110e", "V": "11111111110a04", "W": "11111115151b11", "X": "11110a040a1111", "Y": "11110a04040404",
    "Z": "1f01020408101f", "0": "0e11131519110e", "1": "040c040404040e", "2": "0e11010608101f", "3": "1f02040601110e",
    "4": "02060a121f0202", "5": "1f101e0101110e", "6": "0608101e11110e", "7": "1f010204080808", "8": "0e11110e11110e",
    "9": "0e11110f01020c", ".": "00000000000c0c", ",": "000000000c0408", "-": "0000001f000000", "+": "0004041f040400",
    "=": "00001f001f0000", "%": "18190204081303", "/": "00010204081000", "(": "02040808080402", ")": "08040202020408",
    ":": "000c0c000c0c00", " ": "00000000000000",
}  # fmt: skip


def gallery(
    rows: Sequence[Sequence[tuple[str, UInt8[np.ndarray, "h w 3"]]]], *, path: str | os.PathLike[str] | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """Rows of (caption, picture), all pictures of one size, every caption centred under its picture.

    Args:
        rows: From the top; a short row is filled up with paper. A caption may have several lines.
        path: Where to write the gallery as PNG; None does not write.

    Raises:
        ValueError: There is no picture, sizes differ, a caption is wider than its picture or has a character there is
            no letter for (those there are: A to Z, in either case, digits, space and . , - + = % / ( ) :).
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
    """Where there is ink: every line in the middle of ``width``, with space around it."""
    lines = [_line(line) for line in text.upper().split("\n")]
    widest = max(line.shape[1] for line in lines)
    if widest > width:
        raise ValueError(f"gallery: caption {text!r} needs pictures {widest} pixels wide, got {width}")
    return np.concatenate([_centred(line, width) for line in lines] + [np.zeros((3 * SCALE, width), bool)])


def _centred(line: Bool[np.ndarray, "h w"], width: int) -> Bool[np.ndarray, "h w"]:
    left = (width - line.shape[1]) // 2
    return np.pad(line, ((3 * SCALE, 0), (left, width - line.shape[1] - left)))


def _line(text: str) -> Bool[np.ndarray, "h w"]:
    if strange := set(text) - set(_LETTERS):
        raise ValueError(f"gallery: there is no letter for {strange.pop()!r} in caption {text!r}")
    rows = np.array([list(bytes.fromhex(_LETTERS[letter])) for letter in text], np.uint8).reshape(-1, 7)
    bits = np.unpackbits(rows[..., None], axis=-1)[..., 2:]  # five pixels and the space before them
    return np.kron(bits.transpose(1, 0, 2).reshape(7, -1), np.ones((SCALE, SCALE))).astype(bool)
