"""Hausdorff distance: by hand, against SciPy and NumPy, and its quantiles."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist, directed_hausdorff

from diffshape import losses

X = torch.tensor([[0.0], [1.0], [5.0]])
Y = torch.tensor([[0.0], [4.0]])


@pytest.mark.parametrize(("quantile", "expected"), [(1.0, 1.0), (0.0, 0.0), (0.5, 1.0), (0.25, 0.5)])
def test_hand_computed_values(quantile, expected):
    # distances from x: 0, 1, 1; from y: 0, 1
    assert losses.hausdorff_distance(X, Y, quantile=quantile).item() == expected


def clouds(count=50):
    generator = torch.Generator().manual_seed(count)
    return (torch.randn(count + extra, 3, generator=generator).double() for extra in (0, 7))


def test_the_value_is_that_of_scipy():
    x, y = clouds()
    expected = max(directed_hausdorff(x.numpy(), y.numpy())[0], directed_hausdorff(y.numpy(), x.numpy())[0])
    assert losses.hausdorff_distance(x, y).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("quantile", [0.0, 0.1, 0.5, 0.95, 1.0])
def test_quantiles_are_those_of_numpy(quantile):
    x, y = clouds()
    table = cdist(x.numpy(), y.numpy())
    expected = max(np.quantile(table.min(1), quantile), np.quantile(table.min(0), quantile))
    assert losses.hausdorff_distance(x, y, quantile=quantile).item() == pytest.approx(expected, rel=1e-12)


def test_it_is_the_largest_unsquared_chamfer_distance():
    x, y = clouds()
    expected = losses.chamfer_distance(x, y, squared=False, point_reduction="max")
    torch.testing.assert_close(losses.hausdorff_distance(x, y), expected)


def test_the_gradient_sits_on_one_pair():
    x = torch.tensor([[0.0, 0.0], [0.0, 9.0]], requires_grad=True)
    losses.hausdorff_distance(x, torch.zeros(1, 2)).backward()
    assert x.grad.tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_an_outlier_does_not_move_a_quantile():
    x, y = clouds(100)
    with_outlier = torch.cat([x, torch.full((1, 3), 1e3).double()])
    expected = losses.hausdorff_distance(x, y, quantile=0.9).item()
    assert losses.hausdorff_distance(with_outlier, y, quantile=0.9).item() == pytest.approx(expected, rel=0.2)


@pytest.mark.parametrize("quantile", [-0.1, 1.1, float("nan")])
def test_a_quantile_out_of_range_is_refused(quantile):
    with pytest.raises(ValueError, match=r"hausdorff_distance: quantile must lie in \[0, 1\], got"):
        losses.hausdorff_distance(X, Y, quantile=quantile)
