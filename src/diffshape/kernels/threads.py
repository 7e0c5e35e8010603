"""As many threads as torch, for Numba's parallel loops and for kernels that are split into tasks.

Numba's ``prange`` brings a second OpenMP beside torch's: while a kernel runs, torch's idle workers still spin on the
cores it needs, and each loop ends only when every thread has been scheduled, which on a busy machine takes longer than
the work. ``run_tasks`` has neither trouble: whoever is free takes the next task, and a helper that has not begun when
none is left is not waited for.
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numba
import torch


def follow_torch() -> None:
    """Let the next parallel kernel use as many threads as torch would.

    The first call starts Numba's threads, which tells the OpenMP library that torch shares to use every core; torch is
    told its own number again.
    """
    threads = torch.get_num_threads()
    most = numba.config.NUMBA_NUM_THREADS  # pyright: ignore[reportAttributeAccessIssue]
    numba.set_num_threads(max(1, min(threads, most)))
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)


def run_tasks(kernel: Callable[..., None], tasks: int, *arguments: Any, threads: int | None = None) -> None:
    """Call ``kernel(task, *arguments)`` for every task from 0 on; the kernel must release the GIL to gain from it.

    Takes as many threads as torch, or ``threads``: with 1, work too small to share wakes nobody.
    """
    waiting = deque(range(tasks))

    def work() -> None:
        while waiting:
            try:
                task = waiting.popleft()
            except IndexError:
                return
            kernel(task, *arguments)

    helpers = min(threads or torch.get_num_threads(), tasks) - 1
    futures = [_pool(os.getpid()).submit(work) for _ in range(helpers)]
    work()
    for future in futures:
        if not future.cancel():
            future.result()


@lru_cache(maxsize=1)
def _pool(process: int) -> ThreadPoolExecutor:
    """One pool a process: threads do not survive a fork."""
    return ThreadPoolExecutor(max_workers=max(1, (os.cpu_count() or 2) - 1), thread_name_prefix="diffshape")
