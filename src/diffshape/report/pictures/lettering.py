"""Letters five pixels wide, drawn here: captions need no font file and no drawing library.

A letter has nine rows: seven above the line it stands on, two below. What there is no letter for becomes a box.
"""

import unicodedata
from typing import Literal

import numpy as np
from jaxtyping import Bool, UInt8

ROWS = 9
BELOW = 2
"""Rows below the line that letters stand on."""
INK, PAPER = np.uint8(48), np.uint8(255)
"""Grey of letters, and of what is between pictures."""
BOX = "1f11111111111f"
LETTERS = {  # rows from the top, each five bits as two hexadecimal digits; rows that are not there are empty
    "A": "0e11111f111111", "B": "1e11111e11111e", "C": "0e11101010110e", "D": "1e11111111111e", "E": "1f10101e10101f",
    "F": "1f10101e101010", "G": "0e11101713110f", "H": "1111111f111111", "I": "0e04040404040e", "J": "0702020202120c",
    "K": "11121418141211", "L": "1010101010101f", "M": "111b1515111111", "N": "11191513111111", "O": "0e11111111110e",
    "P": "1e11111e101010", "Q": "0e11111115120d", "R": "1e11111e141211", "S": "0f10100e01011e", "T": "1f040404040404",
    "U": "1111111111110e", "V": "11111111110a04", "W": "11111115151b11", "X": "11110a040a1111", "Y": "11110a04040404",
    "Z": "1f01020408101f",
    "a": "00000e010f110f", "b": "10101e1111111e", "c": "00000e1110110e", "d": "01010f1111110f", "e": "00000e111f100e",
    "f": "06081c08080808", "g": "00000f1111110f010e", "h": "10101e11111111", "i": "04000c0404040e",
    "j": "02000602020202120c", "k": "10101214181412", "l": "0c04040404040e", "m": "00001a15151515",
    "n": "00001e11111111", "o": "00000e1111110e", "p": "00001e1111111e1010", "q": "00000f1111110f0101",
    "r": "00001619101010", "s": "00000f100e011e", "t": "08081c08080906", "u": "0000111111130d", "v": "00001111110a04",
    "w": "0000111515150a", "x": "0000110a040a11", "y": "0000111111110f010e", "z": "00001f0204081f",
    "0": "0e11131519110e", "1": "040c040404040e", "2": "0e11010608101f", "3": "1f02040601110e", "4": "02060a121f0202",
    "5": "1f101e0101110e", "6": "0608101e11110e", "7": "1f010204080808", "8": "0e11110e11110e", "9": "0e11110f01020c",
    " ": "", "!": "04040404040004", '"': "0a0a0a", "#": "0a0a1f0a1f0a0a", "$": "040f140e051e04", "%": "18190204081303",
    "&": "0c12140815120d", "'": "040408", "(": "02040808080402", ")": "08040202020408", "*": "0004150e1504",
    "+": "0004041f0404", ",": "000000000c0408", "-": "0000001f", ".": "00000000000c0c", "/": "00010204081000",
    ":": "000c0c000c0c", ";": "000c0c000c0408", "<": "02040810080402", "=": "00001f001f", ">": "08040201020408",
    "?": "0e110102040004", "@": "0e11171517100e", "[": "0e08080808080e", "\\": "00100804020100", "]": "0e02020202020e",
    "^": "040a11", "_": "000000000000001f", "`": "0804", "{": "06040408040406", "|": "04040404040404",
    "}": "0c04040204040c", "~": "0000081502", "°": "06090906", "±": "04041f0404001f",
}  # fmt: skip


def written(text: str) -> Bool[np.ndarray, "9 w"]:
    """Mask of the ink in a line of text: six pixels a letter, the first of them a space.

    Accents are left out, and what there is still no letter for is a box.

    >>> print("\\n".join("".join(" #"[int(dot)] for dot in row).rstrip() for row in written("g")[2:]))
      ####
     #   #
     #   #
     #   #
      ####
         #
      ###
    """
    letters = [LETTERS.get(letter) or LETTERS.get(_plain(letter), BOX) for letter in text]
    rows = np.array([list(bytes.fromhex(letter).ljust(ROWS, b"\0")) for letter in letters], np.uint8).reshape(-1, ROWS)
    bits = np.unpackbits(rows[..., None], axis=-1)[..., 2:]  # five pixels and the space before them
    return bits.transpose(1, 0, 2).reshape(ROWS, -1).astype(bool)


def _plain(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0]


def stamp(
    image: UInt8[np.ndarray, "h w 3"],
    text: str,
    *,
    row: int,
    column: int,
    anchor: Literal["left", "middle", "right"] = "middle",
    scale: int = 1,
) -> None:
    """Write a line of text into a picture, in dark grey; what lies outside the picture is cut off.

    Args:
        image: Picture that is written into.
        text: The line.
        row: Row of pixels in which the middle of a capital letter lies.
        column: Column of pixels at which the text is anchored.
        anchor: Which part of the text stands at ``column``.
        scale: Width of a pixel of a letter, in pixels of the picture.

    >>> image = np.full((20, 20, 3), 255, np.uint8)
    >>> stamp(image, "I", row=10, column=10)
    >>> int((image == 48).all(-1).sum())
    11
    """
    mask = np.kron(written(text)[:, 1:], np.ones((scale, scale))).astype(bool)  # without the space that comes first
    left = column - {"left": 0, "middle": mask.shape[1] // 2, "right": mask.shape[1]}[anchor]
    rows, columns = np.nonzero(mask)
    rows, columns = rows + row - (ROWS - BELOW) * scale // 2, columns + left
    inside = (rows >= 0) & (rows < image.shape[0]) & (columns >= 0) & (columns < image.shape[1])
    image[rows[inside], columns[inside]] = INK
