"""Notices of the library while it works: a line where somebody watches, else a log record. Needs no torch."""

import logging
import sys
from typing import Any, TextIO

LOGGER = logging.getLogger("diffshape")
"""The logger of the package; a level above INFO set on it silences every notice."""


def tell(text: str, stream: TextIO | None = None) -> None:
    """Say one line, in one place only.

    Where ``logging`` is set up to show INFO records of "diffshape", it is one of these. Elsewhere it is a line on
    ``stream`` (stderr if None), if that is a terminal or a notebook, or if INFO is the level set on this very logger,
    as the command line does. Otherwise nothing is said.
    """
    stream = stream or sys.stderr
    if LOGGER.isEnabledFor(logging.INFO) and LOGGER.hasHandlers():
        LOGGER.info(text)
    elif 0 < LOGGER.level <= logging.INFO or (LOGGER.level == logging.NOTSET and is_watched(stream)):
        print(text, file=stream, flush=True)


def is_watched(stream: Any) -> bool:
    """Whether somebody sees at once what is written to ``stream``: it is a terminal, or the output of a notebook.

    >>> import io
    >>> is_watched(io.StringIO())
    False
    """
    return stream is not None and (stream.isatty() or is_notebook(stream))


def is_notebook(stream: Any) -> bool:
    """Whether ``stream`` is the output of a notebook (Jupyter, Colab), which shows lines and moves no cursor."""
    return type(stream).__module__.partition(".")[0] == "ipykernel"
