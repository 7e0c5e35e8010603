"""Points and normals of every primitive are those of its closed form; areas and curvature agree with formulas."""

import math

import numpy as np
import pytest

from diffshape.data.synthetic import solids
from diffshape.data.synthetic.drawn.beveled_box import BeveledBox
from diffshape.data.synthetic.drawn.ellipsoid import Ellipsoid
from diffshape.data.synthetic.drawn.sheet import Sheet

from .drawn_examples import CLOSED, SIDES

QUERIES = np.random.default_rng(0).uniform(-0.7, 0.7, (4000, 3))
INCH = 1e-6


def gradients(primitive, points):
    """Central differences of the closed form, of length 1."""
    steps = INCH * np.eye(3)
    slope = np.stack([primitive.signed(points + one) - primitive.signed(points - one) for one in steps], axis=1)
    return slope / np.linalg.norm(slope, axis=1, keepdims=True)


@pytest.mark.parametrize("name", CLOSED)
def test_points_lie_on_the_surface_and_normals_are_its_gradient(name):
    primitive = CLOSED[name]
    points, normals = primitive.sample(3000, np.random.default_rng(1))
    assert points.shape == normals.shape == (3000, 3)
    assert np.abs(primitive.signed(points)).max() < 1e-12
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1, abs=1e-12)
    off = np.linalg.norm(gradients(primitive, points) - normals, axis=1)
    assert (off < 1e-4).mean() > 0.999  # all but those within a step of an edge
    assert (primitive.signed(points + 1e-7 * normals) > 0).all()
    assert (primitive.signed(points - 1e-7 * normals) < 0).all()


@pytest.mark.parametrize("name", CLOSED)
def test_points_are_even_over_the_area(name):
    """The divergence theorem: volume = area mean(p . n) / 3, and the mean normal is 0."""
    primitive = CLOSED[name]
    points, normals = primitive.sample(40_000, np.random.default_rng(2))
    share = (primitive.signed(np.random.default_rng(3).uniform(-0.5, 0.5, (200_000, 3))) < 0).mean()
    volume = primitive.area * (points * normals).sum(axis=1).mean() / 3
    assert volume == pytest.approx(share, rel=0.03, abs=2e-4)
    assert normals.mean(axis=0) == pytest.approx(np.zeros(3), abs=0.015)


@pytest.mark.parametrize(
    ("primitive", "area"),
    [
        (Ellipsoid((0.3, 0.3, 0.3)), 4 * math.pi * 0.09),
        (CLOSED["ball"], 4 * math.pi * 0.16),
        (CLOSED["box"], 8 * (0.5 * 0.3 + 0.5 * 0.2 + 0.3 * 0.2)),
        (CLOSED["torus"], 4 * math.pi**2 * 0.35 * 0.15),
        (CLOSED["capsule"], 2 * math.pi * 0.2 * 0.6 + 4 * math.pi * 0.04),
        (CLOSED["cylinder"], 2 * math.pi * 0.4 * (0.6 + 0.4)),
        (CLOSED["cone"], math.pi * 0.4 * (0.4 + math.hypot(0.4, 0.6))),
        (CLOSED["tube"], 2 * math.pi * 0.7 * (0.6 + 0.1)),
        (BeveledBox((0.3, 0.3, 0.3), "round", 0.3), 4 * math.pi * 0.09),
        (Sheet((0.5, 0.2)), 0.4),
        (Sheet((0.5, 0.2), round=True), math.pi * 0.1),
    ],
)
def test_areas_are_those_of_the_formulas(primitive, area):
    assert primitive.area == pytest.approx(area, rel=1e-12)


def test_faces_of_a_box_have_points_as_their_areas():
    _, normals = CLOSED["box"].sample(60_000, np.random.default_rng(4))
    shares = (np.abs(normals) > 0.5).mean(axis=0)
    assert shares == pytest.approx(np.array([0.06, 0.1, 0.15]) / 0.31, abs=0.01)


@pytest.mark.parametrize("name", CLOSED)
def test_bend_is_how_normals_turn(name):
    """Along two tangents: differences of the gradient over a step of 1e-4, at all but points near an edge."""
    primitive, step = CLOSED[name], 1e-4
    points, normals = primitive.sample(500, np.random.default_rng(5))
    bend = primitive.bend(points, normals)
    tangent = np.cross(normals, np.random.default_rng(6).standard_normal((500, 3)))
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    for along in (tangent, np.cross(normals, tangent)):
        turned = gradients(primitive, points + step * along) - gradients(primitive, points - step * along)
        off = np.linalg.norm(np.einsum("ijn,nj->ni", bend, along) - turned / (2 * step), axis=1)
        assert (off < 0.01 * (1 + np.abs(bend).max(axis=(0, 1)))).mean() > 0.97


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("torus", solids.torus((0, 0, 0), (0, 0, 1), 0.35, 0.15)),
        ("capsule", solids.capsule((0, 0, -0.3), (0, 0, 0.3), 0.2)),
        ("cylinder", solids.cylinder((0, 0, -0.3), (0, 0, 0.3), 0.4)),
        ("ball", solids.sphere((0, 0, 0.1), 0.4)),
        ("box", solids.box((0, 0, 0), SIDES)),
    ],
)
def test_closed_forms_agree_with_those_of_one_primitive(name, reference):
    assert CLOSED[name].signed(QUERIES) == pytest.approx(reference(QUERIES), abs=1e-12)


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms_change_no_faster_than_space(name):
    others = QUERIES + 0.1 * np.random.default_rng(7).standard_normal(QUERIES.shape)
    change = np.abs(CLOSED[name].signed(QUERIES) - CLOSED[name].signed(others))
    assert (change <= np.linalg.norm(QUERIES - others, axis=1) + 1e-12).all()


def test_clearance_is_the_distance_from_sharp_edges():
    up = np.array([[0.0, 0.0, 1.0]])
    assert CLOSED["box"].clearance(np.array([[0.4, 0.1, 0.2]]), up) == pytest.approx([0.1])
    assert CLOSED["chamfered box"].clearance(np.array([[0.1, 0.1, 0.2]]), up) == pytest.approx([0.1])
    assert CLOSED["cylinder"].clearance(np.array([[0.0, 0.1, 0.3]]), up) == pytest.approx([0.3])
    tip = np.array([[0.0, 0.0, 0.3]])
    assert CLOSED["cone"].clearance(tip, up) == pytest.approx([0.0])
    smooth = ("ellipsoid", "round box", "ball", "torus", "capsule", "round cylinder", "round cone", "round tube")
    assert all(np.isinf(CLOSED[name].clearance(tip, up)).all() for name in smooth)


@pytest.mark.parametrize("round", [False, True])
def test_a_sheet_has_an_even_flat_surface_and_no_inside(round):
    sheet = Sheet((0.5, 0.2), round)
    points, normals = sheet.sample(20_000, np.random.default_rng(8))
    assert (sheet.signed(points) == 0).all()
    assert (sheet.signed(QUERIES) > 0).all()
    assert (normals == (0, 0, 1)).all()
    variance = np.array([0.25, 0.04]) / (4 if round else 3)
    assert (points[:, :2] ** 2).mean(axis=0) == pytest.approx(variance, rel=0.03)
