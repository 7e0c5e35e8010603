"""What is seen: not what lies in holes, not what faces away, not what something else hides."""

import numpy as np
import pytest

from diffshape.data import DrawnSolid, drawn_scan
from diffshape.data.synthetic.drawn.beveled_box import BeveledBox
from diffshape.data.synthetic.drawn.parts import Part
from diffshape.data.synthetic.drawn.revolved import Revolved
from diffshape.data.synthetic.drawn.scanned_surface import scanned_surface
from diffshape.data.synthetic.drawn.sheet import Sheet

BALL = DrawnSolid((Part(Revolved(((0.0, 0.0),), 0.5)),))


def seen(solid, count=5000, unevenness=0.0, views=0, holes=0, seed=0):
    return scanned_surface(
        solid, count, unevenness=unevenness, views=views, holes=holes, seed=np.random.SeedSequence(seed)
    )


def test_holes_are_empty_and_the_rest_is_not():
    scan = drawn_scan(BALL, 20_000, holes=5)
    assert scan.holes.shape == (5, 4)
    assert np.linalg.norm(scan.holes[:, :3], axis=1) == pytest.approx(0.5)
    for *center, radius in scan.holes:
        distance = np.linalg.norm(scan.points - center, axis=1)
        assert 0.03 <= radius <= 0.15
        assert radius < distance.min() < radius + 0.03


def test_one_view_sees_one_side():
    found = seen(BALL, views=1)
    cosine = found.normals @ found.directions[0]
    assert cosine.min() > 0.2
    assert cosine.min() < 0.25
    assert cosine.max() > 0.99
    assert (found.views == 0).all()


def test_all_views_see_their_own_side():
    found = seen(BALL, views=5)
    assert set(found.views) == set(range(5))
    assert (found.normals * found.directions[found.views]).sum(axis=1).min() > 0.2


@pytest.mark.parametrize("seed", range(3))
def test_what_is_behind_is_not_seen(seed):
    """A ray from each point towards its view does not enter the solid, a ball beside another."""
    centers = np.array([[-0.25, 0.0, 0.0], [0.25, 0.0, 0.0]])
    ball = Revolved(((0.0, 0.0),), 0.2)
    found = seen(DrawnSolid(tuple(Part(ball, tuple(center)) for center in centers)), views=2, seed=seed)
    rays = found.directions[found.views]
    hidden = np.zeros(len(rays), bool)
    for center in centers:
        offset = center - found.points
        along = (offset * rays).sum(axis=1)
        hidden |= (along > 0.05) & (np.linalg.norm(offset - along[:, None] * rays, axis=1) < 0.17)
    assert hidden.mean() < 0.005


def test_an_open_surface_is_seen_from_either_side():
    sheet = DrawnSolid((Part(Sheet((0.5, 0.5)), operation="skin"),))
    assert {np.sign(seen(sheet, 100, views=1, seed=seed).directions[0, 2]) for seed in range(8)} == {-1, 1}


def test_density_is_uneven_up_to_the_factor_asked_for():
    def ratio(unevenness):
        octants = np.unique(seen(BALL, 40_000, unevenness).points > 0, axis=0, return_counts=True)[1]
        return octants.max() / octants.min()

    assert ratio(0.0) < 1.1
    assert 1.2 < ratio(2.3) < 10
    assert ratio(4.0) > ratio(2.3)


def test_too_many_holes_are_refused():
    rod = DrawnSolid((Part(BeveledBox((0.01, 0.01, 0.5))),))
    with pytest.raises(ValueError, match="holes must leave some of the surface in view, got 100"):
        seen(rod, holes=100)
