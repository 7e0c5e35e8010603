import pytest
import torch

from diffshape.models import LandmarkUNet, LandmarkUNetConfig


@pytest.mark.parametrize(("widths", "stride"), [((8, 8), 2), ((8, 8), 4), ((8, 16, 24), 4), ((16, 32, 64, 96, 128), 4)])
def test_maps_have_the_stride_they_say(widths, stride):
    network = LandmarkUNet(5, LandmarkUNetConfig(widths=widths, stride=stride))
    output = network(torch.randn(2, 1, 64, 96))
    assert output.heatmaps.shape == (2, 5, 64 // stride, 96 // stride)
    assert output.log_variance.shape == (2, 5, 2)


def test_every_parameter_learns():
    network = LandmarkUNet(3, LandmarkUNetConfig(widths=(8, 16, 24), stride=2))
    torch.nn.init.normal_(network.uncertainty.answer.weight)
    output = network(torch.randn(2, 1, 32, 32))
    (output.heatmaps.square().sum() + output.log_variance.square().sum()).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_each_image_is_for_itself():
    network, images = LandmarkUNet(3, LandmarkUNetConfig(widths=(8, 16))), torch.randn(3, 1, 16, 16)
    together, alone = network(images).heatmaps[1], network(images[1:2]).heatmaps[0]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shape", [(1, 3, 64, 64), (1, 64, 64), (1, 1, 60, 64), (1, 1, 64, 60)])
def test_other_images_are_refused(shape):
    with pytest.raises(ValueError, match="multiples of 32, got"):
        LandmarkUNet(3)(torch.zeros(shape))
