"""Errors in one sentence, as a command line or a table shows them. Needs no torch."""

import errno
import re

_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "your quota is used up", errno.EFBIG: "a file got too large"}
"""Causes of errors for lack of room, by their numbers."""


def sentence(error: BaseException) -> str:
    """What went wrong, on one line.

    >>> sentence(FileNotFoundError(2, "No such file or directory", "scan.ply"))
    'scan.ply: no such file or directory'
    """
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        what = error.strerror[0].lower() + error.strerror[1:]
        return f"{where}{what}" + (f"; {_FULL[error.errno]}, make room and try again" if error.errno in _FULL else "")
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error) or "out of memory" in str(error):
        return "out of memory; try a smaller --resolution, fewer points, or a smaller field or batch"
    text = re.sub(r"\b[A-Z]\w*(?:Settings|Config): ", "", " ".join(str(error).split())) or type(error).__name__
    named = type(error).__name__ in ("UsageError", "TrainingError", "SafetensorError")  # which are above, or heavy
    expected = named or isinstance(error, (ValueError, OSError, ImportError))
    return text if expected else f"{type(error).__name__}: {text}"
