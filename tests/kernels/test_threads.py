"""Numba's threads: torch's number is followed and left alone."""

import subprocess
import sys

import numba
import torch

from diffshape.kernels.threads import follow_torch


def test_numba_uses_as_many_threads_as_torch():
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    follow_torch()
    assert numba.get_num_threads() == min(torch.get_num_threads(), numba.config.NUMBA_NUM_THREADS)


def test_starting_numba_leaves_torch_its_threads():
    code = (
        "import torch; torch.set_num_threads(1)\n"
        "from diffshape.kernels.threads import follow_torch\n"
        "follow_torch(); print(torch.get_num_threads())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"]  # a fresh process: Numba's threads start only once
