"""Reading of text and of numbers, for mesh formats in text."""

from pathlib import Path

from diffshape.data.arrays import ReadError
from diffshape.data.formats.text.encoding import encoding_of


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, UTF-16 or UTF-32; bytes that are none of it become U+FFFD.

    Raises:
        ReadError: The file has zero bytes, which no text has.
    """
    data = path.read_bytes()
    text = data.decode(encoding_of(data), errors="replace")
    if "\0" in text:
        raise ReadError(f"{path}: no text, as {path.suffix} files are; it is damaged or of another format")
    return text


def number(word: str) -> float:
    """A word as a number; a ValueError if it is not one, or only in Python, such as 1_000."""
    try:
        return float("" if "_" in word else word)
    except ValueError:
        raise ValueError(f"{word[:40]!r} is no number") from None


def whole_number(word: str) -> int:
    """A word as an integer of at most 18 characters; a ValueError if it is not one."""
    try:
        return int("" if "_" in word or len(word) > 18 else word)
    except ValueError:
        raise ValueError(f"{word[:40]!r} is no whole number of vertices or faces") from None
