import torch

from diffshape.fitting.scans.prior.config import PriorConfig
from diffshape.fitting.scans.prior.network import WINDOW, CleaningPass, ladder_ranks
from diffshape.ops.neighborhoods.definition import FEATURES, SUMMARY, Neighborhoods
from diffshape.ops.neighborhoods.quadric_fit import fit_quadric

LADDER = torch.arange(0, 30, 2)


def neighborhoods(seed=0, count=5, k=30):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.rand(count, *shape, generator=generator) * 2 - 1

    frames = torch.linalg.qr(draw(3, 3))[0]
    around = (draw(k, FEATURES), draw(SUMMARY), draw(k, 3), draw(k, 3), draw().abs(), frames, draw().abs() + 0.1)
    return Neighborhoods(*around)


def trained_a_little(seed=0):
    network = CleaningPass(PriorConfig())
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return network


def test_the_untrained_network_is_a_windowed_quadric_through_raw_and_smooth_neighbors():
    around = neighborhoods()
    estimate = CleaningPass(PriorConfig())(around, LADDER)
    both = torch.cat([around.raw, around.smooth], dim=1)
    fit = fit_quadric(both, torch.exp(-WINDOW * both[..., :2].square().sum(-1)))
    upright = torch.cat([-fit[:, 1:3], torch.ones(5, 1)], dim=1)
    assert torch.allclose(estimate.offset, fit[:, 0], atol=1e-6)
    assert torch.allclose(estimate.normal, upright / upright.norm(dim=1, keepdim=True), atol=1e-6)
    assert estimate.outlier.tolist() == [0.0] * 5


def test_order_of_the_neighbors_matters_only_through_the_ladder():
    around, network = neighborhoods(), trained_a_little()
    shuffled = torch.arange(30)
    shuffled[1::2] = shuffled[1::2].flip(0)  # those that are not on the ladder change places
    moved = around._replace(
        features=around.features[:, shuffled], raw=around.raw[:, shuffled], smooth=around.smooth[:, shuffled]
    )
    for one, other in zip(network(around, LADDER), network(moved, LADDER)):
        assert torch.allclose(one, other, atol=1e-4)


def test_moves_beside_the_fit_are_bounded_by_the_noise():
    around, network = neighborhoods(), trained_a_little()
    with torch.no_grad():
        network.surface.bias.fill_(100.0)
        silent = network(around._replace(noise=torch.zeros(5)), LADDER)
        loud = network(around, LADDER)
    assert torch.allclose(loud.offset - silent.offset, around.noise, atol=1e-4)
    assert torch.allclose(loud.normal.norm(dim=1), torch.ones(5))


def test_every_parameter_gets_a_gradient():
    network = trained_a_little()
    estimate = network(neighborhoods(), LADDER)
    total = sum((index + 1) * each.sum() for index, each in enumerate(estimate))
    total.backward()
    assert all(bool(parameter.grad.abs().sum() > 0) for parameter in network.parameters())


def test_ladders_hold_the_nearest_and_reach_the_last():
    assert ladder_ranks(20) == list(range(20))
    ranks = ladder_ranks(256)
    assert ranks[:32] == list(range(32))
    assert ranks[32:36] == [33, 35, 37, 39]
    assert ranks[-1] == 255
    assert ranks == sorted(set(ranks))
