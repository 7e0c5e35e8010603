"""Where Sinkhorn's iterations end, and the scale at which they begin."""

import pytest
import torch

from diffshape.ops.transport.sinkhorn_steps import diameters, iterate, update


def cloud(count, seed):
    return torch.rand(2, count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("p", [1, 2])
def test_each_potential_is_the_best_answer_to_the_other(p):
    x, y, blur = cloud(9, 0), cloud(7, 1), torch.tensor([0.2, 0.4], dtype=torch.float64)
    a, b = (torch.full(each.shape[:2], 1 / each.shape[1], dtype=each.dtype) for each in (x, y))
    found = iterate(x, y, a, b, blur, p, 1e-12, 500, False)
    assert 0 < found.updates < 500
    torch.testing.assert_close(update(x, y, found.g, b, blur**p, p), found.f, rtol=0, atol=1e-9)
    torch.testing.assert_close(update(y, x, found.f, a, blur**p, p), found.g, rtol=0, atol=1e-9)


def test_too_few_iterations_warn():
    x, y, blur = cloud(9, 0), cloud(7, 1) + 1, torch.full((2,), 0.05, dtype=torch.float64)
    a, b = (torch.full(each.shape[:2], 1 / each.shape[1], dtype=each.dtype) for each in (x, y))
    with pytest.warns(UserWarning, match="entropic transport: after 1 iterations .* of the mass is not yet where"):
        assert iterate(x, y, a, b, blur, 2, 1e-12, 1, False).updates == 1


def test_the_diameter_is_that_of_points_that_weigh_anything():
    x = torch.tensor([[[0.0, 0.0, 0.0], [9.0, 9.0, 9.0]]])
    y = torch.tensor([[[3.0, 0.0, 4.0]]])
    assert diameters(x, y, torch.tensor([[1.0, 0.0]]), torch.ones(1, 1)).tolist() == [5.0]
