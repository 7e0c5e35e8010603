"""Winding numbers of points: inside, outside, volumes, gradients, and input that is refused."""

import math

import pytest
import torch

from diffshape.ops import PointWinding
from diffshape.ops.visibility import fibonacci_directions

DIRECTIONS = fibonacci_directions(3000)
AREA = math.pi / 3000  # of a ball of radius 1/2


def ball(**options):
    return PointWinding(0.5 * DIRECTIONS, AREA * DIRECTIONS, **{"width": 0.02, **options})


def test_one_inside_none_outside_a_half_between():
    winding = ball()
    for radius, expected in ((0.0, 1.0), (0.4, 1.0), (0.5, 0.5), (0.6, 0.0), (3.0, 0.0)):
        places = radius * fibonacci_directions(50) + 1e-9
        torch.testing.assert_close(winding.value(places), torch.full((50,), expected).double(), atol=0.06, rtol=0)
    assert winding.inside(0.45 * DIRECTIONS).all()
    assert not winding.inside(0.55 * DIRECTIONS).any()


def test_the_gradient_points_inward_at_the_surface():
    gradient = ball().gradient(0.5 * DIRECTIONS)
    assert torch.nn.functional.cosine_similarity(gradient, -DIRECTIONS).min() > 0.98


def test_the_volume_of_a_ball_and_of_a_hollow_one_wherever_they_are():
    assert ball().volume == pytest.approx(math.pi / 6, rel=1e-3)
    points, vectors = torch.cat([DIRECTIONS, DIRECTIONS]), torch.cat([DIRECTIONS, -DIRECTIONS])
    scale = torch.cat([torch.full((3000, 1), 0.5), torch.full((3000, 1), 0.25)]).double()
    hollow = PointWinding(5 + scale * points, 4 * math.pi / 3000 * scale**2 * vectors, width=0.02)
    assert hollow.volume == pytest.approx(math.pi / 6 * (1 - 1 / 8), rel=1e-3)
    places = 5 + torch.tensor([[0.0, 0.0, 0.0], [0.37, 0.0, 0.0], [0.0, 0.6, 0.0]])
    assert hollow.inside(places).tolist() == [False, True, False]


def test_units_do_not_matter():
    places = 0.6 * fibonacci_directions(200)
    wide = PointWinding(500 * DIRECTIONS, 1e6 * AREA * DIRECTIONS, width=20.0)
    torch.testing.assert_close(wide.value(1000 * places), ball().value(places))


def test_single_precision_and_no_points():
    narrow = PointWinding(0.5 * DIRECTIONS.float(), AREA * DIRECTIONS.float(), width=0.02)
    places = torch.rand(100, 3)
    torch.testing.assert_close(narrow.value(places), ball().value(places.double()), atol=1e-5, rtol=0)
    empty = PointWinding(torch.zeros(0, 3), torch.zeros(0, 3), width=1.0)
    assert empty.volume == 0
    assert not empty.value(places).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"area_vectors": torch.zeros(4, 3)}, r"points and area_vectors must have one shape \(N, 3\)"),
        ({"points": torch.full((5, 3), math.nan)}, "points has non-finite coordinates"),
        ({"area_vectors": torch.full((5, 3), math.inf)}, "area_vectors has non-finite coordinates"),
        ({"width": 0.0}, "width must be positive and finite, got 0.0"),
    ],
)
def test_what_cannot_be_used_is_named(change, message):
    with pytest.raises(ValueError, match=f"PointWinding: {message}"):
        PointWinding(**{"points": torch.zeros(5, 3), "area_vectors": torch.zeros(5, 3), "width": 1.0, **change})


def test_places_that_cannot_be_used_are_named():
    with pytest.raises(ValueError, match=r"PointWinding\.inside: x must have shape \(M, 3\), got \(4, 2\)"):
        ball().inside(torch.zeros(4, 2))
    with pytest.raises(ValueError, match=r"PointWinding\.value: x has non-finite coordinates"):
        ball().value(torch.full((1, 3), math.nan))
