"""Work that handlers of a panel ask for, done one piece at a time, the newest of each kind only.

A slider that is dragged asks for more pictures than can be made; what is out of date before it is begun is dropped.
One thread does all of it, so that no field is evaluated and no kernel is called by two threads at once.
"""

import threading
import traceback
from collections.abc import Callable


class Jobs:
    """Jobs by name, in the order in which they were first asked for.

    >>> done = []
    >>> jobs = Jobs()
    >>> for number in range(3):
    ...     jobs.ask("slice", lambda number=number: done.append(number))
    >>> jobs.work()
    >>> done
    [2]
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Callable[[], None]] = {}
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy, self._ended = False, False

    def ask(self, name: str, job: Callable[[], None]) -> None:
        """Put a job in the place of the one of its name that waits, or behind the others."""
        with self._change:
            if not self._ended:
                self._waiting[name] = job
            self._change.notify_all()

    @property
    def waits(self) -> bool:
        """Whether there is something to do."""
        return bool(self._waiting)

    def work(self) -> None:
        """Do what waits, in the calling thread; a job that fails says so on stderr, and the others are done."""
        while job := self._next():
            self._do(job)

    def start(self) -> None:
        """From now on, do jobs as they come, in a thread of their own."""
        self._thread = threading.Thread(target=self._serve, name="diffshape viewer", daemon=True)
        self._thread.start()

    def settle(self) -> None:
        """Wait until nothing is left to do; without a thread, do it."""
        if self._thread is None:
            self.work()
            return
        with self._change:
            self._change.wait_for(lambda: self._ended or not (self._waiting or self._busy))

    def end(self) -> None:
        """Drop what waits, and end the thread."""
        with self._change:
            self._ended = True
            self._waiting.clear()
            self._change.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def _next(self) -> Callable[[], None] | None:
        with self._change:
            if not self._waiting:
                return None
            self._busy = True
            return self._waiting.pop(next(iter(self._waiting)))

    def _do(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception:
            traceback.print_exc()
        finally:
            with self._change:
                self._busy = False
                self._change.notify_all()

    def _serve(self) -> None:
        while not self._ended:
            self.work()
            with self._change:
                self._change.wait_for(lambda: self._ended or bool(self._waiting))
