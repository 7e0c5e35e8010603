import math

import pytest
import torch

from diffshape.models.divergence import normal_divergence


def test_the_divergence_by_hand():
    mean, variance = torch.tensor([1.0, 0.0, 0.0, 2.0]), torch.tensor([1.0, 4.0, 0.25, 1.0])
    by_hand = [1 / 2, (4 - 1 - math.log(4)) / 2, (0.25 - 1 - math.log(0.25)) / 2, 4 / 2]
    assert normal_divergence(mean, variance.log()).tolist() == pytest.approx(by_hand)


def test_it_is_that_of_the_distributions_of_torch():
    generator = torch.Generator().manual_seed(0)
    mean, deviation = torch.randn(3, 5, generator=generator), torch.rand(3, 5, generator=generator) + 0.1
    normal, standard = torch.distributions.Normal(mean, deviation), torch.distributions.Normal(0, 1)
    library = torch.distributions.kl_divergence(normal, standard)
    torch.testing.assert_close(normal_divergence(mean, 2 * deviation.log()), library)
