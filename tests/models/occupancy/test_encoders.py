import pytest
import torch

from diffshape.models import OccupancyConfig
from diffshape.models.occupancy.encoders import encoder_of, joined_with_maximum


def encoder(name):
    torch.manual_seed(0)
    return encoder_of(OccupancyConfig(input=name, code=5, encoder_width=4, encoder_blocks=2))


def test_features_are_joined_with_their_maximum():
    x = torch.tensor([[[1.0, 5.0], [3.0, 2.0]]])
    assert joined_with_maximum(x).tolist() == [[[1.0, 5.0, 3.0, 5.0], [3.0, 2.0, 3.0, 5.0]]]


def test_the_order_of_points_does_not_matter():
    clouds, order = torch.rand(2, 30, 3), torch.randperm(30)
    points, known = encoder("points"), encoder("occupancies")
    torch.testing.assert_close(points(clouds[:, order]), points(clouds))
    space = torch.cat([clouds, (clouds[..., :1] > 0.5).float()], -1)
    torch.testing.assert_close(known(space[:, order])[0], known(space)[0])


def test_one_point_more_of_the_same_changes_nothing():
    clouds = torch.rand(2, 30, 3)
    points = encoder("points")
    torch.testing.assert_close(points(torch.cat([clouds, clouds[:, :1]], 1)), points(clouds))


@pytest.mark.parametrize(("name", "sides"), [("voxels", (8, 8, 8)), ("images", (24, 32)), ("voxels", (16, 16, 16))])
def test_grids_of_any_size_have_codes_that_tell_axes_apart(name, sides):
    grids = torch.zeros(2, *sides)
    grids[0, : sides[0] // 2] = 1.0
    grids[1, :, : sides[1] // 2] = 1.0
    codes = encoder(name)(grids)
    assert codes.shape == (2, 5)
    assert (codes[0] - codes[1]).abs().max() > 1e-4


def test_occupancies_matter_to_the_encoder_that_reads_them():
    points = torch.rand(1, 30, 3)
    one, other = (
        encoder("occupancies")(torch.cat([points, torch.full((1, 30, 1), value)], -1))[0] for value in (0.0, 1.0)
    )
    assert (one - other).abs().max() > 1e-3
