"""Which engine takes which points."""

import pytest
import torch
from torch._subclasses import FakeTensorMode

from diffshape.ops import engines
from diffshape.ops.engines import as_array, has_numba, has_triton


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_numba_takes_floats_of_the_cpu_up_to_three_dimensions(dtype):
    assert has_numba(torch.zeros(2, 5, 3, dtype=dtype))
    assert has_numba(torch.zeros(5, 1, dtype=dtype))
    assert not has_numba(torch.zeros(2, 5, 4, dtype=dtype))
    assert not has_numba(torch.zeros(5, 3).half())
    with FakeTensorMode():
        assert not has_numba(torch.zeros(5, 3, dtype=dtype, device="cuda"))


@pytest.mark.parametrize("installed", [True, False])
def test_triton_takes_points_on_cuda_up_to_three_dimensions_where_it_is_installed(monkeypatch, installed):
    monkeypatch.setattr(engines, "find_spec", lambda name: object() if installed and name == "triton" else None)
    assert not has_triton(torch.zeros(5, 3))
    with FakeTensorMode():
        assert has_triton(torch.zeros(5, 3, device="cuda")) == installed
        assert not has_triton(torch.zeros(5, 4, device="cuda"))


def test_arrays_share_the_memory_of_contiguous_tensors():
    points = torch.zeros(2, 3, requires_grad=True)
    as_array(points)[0, 1] = 5
    assert points[0, 1] == 5
    assert as_array(points.t()).flags.c_contiguous
