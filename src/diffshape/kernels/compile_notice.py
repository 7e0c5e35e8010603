"""Notice that kernels are being compiled, which takes half a minute or so at their first use on a machine."""

import threading
from time import monotonic
from typing import Any

from numba.core.event import Listener

from diffshape._notices import tell

PATIENCE = 1.0
"""Seconds of compilation in a process, all together, after which the notice is given."""

NOTICE = "diffshape: compiling kernels, once; this takes up to half a minute"
"""Text of the notice."""


class CompileNotice(Listener):
    """Listener to Numba's compilations that gives one notice in a process; a kernel read from Numba's cache gives none.

    Numba compiles under one lock, so starts and ends come from one thread at a time, nested where a kernel calls
    another. Compilations of functions that are not this package's are not counted.
    """

    def __init__(self) -> None:
        self._depth, self._began, self._spent = 0, 0.0, 0.0
        self._timer: threading.Timer | None = None
        self._said = False

    def on_start(self, event: Any) -> None:
        """A compilation begins: give the notice, unless it ends soon."""
        if self._said or not _is_ours(event):
            return
        self._depth += 1
        if self._depth == 1:
            self._began = monotonic()
            self._timer = threading.Timer(max(0.0, PATIENCE - self._spent), self._say)
            self._timer.daemon = True
            self._timer.start()

    def on_end(self, event: Any) -> None:
        """A compilation ended."""
        if self._timer is None or not _is_ours(event):
            return
        self._depth -= 1
        if self._depth == 0:
            self._timer.cancel()
            self._timer = None
            self._spent += monotonic() - self._began

    def _say(self) -> None:
        if not self._said:
            self._said = True
            tell(NOTICE)


def _is_ours(event: Any) -> bool:
    return event.data["dispatcher"].py_func.__module__.startswith("diffshape.")
