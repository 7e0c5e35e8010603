"""As many threads as torch, for kernels that are split into tasks.

The tasks of a compiled kernel run on torch's own threads where its OpenMP can be entered (`openmp`). Everything else
runs on a pool of threads besides: Python's functions, what these call, and all tasks in a forked process. There a
thread that is free takes the next task, a helper that has not begun when none is left is not waited for, and a fork
gets threads of its own. Numba's ``prange`` would bring a second OpenMP: while a kernel runs, torch's idle workers still
spin on the cores it needs, and a process forked afterwards is ended at its first loop.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import torch
from numba.core.dispatcher import Dispatcher

from diffshape.kernels.openmp import loop_of, team_entry


def run_tasks(kernel: Callable[..., None], tasks: int, *arguments: Any, threads: int | None = None) -> None:
    """Call ``kernel(task, *arguments)`` for every task from 0 on; the kernel must release the GIL to gain from it.

    Takes as many threads as torch, or ``threads``: with 1, work too small to share wakes nobody. What torch keeps
    by thread is in the helpers as in the caller: whether gradients are recorded, and inference mode.
    """
    threads = threads or torch.get_num_threads()
    shared = min(threads, tasks) > 1
    if isinstance(kernel, Dispatcher):
        loop, entry = loop_of(kernel), team_entry() if shared and not _state.in_pool else 0
        if entry or not shared:
            loop(entry, threads, 0, tasks, *arguments)
        else:
            _run_in_pool(lambda task: loop(0, 1, task, task + 1, *arguments), tasks, threads)
    elif shared:
        _run_in_pool(lambda task: kernel(task, *arguments), tasks, threads)
    else:
        for task in range(tasks):
            kernel(task, *arguments)


class _State(threading.local):
    """What a thread knows of itself: whether it works for the pool, whose tasks do not enter torch's team."""

    in_pool = False


_state = _State()


def _run_in_pool(call: Callable[[int], None], tasks: int, threads: int) -> None:
    """Call ``call(task)`` for every task, here and in helpers from the pool."""
    waiting = deque(range(tasks))
    records, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()

    def help_out() -> None:
        with torch.inference_mode(inference), torch.set_grad_enabled(records):
            work()

    def work() -> None:
        before, _state.in_pool = _state.in_pool, True
        try:
            while waiting:
                try:
                    task = waiting.popleft()
                except IndexError:
                    return
                call(task)
        finally:
            _state.in_pool = before

    futures = [_pool(os.getpid()).submit(help_out) for _ in range(min(threads, tasks) - 1)]
    work()
    for future in futures:
        if not future.cancel():
            future.result()


@lru_cache(maxsize=1)
def _pool(process: int) -> ThreadPoolExecutor:
    """One pool a process: threads do not survive a fork."""
    return ThreadPoolExecutor(max_workers=max(1, (os.cpu_count() or 2) - 1), thread_name_prefix="diffshape")
