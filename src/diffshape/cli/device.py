"""Device and number of threads of a command."""

import os

from diffshape._bounds import check_whole


def check_threads(number: int | None) -> None:
    """Check a number of threads: 1 at least, and at most the number of processors.

    Raises:
        ValueError: It is out of that range; more threads than processors would wait for each other.
    """
    if number is not None:
        check_whole("--threads", number, 1, os.cpu_count() or 1)


def chosen_device(name: str) -> str:
    """The device for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        ValueError: cuda is asked for and there is none.
    """
    from diffshape.training.device import chosen_device as chosen

    return str(chosen(name, argument="--device"))


def use_threads(number: int | None) -> None:
    """Let torch use ``number`` threads; Numba's kernels follow it. None leaves its own choice."""
    import torch

    if number is not None:
        torch.set_num_threads(number)
