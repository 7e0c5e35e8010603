"""As many threads as torch, for kernels that are split into tasks.

Numba's ``prange`` would bring a second OpenMP beside torch's: while a kernel runs, torch's idle workers still spin on
the cores it needs, each loop ends only when every thread has been scheduled, which on a busy machine takes longer than
the work, and a process forked afterwards is ended at its first loop. ``run_tasks`` has none of these troubles: a
thread that is free takes the next task, a helper that has not begun when none is left is not waited for, and a fork
gets threads of its own.
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import torch


def run_tasks(kernel: Callable[..., None], tasks: int, *arguments: Any, threads: int | None = None) -> None:
    """Call ``kernel(task, *arguments)`` for every task from 0 on; the kernel must release the GIL to gain from it.

    Takes as many threads as torch, or ``threads``: with 1, work too small to share wakes nobody. What torch keeps
    by thread is in the helpers as in the caller: whether gradients are recorded, and inference mode.
    """
    waiting = deque(range(tasks))
    records, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()

    def help_out() -> None:
        with torch.inference_mode(inference), torch.set_grad_enabled(records):
            work()

    def work() -> None:
        while waiting:
            try:
                task = waiting.popleft()
            except IndexError:
                return
            kernel(task, *arguments)

    helpers = min(threads or torch.get_num_threads(), tasks) - 1
    futures = [_pool(os.getpid()).submit(help_out) for _ in range(helpers)]
    work()
    for future in futures:
        if not future.cancel():
            future.result()


@lru_cache(maxsize=1)
def _pool(process: int) -> ThreadPoolExecutor:
    """One pool a process: threads do not survive a fork."""
    return ThreadPoolExecutor(max_workers=max(1, (os.cpu_count() or 2) - 1), thread_name_prefix="diffshape")
