"""How the characters of a text file are written."""

import codecs
from pathlib import Path


def text_encoding(path: Path) -> str:
    """The encoding of a text file by its first bytes; UTF-8 where they do not tell.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     _ = path.write_text("1,2,3", encoding="utf-16")
    ...     text_encoding(path)
    'utf-16'
    """
    with path.open("rb") as file:
        start = file.read(256)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for name, zeros, others in (("utf-16-le", start[1::2], start[::2]), ("utf-16-be", start[::2], start[1::2])):
        if len(start) >= 8 and not any(zeros) and all(others):
            return name
    return "utf-8-sig"
