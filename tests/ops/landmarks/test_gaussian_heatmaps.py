import math

import pytest
import torch

from diffshape.ops import gaussian_heatmaps


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def test_hand_values():
    found = gaussian_heatmaps(tensor(1.25, 0), (2, 3), sigma=2.0)
    expected = [[math.exp(-((x - 1.25) ** 2 + y**2) / 8) for x in range(3)] for y in range(2)]
    torch.testing.assert_close(found, tensor(*expected))


@pytest.mark.parametrize("sigma", [1.5, 2.0, 4.0])
def test_mass(sigma):
    found = gaussian_heatmaps(tensor(30.3, 31.8), (64, 64), sigma=sigma)
    assert found.sum().item() == pytest.approx(2 * math.pi * sigma**2, rel=1e-6)
    assert found.square().sum().item() == pytest.approx(math.pi * sigma**2, rel=1e-6)


def test_rounded_peaks_are_exactly_one():
    points = tensor([3.3, 2.6], [0.5, 1.5], [-0.4, 0.2])
    maps = gaussian_heatmaps(points, (5, 6), rounded=True)
    assert [(maps[i] == 1).nonzero().tolist() for i in range(3)] == [[[3, 3]], [[2, 1]], [[0, 0]]]
    assert (gaussian_heatmaps(points[0], (5, 6)) < 1).all()


@pytest.mark.parametrize("point", [(-0.6, 2), (5.5, 2), (2, -0.6), (2, 4.5), (math.nan, 2), (math.inf, 2)])
def test_a_landmark_outside_gives_an_empty_channel(point):
    assert gaussian_heatmaps(tensor(*point), (5, 6)).abs().max() == 0
    assert gaussian_heatmaps(tensor(-0.5, 4.4), (5, 6)).max() > 0.9


def test_masked_nan_goes_nowhere():
    points = tensor([2, 2], [math.nan, 1], [1, 1]).requires_grad_()
    maps = gaussian_heatmaps(points, (4, 4), mask=torch.tensor([True, True, False]))
    maps.sum().backward()
    assert maps[1:].abs().max() == 0
    assert torch.isfinite(points.grad).all()


def test_gradcheck():
    points = tensor([2.2, 1.7], [0.1, 3.0]).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: gaussian_heatmaps(p, (4, 5)), points)
    assert torch.autograd.gradgradcheck(lambda p: gaussian_heatmaps(p, (4, 5)), points)


def test_shapes_and_dtypes():
    assert gaussian_heatmaps(torch.zeros(2, 3, 2), (4, 5)).shape == (2, 3, 4, 5)
    assert gaussian_heatmaps(torch.zeros(2).half(), (4, 5)).dtype == torch.float32
    compiled = torch.compile(gaussian_heatmaps, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(torch.ones(3, 2), (4, 5)), gaussian_heatmaps(torch.ones(3, 2), (4, 5)))


def test_wrong_arguments():
    with pytest.raises(ValueError, match="landmarks must be floating point"):
        gaussian_heatmaps(torch.zeros(3), (4, 5))
    with pytest.raises(ValueError, match="size must be"):
        gaussian_heatmaps(torch.zeros(2), (0, 5))
    with pytest.raises(ValueError, match="sigma must be positive"):
        gaussian_heatmaps(torch.zeros(2), (4, 5), sigma=0)
    with pytest.raises(ValueError, match=r"mask must be boolean, shape \(3,\)"):
        gaussian_heatmaps(torch.zeros(3, 2), (4, 5), mask=torch.ones(3, 2, dtype=torch.bool))
