from importlib import import_module

import pytest
import torch

from diffshape.data import draw_shapes, icosphere, write_mesh
from diffshape.models import DrawnFamily, ShapeFiles, training_shapes


def test_a_drawn_family_gives_only_what_is_asked_for_and_other_shapes_to_be_tested_on():
    source = DrawnFamily(family="table", shapes=3, test_shapes=2)
    learn, test = training_shapes(source, seed=7, points=20, resolution=8)
    assert [len(learn), len(test)] == [3, 2]
    assert list(learn.parts()) == list(test.parts()) == ["points", "normals", "voxels"]
    assert torch.equal(learn.points, draw_shapes("table", 3, seed=14, points=20).points)
    assert torch.equal(test.points, draw_shapes("table", 2, seed=15, points=20).points)


def test_pictures_have_the_size_that_is_asked_for():
    learn, _ = training_shapes(DrawnFamily(shapes=1, test_shapes=1), views=2, image_size=20)
    assert learn.images.shape == (1, 2, 20, 20)


def test_a_wrong_seed_is_refused():
    with pytest.raises(ValueError, match="training_shapes: seed must be at most"):
        training_shapes(DrawnFamily(), seed=2**32)


def test_files_are_split_and_give_only_what_is_asked_for(tmp_path):
    for number in range(5):
        write_mesh(tmp_path / f"{number}.ply", *icosphere(1))
    source = ShapeFiles(folder=str(tmp_path), layout="meshes", holdout=0.4)
    learn, test = training_shapes(source, seed=3, points=9, resolution=4)
    assert sorted((*learn.names, *test.names)) == list("01234")
    assert len(test) == 2
    assert list(test.parts()) == ["points", "normals", "voxels"]
    assert training_shapes(source, seed=4, points=9)[1].names != test.names


def test_files_may_have_fewer_points_and_voxels_than_are_drawn(tmp_path):
    for number in range(2):
        write_mesh(tmp_path / f"{number}.ply", *icosphere(1))
    source = ShapeFiles(folder=str(tmp_path), points=7, resolution=5)
    learn, _ = training_shapes(source, points=20, near_points=30, resolution=8)
    assert (learn.points.shape, learn.near_points.shape) == ((1, 7, 3), (1, 7, 3))
    assert learn.voxels.shape == (1, 5, 5, 5)
    learn, _ = training_shapes(source, points=20)
    assert list(learn.parts()) == ["points", "normals"]  # what no model asks for is not read


def test_files_that_are_kept_are_not_read_again(tmp_path):
    for number in range(2):
        write_mesh(tmp_path / "meshes" / f"{number}.ply", *icosphere(1))
    source = ShapeFiles(folder=str(tmp_path / "meshes"), holdout=0.5, cache=str(tmp_path / "kept"))
    learn, _ = training_shapes(source, points=9)
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_bytes(b"of no use")
    again, _ = training_shapes(source, points=9)
    assert torch.equal(learn.points, again.points)
    assert kept.stat().st_size > 100  # it was looked at, and written anew


@pytest.mark.parametrize(("image_files", "views"), [(True, 2), (False, None)])
def test_pictures_are_read_from_files_where_that_is_asked_for(tmp_path, monkeypatch, image_files, views):
    asked = {}

    def read(folder, **options):
        asked.update(options)
        return draw_shapes("table", 2, points=4, volume_points=None, near_points=None)

    module = import_module("diffshape.models.training_shapes")  # the package has a function of that name
    monkeypatch.setattr(module, "read_shapes", read)
    training_shapes(ShapeFiles(folder=str(tmp_path), image_size=8), views=2, image_files=image_files)
    assert (asked["views"], asked["image_size"]) == (views, 8)


def test_one_shape_is_too_few(tmp_path):
    write_mesh(tmp_path / "only.ply", *icosphere(1))
    with pytest.raises(ValueError, match="one shape is too few to learn from and be tested on"):
        training_shapes(ShapeFiles(folder=str(tmp_path)), points=9)
