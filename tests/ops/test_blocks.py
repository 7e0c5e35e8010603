import threading

import pytest
import torch

from diffshape.ops.blocks import work_on_blocks

CPU = torch.device("cpu")


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_every_block_is_worked_on_once_with_one_thread_and_no_gradient(threads):
    seen = []

    def work(block):
        seen.append((block, torch.get_num_threads(), torch.is_grad_enabled()))

    with torch.no_grad():
        work_on_blocks(work, 20, CPU)
    assert sorted(seen) == [(block, 1, False) for block in range(20)]
    assert torch.get_num_threads() == threads


def test_an_error_reaches_the_caller_and_the_threads_come_back(threads):
    def work(block):
        if block == 3:
            raise RuntimeError("block 3")

    with pytest.raises(RuntimeError, match="block 3"):
        work_on_blocks(work, 8, CPU)
    assert torch.get_num_threads() == threads


def test_other_devices_are_left_in_order():
    order = []
    work_on_blocks(lambda block: order.append((block, threading.current_thread().name)), 4, torch.device("meta"))
    assert order == [(block, threading.current_thread().name) for block in range(4)]
