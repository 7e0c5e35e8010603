"""The threads on which the steps of a fit are made."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from diffshape.fitting.methods.task import FitTask


@contextmanager
def threads_for(task: FitTask) -> Iterator[None]:
    """Let PyTorch use one thread while the steps of a task are too short to be divided.

    Waking other threads costs more than they save, and other threads compute true distances meanwhile. The number of
    threads is that of the process, so other work in it is slowed down as well.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1 if task.is_short else threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
