"""Sliced Wasserstein: known on a line, against SciPy for unequal sets and weights, and below the real distance."""

import math

import pytest
import torch
from scipy.stats import wasserstein_distance

from diffshape import losses


def cloud(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize(("p", "expected"), [(1, (1 + 1 + 4) / 3), (2, (18 / 3) ** 0.5), (3, (66 / 3) ** (1 / 3))])
def test_hand_computed_values_on_a_line(p, expected):
    x, y = torch.tensor([[2.0], [0.0], [1.0]]).double(), torch.tensor([[1.0], [6.0], [2.0]]).double()
    value = losses.sliced_wasserstein_distance(x, y, p=p, projections=3)
    torch.testing.assert_close(value, torch.tensor(expected).double())


@pytest.mark.parametrize("weighted", [False, True])
def test_unequal_sets_on_a_line_equal_scipy(weighted):
    x, y = cloud(13, 1), cloud(8, 1, seed=1)
    weights = torch.arange(13).double() if weighted else None
    value = losses.sliced_wasserstein_distance(x, y, p=1, x_weights=weights, projections=2)
    expected = wasserstein_distance(x[:, 0], y[:, 0], None if weights is None else weights.numpy())
    assert value.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("p", [1, 2, 1.5])
def test_both_ways_to_compute_it_agree(p):
    x, y = cloud(2, 20, 3), cloud(2, 20, 3, seed=1)

    def value(**options):
        generator = torch.Generator().manual_seed(0)
        return losses.sliced_wasserstein_distance(x, y, p=p, generator=generator, reduction="none", **options)

    torch.testing.assert_close(value(x_weights=torch.ones(2, 20)), value())


def test_a_translation_in_space_is_its_length_over_root_three():
    x = cloud(50, 3)
    shift = torch.tensor([0.0, 3.0, 4.0])
    generator = torch.Generator().manual_seed(0)
    value = losses.sliced_wasserstein_distance(x, x + shift, projections=20_000, generator=generator)
    assert value.item() == pytest.approx(5 / math.sqrt(3), rel=0.01)


def test_the_same_generator_gives_the_same_bits_and_another_call_does_not():
    x, y = cloud(20, 3), cloud(20, 3, seed=1)
    first, second = (
        losses.sliced_wasserstein_distance(x, y, generator=torch.Generator().manual_seed(7)) for _ in range(2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(losses.sliced_wasserstein_distance(x, y), losses.sliced_wasserstein_distance(x, y))


@pytest.mark.parametrize("options", [{"projections": 0}, {"p": 0.5}])
def test_what_cannot_be_asked_is_refused(options):
    with pytest.raises(ValueError, match=r"^sliced_wasserstein_distance: projections and p must be at least 1, got"):
        losses.sliced_wasserstein_distance(cloud(3, 3), cloud(3, 3), **options)
