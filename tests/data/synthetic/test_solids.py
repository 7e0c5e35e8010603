"""Primitives are exact, combinations hold what they say, and nothing changes faster than space."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.data.synthetic.solids import (
    box,
    capsule,
    cylinder,
    difference,
    smooth_union,
    sphere,
    torus,
    union,
)

PRIMITIVES = {
    "sphere": sphere((0.1, 0.0, -0.1), 0.6),
    "box": box((0.1, 0.0, 0.0), (0.5, 0.3, 0.6)),
    "torus": torus((0, 0, 0), (1, 1, 1), 0.5, 0.2),
    "capsule": capsule((-0.4, 0, 0), (0.3, 0.2, 0.1), 0.3),
    "tapered": capsule((-0.4, 0, 0), (0.4, 0.2, 0.1), 0.3, 0.1),
    "cylinder": cylinder((-0.4, 0, 0), (0.3, 0.2, 0.1), 0.3),
}
SMOOTH = smooth_union(0.3, PRIMITIVES["box"], PRIMITIVES["torus"])
COMBINED = {
    "union": union(PRIMITIVES["box"], PRIMITIVES["torus"]),
    "difference": difference(PRIMITIVES["box"], PRIMITIVES["torus"], PRIMITIVES["tapered"]),
    "smooth": SMOOTH,
}
QUERIES = np.random.default_rng(0).uniform(-1, 1, (2000, 3))


@pytest.mark.parametrize("name", PRIMITIVES)
def test_primitives_are_exact_distances(name):
    """p - f(p) grad f(p) is on the surface, so the distance is at most |f(p)|; not changing faster gives the rest."""
    solid, step = PRIMITIVES[name], 1e-6 * np.eye(3)
    value = solid(QUERIES)
    gradient = np.stack([solid(QUERIES + one) - solid(QUERIES - one) for one in step], axis=-1) / 2e-6
    foot = QUERIES - value[:, None] * gradient
    assert (np.abs(solid(foot)) < 1e-6).mean() > 0.999  # all but those that have two nearest points within the step
    assert (value < 0).sum() > 30


@given(st.sampled_from([*PRIMITIVES, *COMBINED]), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_no_solid_changes_faster_than_space(name, seed):
    solid = {**PRIMITIVES, **COMBINED}[name]
    rng = np.random.default_rng(seed)
    a = rng.uniform(-1.5, 1.5, (200, 3))
    b = a + rng.normal(size=(200, 3)) * 10.0 ** rng.uniform(-4, 0, (200, 1))
    assert (np.abs(solid(a) - solid(b)) <= np.linalg.norm(a - b, axis=1) * (1 + 1e-9) + 1e-12).all()


def test_combinations_hold_what_they_say():
    a, b, c = (PRIMITIVES[name](QUERIES) < 0 for name in ("box", "torus", "tapered"))
    assert np.array_equal(COMBINED["union"](QUERIES) < 0, a | b)
    assert np.array_equal(COMBINED["difference"](QUERIES) < 0, a & ~b & ~c)
    assert (SMOOTH(QUERIES) <= COMBINED["union"](QUERIES)).all()
    assert (SMOOTH(QUERIES) < COMBINED["union"](QUERIES)).any()


def test_smooth_union_fills_a_quarter_of_its_width():
    plane_a, plane_b = (box(center, (10, 10, 10)) for center in ((-10, 0, 0), (0, -10, 0)))
    corner = np.array([[0.0, 0.0, 0.0]])
    assert smooth_union(0.2, plane_a, plane_b)(corner) == pytest.approx(-0.05)
    assert smooth_union(0.2, plane_a, plane_b)(np.array([[0.0, 0.3, 0.0]])) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("solid", "point", "value"),
    [
        (box((0, 0, 0), (1, 2, 3)), (2, 3, 3), np.sqrt(2)),
        (box((0, 0, 0), (1, 2, 3)), (0.5, 0, 0), -0.5),
        (torus((0, 0, 0), (0, 0, 2), 2, 0.5), (0, 0, 0), 1.5),
        (torus((0, 0, 0), (0, 0, 2), 2, 0.5), (0, 2, 0), -0.5),
        (cylinder((0, 0, 0), (0, 0, 4), 1), (4, 0, 8), 5.0),
        (cylinder((0, 0, 0), (0, 0, 4), 1), (0, 0, 3.75), -0.25),
        (capsule((0, 0, 0), (0, 0, 4), 1), (0, 0, 6), 1.0),
        (capsule((0, 0, 0), (0, 0, 4), 2, 1), (0, 0, 7), 2.0),
    ],
)
def test_closed_forms(solid, point, value):
    assert solid(np.array(point, float)) == pytest.approx(value)


def test_any_leading_shape():
    for solid in (*PRIMITIVES.values(), *COMBINED.values()):
        assert solid(QUERIES.reshape(20, 100, 3)).shape == (20, 100)
        assert solid(QUERIES[0]).shape == ()


def test_a_ball_within_a_ball_is_no_capsule():
    with pytest.raises(ValueError, match="use a sphere"):
        capsule((0, 0, 0), (0, 0, 0.1), 1.0, 0.5)
