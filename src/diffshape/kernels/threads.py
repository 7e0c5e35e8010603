"""Numba follows torch's number of threads."""

import numba
import torch


def follow_torch() -> None:
    """Let the next parallel kernel use as many threads as torch would."""
    numba.set_num_threads(max(1, min(torch.get_num_threads(), numba.config.NUMBA_NUM_THREADS)))
