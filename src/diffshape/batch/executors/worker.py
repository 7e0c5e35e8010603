"""A process that does one group of jobs after another for the pool that started it."""

import contextlib
import os
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any

from diffshape.batch.jobs.job import Work

OLD = 50
"""Number of jobs after which a process makes room for a fresh one, so that no leak grows for ever."""


def serve(work: Work, jobs: Connection, life: Connection) -> None:
    """Do the groups that come until there are no more.

    Args:
        work: What is done with a group.
        jobs: Groups come and endings go.
        life: Closed by the operating system when the pool's process ends, however it ends; this process then ends too.
    """
    with contextlib.suppress(OSError):
        os.setsid()  # Ctrl-C in a terminal reaches the pool alone, which asks its processes to stop
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            jobs.send(work(jobs.recv()))


def _end_with(life: Any) -> None:
    with contextlib.suppress(EOFError, OSError):
        life.recv()
    os._exit(1)
