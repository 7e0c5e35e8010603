"""Whatever the seed: a solid with points, finite unit normals, within the cube; of every kind among many."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.data import drawn_solid
from diffshape.data.synthetic.drawn.deformation import Waves
from diffshape.data.synthetic.drawn.parts import visible_surface
from diffshape.data.synthetic.drawn.relief import StrokeRelief, WaveRelief

SOLIDS = [drawn_solid(seed) for seed in range(60)]


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=25, deadline=None)
def test_every_solid_has_points_and_unit_normals_in_the_cube(seed):
    solid = drawn_solid(seed)
    points, normals = solid.sample(2000, seed=1)
    assert 1 <= len(solid.parts) <= 8
    assert np.isfinite(points).all()
    assert np.abs(points).max() < 0.5
    assert np.ptp(points, axis=0).max() > 0.8
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1, abs=1e-12)


@given(st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_no_point_is_inside_another_part(seed):
    """In the coordinates of the parts, where the surface of the whole is the zero set of a function of space."""
    parts = drawn_solid(seed).parts
    surface = visible_surface(parts, 3000, np.random.default_rng(seed))
    whole = np.full(len(surface.points), np.inf)
    for index, part in enumerate(parts):
        own, signed = surface.part == index, part.signed(surface.points)
        assert np.abs(part.primitive.signed(part.own(surface.points[own]))).max(initial=0) < 1e-12
        whole = np.maximum(whole, -signed) if part.operation == "cut" else np.minimum(whole, signed)
    assert whole.min(initial=0) > -1e-12


def test_warps_of_solids_fold_nothing():
    for solid in SOLIDS:
        if solid.warp.phases and type(solid.parts[0].primitive).__name__ != "Sheet":
            lengths = [np.linalg.norm(each, axis=1) for each in (solid.warp.amplitudes, solid.warp.frequencies)]
            assert (lengths[0] * lengths[1]).sum() <= 0.6 + 1e-9


def test_growth_of_areas_is_bounded_by_what_was_taken_for_it():
    for seed, solid in enumerate(SOLIDS):
        if solid.warp == Waves() and not solid.reliefs:
            assert solid.largest_growth == 1
        else:
            assert 1 < solid.largest_growth < 5, seed


def test_all_kinds_are_drawn():
    operations = {part.operation for solid in SOLIDS for part in solid.parts}
    primitives = {type(part.primitive).__name__ for solid in SOLIDS for part in solid.parts}
    reliefs = {type(relief) for solid in SOLIDS for relief in solid.reliefs}
    assert operations == {"add", "cut", "skin"}
    assert primitives == {"Ellipsoid", "BeveledBox", "Revolved", "Sheet"}
    assert reliefs == {WaveRelief, StrokeRelief}
    assert {len(solid.parts) for solid in SOLIDS} == set(range(1, 9))
    assert 0.02 < np.mean([solid.is_open for solid in SOLIDS]) < 0.25


def test_same_seed_same_solid():
    assert drawn_solid(11) == drawn_solid(11) == SOLIDS[11]
    assert drawn_solid(11) != drawn_solid(12)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_refuses_what_is_no_seed(seed):
    with pytest.raises(ValueError, match="drawn_solid: seed must be at"):
        drawn_solid(seed)
