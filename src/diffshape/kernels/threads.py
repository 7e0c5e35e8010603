"""Numba follows torch's number of threads."""

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
