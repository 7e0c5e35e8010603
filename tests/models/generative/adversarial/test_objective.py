import math

import pytest
import torch

from diffshape.models import LatentGANConfig
from diffshape.models.generative.adversarial.objective import critic_loss, generator_loss, gradient_penalty

REAL = torch.tensor([[1.0, 0.0], [2.0, 1.0]])
DRAWN = torch.tensor([[0.0, 0.0], [0.0, 3.0]])


def squares(examples):
    """A critic |x|^2 / 2, whose gradient at x is x."""
    return examples.square().sum(-1) / 2


def test_the_penalty_by_hand_with_a_place_for_each_example():
    """At (0.75, 0) and (0, 3) the gradients have norms 0.75 and 3."""
    found = gradient_penalty(squares, REAL, DRAWN, torch.tensor([0.25, 1.0])).item()
    assert found == pytest.approx(((0.75 - 1) ** 2 + (3 - 1) ** 2) / 2)
    one_for_all = gradient_penalty(squares, REAL, DRAWN, torch.tensor([0.25, 0.25]))
    assert found != pytest.approx(one_for_all.item())


def test_the_places_of_a_step_differ_from_example_to_example():
    """Of real examples 0 and drawn ones 1, the critic sees the shares themselves."""
    seen = []

    def critic(examples):
        seen.append(examples.detach())
        return examples.sum(-1)

    zeros, ones = torch.zeros(100, 3), torch.ones(100, 3)
    critic_loss(critic, zeros, ones, LatentGANConfig(), torch.Generator().manual_seed(0))
    places = next(each for each in seen if 0 < each.mean() < 1)
    assert (places == places[:, :1]).all()  # one share for all numbers of an example
    assert len(places[:, 0].unique()) == 100
    assert places[:, 0].min() < 0.1 < 0.9 < places[:, 0].max()


def test_the_penalty_of_a_constant_critic_has_finite_gradients():
    """The norm of a zero gradient has none of its own."""
    weight = torch.zeros(2, requires_grad=True)
    gradient_penalty(lambda examples: examples @ weight, REAL, DRAWN, torch.tensor([0.2, 0.7])).backward()
    assert weight.grad.isfinite().all()


def test_the_penalty_of_clouds_is_a_norm_over_all_their_numbers():
    clouds = torch.zeros(2, 4, 3)
    found = gradient_penalty(lambda x: x.sum((1, 2)), clouds, clouds + 1, torch.tensor([0.1, 0.9])).item()
    assert found == pytest.approx((math.sqrt(12) - 1) ** 2)


def test_wasserstein_by_hand():
    config, generator = LatentGANConfig(penalty=2.0), torch.Generator().manual_seed(5)
    terms = critic_loss(squares, REAL, DRAWN, config, generator)
    shares = torch.rand(2, generator=torch.Generator().manual_seed(5))
    value = (0 + 4.5) / 2 - (0.5 + 2.5) / 2
    penalty = gradient_penalty(squares, REAL, DRAWN, shares).item()
    assert terms.log() == pytest.approx({"loss": value + 2 * penalty, "critic": value, "penalty": penalty})
    assert generator_loss(squares, DRAWN, config).total == pytest.approx(-2.25)


def test_cross_entropy_by_hand():
    config = LatentGANConfig(objective="gan")
    probability = torch.sigmoid(squares(REAL)), torch.sigmoid(squares(DRAWN))
    expected = -probability[0].log().mean() - (1 - probability[1]).log().mean()
    found = critic_loss(squares, REAL, DRAWN, config, torch.Generator())
    assert found.total == pytest.approx(expected.item())
    assert set(found.parts) == {"critic"}
    assert generator_loss(squares, DRAWN, config).total == pytest.approx(-probability[1].log().mean().item())


def test_a_critic_that_is_sure_gives_finite_gradients():
    config = LatentGANConfig(objective="gan")
    real, drawn = torch.full((2, 2), -1e4, requires_grad=True), torch.full((2, 2), 1e4, requires_grad=True)
    total = critic_loss(lambda x: x.sum(-1), real, drawn, config, torch.Generator()).total
    total.backward()
    assert total.isfinite()
    assert (real.grad < 0).all()
    assert (drawn.grad > 0).all()
