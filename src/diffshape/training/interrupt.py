"""Interruption of a run: the first Ctrl-C or SIGTERM ends it after the step, a second Ctrl-C at once."""

import signal
import threading
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """While entered, ``requested`` turns true at the first SIGINT or SIGTERM; a later SIGINT raises KeyboardInterrupt.

    Only the main thread may handle signals; in any other this does nothing. A signal that is ignored (``nohup``, a job
    in the background) stays ignored. The handlers found at entry are put back at exit.
    """

    def __init__(self) -> None:
        self.requested = False
        self._found: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            found = {number: signal.getsignal(number) for number in _SIGNALS}
            self._found = {number: old for number, old in found.items() if old not in (signal.SIG_IGN, None)}
            for number in self._found:
                signal.signal(number, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._found.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = True
