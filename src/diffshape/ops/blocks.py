"""Work on the CPU that is split into blocks: torch's threads take whole blocks, and not parts of each operation.

Operations on a block that fits into the cache of a core are too short to share: where two threads took half of each,
they were no faster than one; where each took every second block, they were nearly twice as fast.
"""

from collections.abc import Callable

import torch

from diffshape.kernels.threads import run_tasks


def work_on_blocks(work: Callable[[int], None], blocks: int, device: torch.device) -> None:
    """Call ``work`` with the number of every block from 0 on; on the CPU as many at a time as torch has threads.

    Within a call torch has one thread, so its results do not depend on their number. The calls may come in any order.
    """
    if device.type != "cpu":
        for block in range(blocks):
            work(block)
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        run_tasks(_with_one_thread, blocks, work, threads=threads)
    finally:
        torch.set_num_threads(threads)


def _with_one_thread(block: int, work: Callable[[int], None]) -> None:
    if torch.get_num_threads() != 1:  # a helper that has not worked so before; torch counts by thread
        torch.set_num_threads(1)
    work(block)
