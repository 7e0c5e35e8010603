from dataclasses import replace

import pytest
import torch

from diffshape.models import DrawnFamily, OccupancyConfig
from diffshape.models.occupancy.batches import ShapeBatches, inputs_of
from diffshape.models.occupancy.training import OCCUPANCY_TRAINING

CONFIG = OccupancyConfig(points=40, near=0.25, inputs=30, noise=0.0)
SHAPES = torch.tensor([1, 0, 1])


def generator():
    return torch.Generator().manual_seed(0)


def is_row_of(points, known):
    return (points[:, None] == known[None]).all(-1).any(1)


@pytest.fixture(scope="module")
def drawn():
    return OCCUPANCY_TRAINING.examples(DrawnFamily(family="table", shapes=3, test_shapes=2), seed=0)


@pytest.mark.parametrize("kind", ["points", "voxels", "images", "occupancies"])
def test_drawn_shapes_have_what_every_encoder_reads(drawn, kind):
    assert [len(shapes) for shapes in drawn] == [3, 2]
    for shapes in drawn:
        ShapeBatches(shapes, OccupancyConfig(input=kind))
        shapes.require("points", "normals", by="score_occupancy")


def test_points_come_with_their_occupancy_and_a_share_is_near_the_surface(two_boxes):
    space = ShapeBatches(two_boxes, CONFIG).space(SHAPES, generator())
    assert space.points.shape == (3, 40, 3)
    for row, shape in enumerate(SHAPES):
        volume, near = two_boxes.volume_points[shape], two_boxes.near_points[shape]
        assert is_row_of(space.points[row, :30], volume).all()
        assert is_row_of(space.points[row, 30:], near).all()
        place = (space.points[row, :30, None] == volume[None]).all(-1).nonzero()
        assert torch.equal(space.occupied[row, place[:, 0]], two_boxes.occupancies[shape, place[:, 1]])


@pytest.mark.parametrize(("near", "count"), [(0.0, 0), (1.0, 40)])
def test_all_or_none_near_the_surface(two_boxes, near, count):
    space = ShapeBatches(two_boxes, replace(CONFIG, near=near)).space(SHAPES[:1], generator())
    assert is_row_of(space.points[0], two_boxes.near_points[1]).sum() == count


def test_without_near_points_none_are_asked_for(two_boxes):
    bare = type(two_boxes)(names=two_boxes.names, points=two_boxes.points, volume_points=two_boxes.volume_points,
                           occupancies=two_boxes.occupancies)  # fmt: skip
    ShapeBatches(bare, replace(CONFIG, near=0.0))
    with pytest.raises(ValueError, match="train_occupancy: shapes must have near_points, near_occupancies"):
        ShapeBatches(bare, CONFIG)


def test_half_precision_is_widened(two_boxes):
    """Published files keep points in float16; they are read as what they are."""
    parts = {name: part.half() if part.is_floating_point() else part for name, part in two_boxes.parts().items()}
    batches = ShapeBatches(type(two_boxes)(names=two_boxes.names, **parts), CONFIG)
    space = batches.space(SHAPES, generator())
    assert space.points.dtype == batches.inputs(SHAPES, space, generator()).dtype == torch.float32


def test_noise_moves_surface_points(two_boxes):
    batches = ShapeBatches(two_boxes, CONFIG)
    space = batches.space(SHAPES, generator())
    clouds = batches.inputs(SHAPES, space, generator())
    assert clouds.shape == (3, 30, 3)
    assert is_row_of(clouds[0], two_boxes.points[1]).all()
    noisy = ShapeBatches(two_boxes, replace(CONFIG, noise=0.01)).inputs(SHAPES, space, generator())
    assert 0.007 < (noisy - clouds).std() < 0.013


def test_each_encoder_gets_what_it_reads(two_boxes):
    for name, of_second in (("voxels", two_boxes.voxels[1].float()), ("images", two_boxes.images[1])):
        batches = ShapeBatches(two_boxes, replace(CONFIG, input=name))
        inputs = batches.inputs(SHAPES, batches.space(SHAPES, generator()), generator())
        assert any(torch.equal(inputs[0], each) for each in (of_second if name == "images" else of_second[None]))
    batches = ShapeBatches(two_boxes, replace(CONFIG, input="occupancies"))
    space = batches.space(SHAPES, generator())
    assert torch.equal(batches.inputs(SHAPES, space, generator())[..., 3], space.occupied.float())


@pytest.mark.parametrize(
    ("name", "shape"), [("points", (2, 30, 3)), ("voxels", (2, 16, 16, 16)), ("images", (2, 16, 16)),
                        ("occupancies", (2, 40, 4))]
)  # fmt: skip
def test_without_chance_the_inputs_of_a_set_are_as_in_training(two_boxes, name, shape):
    inputs = inputs_of(two_boxes, replace(CONFIG, input=name), by="codes_of")
    assert inputs.shape == shape
    assert inputs.dtype == torch.float32
