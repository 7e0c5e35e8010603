import numpy as np
import pytest
import torch

from diffshape.ops.neighborhoods.quadric_fit import RIDGE, fit_quadric, fit_windowed


def neighbors(seed, count=40, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    local = torch.rand(3, count, 3, generator=generator, dtype=dtype) * 2 - 1
    return local, torch.rand(3, count, generator=generator, dtype=dtype) + 0.1


def test_finds_the_quadric_that_its_points_lie_on():
    local, weights = neighbors(0)
    x, y, _ = local.unbind(-1)
    local[..., 2] = 0.3 + 0.1 * x - 0.2 * y + 0.5 * x * x - 0.4 * x * y + 0.25 * y * y
    found = fit_quadric(local, weights)
    assert torch.allclose(
        found, found.new_tensor([0.3, 0.1, -0.2, 0.5, -0.4, 0.25]), atol=0.04
    )  # the ridge pulls a bit


def test_is_the_ridge_regression_of_numpy():
    local, weights = neighbors(1)
    found = fit_quadric(local, weights)
    for points, weight, coefficients in zip(local.numpy(), weights.numpy(), found.numpy()):
        x, y, z = points.T
        terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
        rows = np.concatenate([terms * np.sqrt(weight)[:, None], np.diag(np.sqrt(weight.sum() * np.array(RIDGE)))])
        right = np.concatenate([z * np.sqrt(weight), np.zeros(6)])
        assert np.allclose(coefficients, np.linalg.lstsq(rows, right, rcond=None)[0])


def test_scale_of_the_weights_does_not_matter():
    local, weights = neighbors(2)
    assert torch.allclose(fit_quadric(local, weights), fit_quadric(local, 7.5 * weights))


def test_gradients():
    local, weights = neighbors(3, count=9)
    assert torch.autograd.gradcheck(fit_quadric, (local.requires_grad_(), weights.requires_grad_()))


@pytest.mark.parametrize("place", [0.0, 0.5])
def test_points_in_one_place_or_on_a_line_give_finite_heights(place):
    local = torch.full((1, 12, 3), place)
    assert torch.allclose(fit_quadric(local, torch.ones(1, 12))[0, 0], torch.tensor(place), atol=0.01 + 0.2 * place)
    line = torch.linspace(-1, 1, 12)[None, :, None] * torch.tensor([1.0, 0.0, 0.0]) + torch.tensor([0.0, 0.0, 0.2])
    assert torch.allclose(fit_quadric(line, torch.ones(1, 12))[0, 0], torch.tensor(0.2), atol=1e-3)


def test_the_kernel_fits_as_the_definition_does_over_a_wide_range_of_weights():
    generator = torch.Generator().manual_seed(4)
    raw, smooth = torch.rand(2, 70, 50, 3, generator=generator) * 2 - 1
    logits, windows = 16 * torch.rand(70, 50, 2, generator=generator) - 8, 4 * torch.rand(70, 2, generator=generator)
    with torch.no_grad():
        found = fit_windowed(raw, smooth, logits, windows)
    double = (each.double() for each in (raw, smooth, logits, windows))
    assert torch.allclose(found.double(), fit_windowed(*double), atol=2e-3)


def test_the_fit_of_two_sets_passes_gradients_on():
    generator = torch.Generator().manual_seed(5)
    raw, smooth = torch.rand(2, 2, 9, 3, generator=generator, dtype=torch.float64)
    logits = torch.randn(2, 9, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    windows = torch.rand(2, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *weights: fit_windowed(raw, smooth, *weights), (logits, windows))
