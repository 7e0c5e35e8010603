"""Reading pages that the library wrote: their tags, their text, and the arrays of their scenes."""

import base64
import json
import zlib
from html.parser import HTMLParser

import numpy as np

_VOID = {"img", "input", "meta", "br"}


class PageReader(HTMLParser):
    """Tags, attributes and text of a page whose every tag is closed in its order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)


def packed_scene(page: str) -> tuple[dict, bytes]:
    """The manifest of the first scene of a page, and its arrays."""
    scripts = PageReader(page).texts["script"]
    manifest = next(text for text in scripts if text.startswith('{"up"'))
    return json.loads(manifest), zlib.decompress(base64.b64decode(scripts[scripts.index(manifest) + 1]))


def unpacked(content: bytes, place: dict, width: int) -> np.ndarray:
    """Numbers of 16 or 32 bits, by the definition: the two bytes or four of a number lie ``count`` bytes apart."""
    count, numbers, last = place["count"], [], 0
    for each in range(count):
        folded = sum(content[place["at"] + byte * count + each] << (8 * byte) for byte in range(width))
        last = (last + (-(folded + 1) // 2 if folded % 2 else folded // 2)) % 2 ** (8 * width)
        numbers.append(last)
    return np.array(numbers, np.int64)


def unpacked_places(content: bytes, place: dict) -> np.ndarray:
    """Coordinates (N, 3)."""
    return np.array(place["low"]) + place["step"] * unpacked(content, place, 2).reshape(3, -1).T
