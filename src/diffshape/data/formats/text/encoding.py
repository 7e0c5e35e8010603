"""How the characters of a text file are written."""

import codecs
import io
from pathlib import Path

_FIRST_BYTES = 256
"""Bytes of a file that tell its encoding."""


def open_text(path: Path, *, newline: str | None = None) -> io.TextIOWrapper:
    """A text file open for reading, in the encoding that its first bytes tell; bytes that are not text become U+FFFD.

    Args:
        path: The file.
        newline: Line ends to recognise, as in ``open``.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     _ = path.write_text("1,2,3", encoding="utf-16")
    ...     with open_text(path) as file:
    ...         file.encoding, file.read()
    ('utf-16', '1,2,3')
    """
    file = path.open("rb")
    encoding = encoding_of(file.read(_FIRST_BYTES))
    file.seek(0)
    return io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=newline)


def encoding_of(data: bytes) -> str:
    """The encoding of a text by its first bytes; UTF-8 where they do not tell.

    >>> encoding_of("1,2,3,4".encode("utf-16-le")), encoding_of(b"1,2,3")
    ('utf-16-le', 'utf-8-sig')
    """
    start = data[:_FIRST_BYTES]
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for name, zeros, others in (("utf-16-le", start[1::2], start[::2]), ("utf-16-be", start[::2], start[1::2])):
        if len(start) >= 8 and not any(zeros) and all(others):
            return name
    return "utf-8-sig"
