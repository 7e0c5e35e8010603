"""How work is cut for kernels: blocks of points, and calls for threads to share."""

import torch

from diffshape.kernels.numba_hash_encode import BLOCK
from diffshape.ops import GridLayout
from diffshape.ops.hash_grid.kernel_calls import blocks_of, calls_for, plan_rows


def test_the_last_block_may_be_part_full():
    assert [blocks_of(torch.empty(2, count, 3)) for count in (0, 1, BLOCK, BLOCK + 1)] == [0, 1, 1, 2]


def test_little_work_is_one_call_and_much_has_no_more_calls_than_parts():
    few, many, fade = torch.empty(100, 3), torch.empty(2**16, 3), torch.ones(8)
    assert calls_for(few, fade, 8) == 1
    assert calls_for(many, fade, 100) == 2**16 * 8 // 2**15
    assert calls_for(many, fade, 100, jacobian=True) == 4 * calls_for(many, fade, 100)
    assert calls_for(many, fade, 5) == 5


def test_a_plan_has_a_row_a_level():
    grid = GridLayout(levels=3, base=4, finest=16, log2_entries=7)
    rows = plan_rows(grid.plan)
    assert rows[:, 0].tolist() == list(grid.scales)
    assert rows[:, 1].tolist() == list(grid.resolutions)
    assert rows[:, 3].tolist() == list(grid.sizes)
