import pytest
import torch

from diffshape.models import OccupancyConfig
from diffshape.models.occupancy.decoder import ConditionalBatchNorm, Decoder, ResidualBlock, ScaleAndShift

WAYS = ("additive", "film", "batch_norm", "once")


def small(conditioning):
    torch.manual_seed(0)
    return Decoder(OccupancyConfig(width=8, blocks=2, code=3, conditioning=conditioning))


def test_a_residual_block_by_hand():
    block = ResidualBlock(1, 1)
    for layer, weight, offset in ((block.first, 2.0, 1.0), (block.second, 3.0, -1.0)):
        torch.nn.init.constant_(layer.weight, weight)
        torch.nn.init.constant_(layer.bias, offset)
    # 2 + 3 relu(2 relu(2) + 1) - 1 = 16; -2 + 3 relu(0 + 1) - 1 = 0
    torch.testing.assert_close(block(torch.tensor([[2.0], [-2.0]])), torch.tensor([[16.0], [0.0]]))


def test_residual_blocks_start_as_their_short_cut():
    x = torch.rand(5, 8)
    torch.testing.assert_close(ResidualBlock(8, 8)(x), x)
    narrower = ResidualBlock(8, 4)
    torch.testing.assert_close(narrower(x), narrower.shortcut(x))


@pytest.mark.parametrize("way", ["film", "batch_norm"])
def test_at_the_start_the_code_has_no_effect_where_the_heads_are_zero(way):
    decoder, points = small(way), torch.rand(2, 50, 3)
    one, other = (decoder(points, torch.full((2, 3), value)) for value in (0.0, 5.0))
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_lets_the_code_learn(way):
    decoder, codes = small(way), torch.rand(2, 3)
    decoder(torch.rand(2, 50, 3), codes).square().sum().backward()
    of_code = [weight for weight in decoder.parameters() if weight.ndim == 2 and weight.shape[1] == 3]
    assert any(weight.grad is not None and weight.grad.abs().max() > 0 for weight in of_code[1:])


def test_scale_and_shift_by_hand():
    way = ScaleAndShift(1, 1)
    torch.nn.init.constant_(way.scale.weight, 2.0)
    torch.nn.init.constant_(way.shift.weight, 5.0)
    torch.testing.assert_close(way(torch.full((1, 1, 1), 3.0), torch.ones(1, 1)), torch.full((1, 1, 1), 14.0))


def test_batch_norm_is_over_all_points_of_all_shapes():
    x = torch.rand(3, 40, 8) * 5 + 2
    normalised = ConditionalBatchNorm(3, 8)(x, torch.rand(3, 3)).flatten(0, 1)
    torch.testing.assert_close(normalised.mean(0), torch.zeros(8), atol=1e-5, rtol=0)
    torch.testing.assert_close(normalised.std(0, unbiased=False), torch.ones(8), atol=1e-4, rtol=0)


@pytest.mark.parametrize("way", WAYS)
def test_after_training_no_answer_depends_on_what_else_is_asked(way):
    """A fault of batch normalisation left in training mode: other points change the answer."""
    decoder = small(way)
    decoder(torch.rand(2, 100, 3), torch.rand(2, 3))  # running means are kept
    decoder.eval()
    points, codes = torch.rand(2, 64, 3), torch.rand(2, 3)
    whole = decoder(points, codes)
    torch.testing.assert_close(decoder(points[:, :7], codes), whole[:, :7])
    torch.testing.assert_close(decoder(points[1:], codes[1:]), whole[1:])
