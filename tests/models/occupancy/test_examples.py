import pytest

from diffshape.models import DrawnFamily, OccupancyConfig
from diffshape.models.occupancy.batches import ShapeBatches
from diffshape.models.occupancy.examples import occupancy_shapes


@pytest.mark.parametrize("kind", ["points", "voxels", "images", "occupancies"])
def test_drawn_shapes_have_what_every_encoder_reads(kind):
    learn, test = occupancy_shapes(DrawnFamily(family="table", shapes=3, test_shapes=2))
    assert (len(learn), len(test)) == (3, 2)
    for shapes in (learn, test):
        ShapeBatches(shapes, OccupancyConfig(input=kind))
        shapes.require("points", "normals", by="score_occupancy")
