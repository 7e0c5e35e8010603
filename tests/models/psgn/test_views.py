from dataclasses import replace

import pytest
import torch

from diffshape.models import PSGNConfig, PSGNNetwork
from diffshape.models.psgn.views import views_of

CONFIG = PSGNConfig(network=PSGNNetwork(size=(16, 16), widths=(4, 8, 8), points=20), target_points=30)


def test_targets_are_turned_with_the_camera(boxes):
    """Seen from the side, the box that is 0.8 wide and 0.2 deep is 0.2 wide and 0.8 deep."""
    views, rows = views_of(boxes, CONFIG, by="test"), torch.arange(200)[None]
    first, side = torch.tensor([0]), torch.tensor([1])
    image, points = views.of(first, side, rows)
    assert torch.equal(image[0, 0], boxes.images[0, 1])
    assert points[0].abs().amax(0)[:2].tolist() == pytest.approx([0.1, 0.3], abs=0.01)
    torch.testing.assert_close(points[0] @ boxes.views[0, 1], boxes.points[0])  # and back
    wide = (image[0, 0].amax(0).sum() / 16).item()
    assert wide == pytest.approx(0.2, abs=1 / 16)  # the silhouette agrees


def test_the_frame_of_the_object_needs_no_views(boxes):
    config = replace(CONFIG, frame="object")
    views = views_of(replace(boxes, depths=None, views=None), config, by="test")
    _, points = views.of(torch.tensor([1]), torch.tensor([1]), torch.arange(5)[None])
    assert torch.equal(points[0], boxes.points[1, :5])


def test_depths_are_read_in_place_of_images(boxes):
    views = views_of(boxes, replace(CONFIG, reads="depths"), by="test")
    assert torch.equal(views.images, boxes.depths)


def test_each_image_comes_with_all_points_of_its_shape(boxes):
    pairs = list(views_of(boxes, CONFIG, by="test").each())
    assert len(pairs) == 4
    assert torch.equal(pairs[2][0][0, 0], boxes.images[1, 0])
    torch.testing.assert_close(pairs[3][1], boxes.points[1] @ boxes.views[1, 1].mT)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": None}, "test: shapes must have images, got ShapeSet"),
        ({"points": None}, "test: shapes must have points"),
        ({"views": None, "depths": None}, "test: shapes must have views"),
        ({"images": torch.zeros(2, 2, 16, 8)}, r"size of config.network, \(16, 16\), got \(2, 16, 8\)"),
        ({"images": torch.zeros(2, 0, 16, 16)}, r"size of config.network, \(16, 16\), got \(0, 16, 16\)"),
        ({"images": torch.zeros(2, 3, 16, 16)}, "views must be those of 3 images, got 2"),
        ({"points": torch.zeros(2, 20, 3)}, "must have config.target_points, 30, or more, got 20"),
    ],
)
def test_what_is_missing_is_said(boxes, change, message):
    with pytest.raises(ValueError, match=message):
        views_of(replace(boxes, **change), CONFIG, by="test")
