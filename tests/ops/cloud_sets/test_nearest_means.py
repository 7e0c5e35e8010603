"""all_nearest_means: the kernel's tables are those of the definition, for any number of threads."""

import pytest
import torch

from diffshape.kernels.numba_nearest_means import LARGE_LEAF
from diffshape.ops.cloud_sets.nearest_means import all_nearest_means, reference_nearest_means


def clouds(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 7, LARGE_LEAF + 1, 300])
def test_the_kernel_is_the_reference(dtype, dimension, count):
    x, y = clouds(3, count, dimension, dtype=dtype), clouds(4, 50, dimension, seed=1, dtype=dtype) + 0.5
    for found, wanted in zip(all_nearest_means(x, y), reference_nearest_means(x, y)):
        assert found.dtype == torch.float64
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=0)


def test_equal_points_and_far_clouds():
    x = clouds(2, 100, 3).round()
    y = torch.cat([x, x + 1e6])
    for found, wanted in zip(all_nearest_means(x, y), reference_nearest_means(x, y)):
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=0)
        assert found[0, 0] == found[1, 1] == 0


def test_more_coordinates_than_the_kernel_takes():
    x, y = clouds(2, 20, 5), clouds(3, 30, 5, seed=1)
    wanted = torch.cdist(x[:, None], y[None]).amin(-1).mean(-1)
    torch.testing.assert_close(all_nearest_means(x, y).distances, wanted, rtol=1e-6, atol=0)


def test_threads_do_not_matter():
    x, y, before, found = clouds(5, 200, 3), clouds(6, 150, 3, seed=1), torch.get_num_threads(), []
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            found.append(torch.stack([*all_nearest_means(x, y)]))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)
