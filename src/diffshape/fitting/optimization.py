"""The threads on which the steps of a fit are made."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from diffshape.fitting.methods.task import FitTask


@contextmanager
def threads_for(task: FitTask) -> Iterator[None]:
    """PyTorch keeps to one thread while steps are made that are too short to share.

    Waking others costs more than they take over, and meanwhile they have true distances to compute. The number of
    threads is the process's: what else runs in it is slowed down as well.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1 if task.is_short else threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
