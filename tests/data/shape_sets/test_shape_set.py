import pytest
import torch

from diffshape.data import ShapeSet

NAMES = ("a", "b", "c")


def shapes():
    rows = torch.arange(3.0)[:, None, None]
    return ShapeSet(names=NAMES, points=rows.expand(3, 5, 3), normals=rows.expand(3, 5, 3))


def test_some_of_the_shapes_keep_their_names_and_all_their_parts():
    some = shapes()[torch.tensor([2, 0])]
    assert some.names == ("c", "a")
    assert some.points[:, 0, 0].tolist() == some.normals[:, 0, 0].tolist() == [2.0, 0.0]
    assert shapes()[1:].names == ("b", "c")
    assert some.voxels is None


def test_a_split_holds_out_every_shape_once():
    learn, test = shapes().split(0.4, seed=3)
    assert sorted((*learn.names, *test.names)) == list(NAMES)
    assert len(test) == 1


def test_parts_must_have_a_row_for_each_name_and_for_each_point():
    with pytest.raises(ValueError, match="points must have a row for each of 2 names, got 3"):
        ShapeSet(names=("a", "b"), points=torch.zeros(3, 5, 3))
    with pytest.raises(ValueError, match=r"occupancies \(1, 4\) must be those of the volume_points, got \(1, 5, 3\)"):
        ShapeSet(names=("a",), volume_points=torch.zeros(1, 5, 3), occupancies=torch.zeros(1, 4, dtype=torch.bool))
    with pytest.raises(ValueError, match="must be those of the points, got None"):
        ShapeSet(names=("a",), normals=torch.zeros(1, 5, 3))


def test_parts_must_have_the_axes_that_they_are_known_by():
    with pytest.raises(ValueError, match=r"points must have shape \(S, N, 3\), got \(3, 5\)"):
        ShapeSet(names=NAMES, points=torch.zeros(3, 5))
    with pytest.raises(ValueError, match=r"views must have shape \(S, V, 3, 3\), got \(3, 1, 3, 4\)"):
        ShapeSet(names=NAMES, views=torch.zeros(3, 1, 3, 4))
    with pytest.raises(ValueError, match=r"voxels must have shape \(S, R, R, R\), got \(3, 4, 4, 5\)"):
        ShapeSet(names=NAMES, voxels=torch.zeros(3, 4, 4, 5, dtype=torch.bool))


def test_missing_parts_are_named_with_what_needs_them():
    assert shapes().require("points", by="train_x")[0].shape == (3, 5, 3)
    with pytest.raises(ValueError, match="train_x: shapes must have voxels, images, got ShapeSet"):
        shapes().require("points", "voxels", "images", by="train_x")
    with pytest.raises(ValueError, match="one shape or more"):
        shapes()[:0].require("points", by="train_x")
