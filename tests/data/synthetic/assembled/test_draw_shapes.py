from typing import get_args

import pytest
import torch

from diffshape.data import draw_shapes
from diffshape.data.synthetic.assembled.families import DrawnFamilyName

SMALL = {"points": 64, "volume_points": 64, "near_points": 64, "resolution": 8, "views": 2, "image_size": 16}
NONE = {"points": None, "volume_points": None, "near_points": None}


@pytest.mark.parametrize("family", get_args(DrawnFamilyName))
def test_every_family_fills_every_form_within_the_cube(family):
    shapes = draw_shapes(family, 12, seed=1, points=400, near_points=400, resolution=24)
    assert shapes.points.abs().max() <= 0.5
    assert ((shapes.normals.norm(dim=2) - 1).abs() < 1e-5).all()
    assert shapes.volume_points.abs().max() <= 0.55
    assert shapes.volume_points.abs().max() > 0.54
    assert shapes.voxels.flatten(1).any(1).all()
    share = shapes.occupancies.float().mean() * 1.1**3
    assert share == pytest.approx(float(shapes.voxels.float().mean()), rel=0.3)
    torch.testing.assert_close(shapes.near_occupancies, shapes.near_distances < 0)
    assert 0.1 < shapes.near_occupancies.float().mean() < 0.6


def test_a_seed_gives_the_same_bits_and_another_seed_other_shapes():
    first, again, other = (draw_shapes("lamp", 3, seed=seed, **SMALL).parts() for seed in (5, 5, 6))
    assert first.keys() == {
        "points", "normals", "volume_points", "occupancies", "near_points", "near_occupancies", "near_distances",
        "voxels", "images", "depths", "views",
    }  # fmt: skip
    for name, part in first.items():
        assert torch.equal(part, again[name])
        assert not torch.equal(part, other[name])


def test_what_is_not_asked_for_is_not_there_and_changes_nothing_else():
    everything = draw_shapes("csg", 3, **SMALL)
    for name, others in {
        "points": {"points": 64},
        "volume_points": {"volume_points": 64},
        "near_points": {"near_points": 64},
        "views": {"views": 2, "image_size": 16},
    }.items():
        alone = draw_shapes("csg", 3, **{**NONE, **others})
        assert torch.equal(getattr(alone, name), getattr(everything, name))
        assert len(alone.parts()) in (2, 3)
    assert list(draw_shapes("csg", 3, **NONE, resolution=8).parts()) == ["voxels"]


def test_distances_outside_are_those_to_the_nearest_point_of_the_surface():
    shapes = draw_shapes("chair", 2, points=40_000, near_points=300)
    nearest = torch.cdist(shapes.near_points, shapes.points).min(dim=2).values
    outside = ~shapes.near_occupancies
    gap = nearest - shapes.near_distances.abs()
    assert gap.min() > -1e-5  # never more than the distance
    assert gap[outside].max() < 0.01  # the spacing of the points


def test_three_hidden_backs_in_a_row_look_the_same_from_the_front_alone():
    shapes = draw_shapes("hidden_back", 9, resolution=32, views=2)
    assert torch.equal(shapes.views, torch.eye(3).expand(9, 2, 3, 3))
    for first in (0, 3, 6):
        same = shapes.depths[first : first + 3]
        assert torch.equal(same, same[:1].expand_as(same))
        assert (shapes.voxels[first] != shapes.voxels[first + 1]).any()
        assert (shapes.voxels[first + 1] != shapes.voxels[first + 2]).any()
    assert not torch.equal(shapes.images[0], shapes.images[3])


def test_names_count_the_shapes_and_every_one_is_another():
    shapes = draw_shapes("superquadric", 40, **{**NONE, "resolution": 20})
    assert shapes.names[::39] == ("superquadric 0", "superquadric 39")
    assert len(shapes.voxels.flatten(1).unique(dim=0)) == 40


@pytest.mark.parametrize(
    "name", ["count", "points", "volume_points", "near_points", "resolution", "views", "image_size"]
)
def test_sizes_below_one_and_beyond_memory_are_refused_by_name(name):
    sizes = {"count": 2, **SMALL}
    with pytest.raises(ValueError, match=f"draw_shapes: {name} must be at least 1, got 0"):
        draw_shapes("chair", **{**sizes, name: 0})
    with pytest.raises(ValueError, match=f"draw_shapes: {name} must be at most .*, got 1000000000000"):
        draw_shapes("chair", **{**sizes, name: 10**12})


def test_an_unknown_family_is_refused():
    with pytest.raises(ValueError, match=r"draw_shapes: family must be one of 'chair', .* got 'sofa'"):
        draw_shapes("sofa", 1)
