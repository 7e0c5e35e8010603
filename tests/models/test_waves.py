import torch

from diffshape.models.waves import waves, with_waves


def test_octaves_by_hand():
    x = torch.tensor([[0.25, 1.0]])
    half = 2**-0.5
    expected = torch.tensor([[half, 1.0, half, 0.0, 0.0, 0.0, -1.0, 1.0]])  # sin, sin, cos, cos of each coordinate
    torch.testing.assert_close(waves(x, 2), expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(with_waves(x, 2), torch.cat([x, expected], -1), atol=1e-6, rtol=0)


def test_without_octaves_the_coordinates_are_left():
    x = torch.rand(2, 5, 3)
    assert torch.equal(with_waves(x, 0), x)
    assert with_waves(x, 4).shape == (2, 5, 27)
