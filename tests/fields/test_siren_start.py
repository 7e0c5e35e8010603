"""The first weights are those of the official codes, in distribution and in structure."""

import math

import pytest
import torch

from diffshape.fields import SirenConfig
from diffshape.fields.siren_start import start_weights


def layers(seed=0, **options):
    return start_weights(SirenConfig(**options), torch.Generator().manual_seed(seed))


def assert_uniform(values, low, high):
    """Within the bounds, up to both of them, with the mean and spread of a uniform distribution."""
    assert low <= values.min() < low + 0.04 * (high - low)
    assert high - 0.04 * (high - low) < values.max() <= high
    assert abs(values.mean() - (low + high) / 2) < 0.05 * (high - low)
    assert values.std().item() == pytest.approx((high - low) / math.sqrt(12), rel=0.1)


def test_siren():
    first, *others = layers(frequency=20.0)
    assert_uniform(first[0], -1 / 3, 1 / 3)
    for weight, bias in others:
        bound = math.sqrt(6 / 256) / 20
        assert_uniform(weight, -bound, bound)
        assert bias.abs().max() <= 1 / 16  # the default of torch.nn.Linear, which the official code leaves


def test_siren_spreads_its_sines_alike():
    """Every layer has arguments near N(0, 1), so that depth changes nothing."""
    h = torch.rand(1000, 3, generator=torch.Generator().manual_seed(1)) * 2 - 1
    for index, (weight, bias) in enumerate(layers(hidden_layers=5)[:-1]):
        u = 30 * (h @ weight.t() + bias)
        h = u.sin()
        assert h.std().item() == pytest.approx(math.sqrt(0.5), rel=0.1)
        assert index == 0 or 0.8 < u.std() < 3


def test_sphere():
    *hidden, (cosine, phase), (last, offset) = layers(start="sphere")
    for weight, bias in hidden:
        assert_uniform(weight, -math.sqrt(3 / 256) / 30, math.sqrt(3 / 256) / 30)
        assert bias.abs().max() <= 1 / (1000 * 256 * 30)
    quarter = math.pi / 2
    assert (30 * cosine - quarter * torch.eye(256)).std().item() == pytest.approx(0.001, rel=0.05)
    assert (30 * phase - quarter).abs().max() < 0.01
    assert (last + 1).abs().max() < 1e-4
    assert offset.tolist() == [256.0]


def test_multi_frequency():
    (first, _), (second, _), *rest = layers(start="multi-frequency")
    assert_uniform(first[:64], -1 / 30, 1 / 30)
    assert_uniform(first[64:], -1.0, 1.0)
    bound = math.sqrt(3 / 256)
    assert_uniform(second[:64, :64], -bound / 30, bound / 30)
    assert_uniform(torch.cat([second[64:].flatten(), second[:64, 64:].flatten()]), -5e-4 * bound, 5e-4 * bound / 30)
    assert [tuple(weight.shape) for weight, _ in rest] == [(256, 256), (256, 256), (1, 256)]


@pytest.mark.parametrize("start", ["siren", "sphere", "multi-frequency"])
def test_the_generator_decides(start):
    one, same, other = (layers(seed, start=start, width=16) for seed in (3, 3, 4))
    for left, right, different in zip(one, same, other):
        assert torch.equal(left[0], right[0])
        assert not torch.equal(left[0], different[0])
