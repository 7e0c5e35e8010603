import pytest
import torch
from torch import nn

from diffshape.models import PSGN, PUBLISHED_PSGN
from diffshape.models.psgn.networks import FullyConnected, Hourglass, ImagePyramid, Posterior, points_of_map

CONVOLUTIONS = [  # (inputs, outputs, kernel) in the order of the released code; the image has one channel
    *[(1, 16, 3), (16, 16, 3)],
    *[(16, 32, 3), (32, 32, 3), (32, 32, 3)],
    *[(32, 64, 3), (64, 64, 3), (64, 64, 3)],
    *[(64, 128, 3), (128, 128, 3), (128, 128, 3)],
    *[(128, 256, 5), (256, 256, 3), (256, 256, 3)],
    *[(256, 512, 5), (512, 512, 3), (512, 512, 3), (512, 512, 3)],
    (512, 512, 5),
    *[(512, 256, 5), (512, 256, 3), (256, 256, 3)],  # up: the carried, the map, both
    *[(256, 128, 5), (256, 128, 3), (128, 128, 3)],
    *[(128, 64, 5), (128, 64, 3), (64, 64, 3)],
    *[(64, 32, 5), (64, 32, 3), (32, 32, 3)],
    *[(32, 16, 5), (32, 16, 3), (16, 16, 3)],
    *[(16, 32, 3), (32, 32, 3), (32, 32, 3)],  # down
    *[(32, 64, 3), (64, 64, 3), (64, 64, 3)],
    *[(64, 128, 5), (128, 128, 3), (128, 128, 3)],
    *[(128, 256, 5), (256, 256, 3), (256, 256, 3)],
    (256, 512, 5),
    *[(512, 256, 5), (256, 256, 3), (256, 256, 3)],  # up again
    *[(256, 128, 5), (128, 128, 3), (128, 128, 3)],
    *[(128, 64, 5), (64, 64, 3), (64, 64, 3)],
    *[(64, 64, 3), (64, 3, 3)],
]
CODE = 512 * 3 * 4
LINEAR = [(CODE, 2048), (2048, 2048), (CODE, 2048), (2048, 1024), (1024, 256 * 3)]


def test_the_published_network_has_the_published_layers():
    model = PSGN(PUBLISHED_PSGN)
    layers = [each for each in model.modules() if isinstance(each, (nn.Conv2d, nn.ConvTranspose2d))]
    found = [(each.in_channels, each.out_channels, each.kernel_size[0]) for each in layers]
    assert sorted(found) == sorted(CONVOLUTIONS)
    linear = [(each.in_features, each.out_features) for each in model.modules() if isinstance(each, nn.Linear)]
    assert sorted(linear) == sorted(LINEAR)
    counted = sum(one * two * kernel**2 + two for one, two, kernel in CONVOLUTIONS)
    counted += sum(one * two + two for one, two in LINEAR)
    assert sum(each.numel() for each in model.parameters()) == counted == 70_153_987
    assert not any(isinstance(each, nn.modules.batchnorm._BatchNorm) for each in model.modules())


def test_the_published_network_gives_the_published_points():
    with torch.no_grad():
        assert PSGN(PUBLISHED_PSGN)(torch.rand(1, 1, 192, 256), torch.zeros(1, 0)).shape == (1, 1024, 3)


def test_a_pixel_of_a_map_is_a_point():
    """A channel-first reshape would put x of three pixels into one point."""
    x, y = torch.meshgrid(torch.arange(4.0), torch.arange(2.0), indexing="xy")
    points = points_of_map(torch.stack([x, y, torch.full_like(x, 7.0)])[None])
    assert points[0].tolist() == [[float(i), float(j), 7.0] for j in range(2) for i in range(4)]


@pytest.mark.parametrize(("grid_level", "count"), [(1, 16 * 8), (2, 8 * 4)])
def test_the_hourglass_has_a_point_for_each_pixel_of_its_level(grid_level, count):
    torch.manual_seed(0)
    glass, pyramid = Hourglass((4, 8, 8, 8), grid_level), ImagePyramid((4, 8, 8, 8))
    code, maps = pyramid(torch.rand(1, 1, 32, 16))
    points, second = glass(code.relu(), maps)
    assert (points.shape, second.shape) == ((1, count, 3), (1, 8, 4, 2))
    assert len(points[0].unique(dim=0)) == count
    assert [each.shape[1] for each in maps] == [4, 8, 8]  # the maps of the image stay what they were


def test_maps_halve_and_keep_the_size_of_what_passes():
    torch.manual_seed(0)
    code, maps = ImagePyramid((32, 32, 32, 32))(torch.randn(4, 1, 32, 32))
    assert [each.shape[-1] for each in maps] == [32, 16, 8]
    assert code.shape == (4, 32, 4, 4)
    assert 0.3 < code.square().mean() < 5


@pytest.mark.parametrize("grid_level", [None, 1])
def test_coordinates_may_be_negative(grid_level):
    """A rectifier behind the last layer, as in a reimplementation, would forbid it."""
    torch.manual_seed(0)
    if grid_level is None:
        points = FullyConnected(6, (8, 8), 30)(torch.rand(2, 6))
    else:
        code, maps = ImagePyramid((4, 4, 4))(torch.rand(2, 1, 16, 16))
        points, _ = Hourglass((4, 4, 4), grid_level)(code.relu(), maps)
    assert points.min() < 0 < points.max()


def test_no_answer_depends_on_the_others_of_a_batch():
    torch.manual_seed(0)
    pyramid, glass, branch = ImagePyramid((4, 4, 4)), Hourglass((4, 4, 4), 1), FullyConnected(64, (8,), 5, second=64)
    images = torch.rand(3, 1, 16, 16)

    def answers(images):
        code, maps = pyramid(images)
        points, second = glass(code.relu(), maps)
        return torch.cat([branch(code.relu().flatten(1), second.flatten(1)), points], 1)

    torch.testing.assert_close(answers(images)[1:2], answers(images[1:2]))


def test_the_posterior_knows_points_in_any_order_and_the_image():
    torch.manual_seed(0)
    posterior, points, code = Posterior(6, 4), torch.rand(2, 10, 3), torch.rand(2, 6)
    assert all(bool((part == 0).all()) for part in posterior(points, code))  # N(0, I) to begin with
    nn.init.normal_(posterior.last.weight)
    mean, log_variance = posterior(points, code)
    assert mean.shape == log_variance.shape == (2, 4)
    torch.testing.assert_close(posterior(points.flip(1), code)[0], mean)
    assert not torch.allclose(posterior(points, code.flip(0))[0], mean)
    assert not torch.allclose(posterior(points.flip(0), code)[0], mean)
