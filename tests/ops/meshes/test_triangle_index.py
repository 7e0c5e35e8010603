"""TriangleIndex: distances and winding numbers against brute force, formulas, libigl, and input it must refuse."""

import math

import igl
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.data import Mesh, box_mesh, icosphere, torus_mesh
from diffshape.ops import TriangleIndex, closest_triangles

CUBE = box_mesh(3, sides=(2.0, 2.0, 2.0))


def index_of(mesh, *, flip=False):
    faces = torch.from_numpy(mesh.faces)
    return TriangleIndex(torch.from_numpy(mesh.vertices), faces.flip(1) if flip else faces)


def joined(*meshes):
    """Several meshes as one."""
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    vertices = np.concatenate([mesh.vertices for mesh in meshes])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts)])
    return torch.from_numpy(vertices), torch.from_numpy(faces)


def cloud(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def moved(mesh, x):
    return Mesh(mesh.vertices + np.array([x, 0.0, 0.0]), mesh.faces)


def soup(count, seed=0):
    corners = cloud(count, 1, 3, seed=seed) + 0.3 * cloud(count, 3, 3, seed=seed + 1)
    return corners.reshape(-1, 3), torch.arange(3 * count).reshape(-1, 3)


@pytest.mark.parametrize("mesh", [icosphere(3), box_mesh(5), torus_mesh()], ids=["sphere", "box", "torus"])
def test_one_inside_and_zero_outside_closed_meshes(mesh):
    index, points = index_of(mesh), 0.4 * cloud(2000, 3)
    inside, exact = index.signed_distances(points) < 0, index.winding_number(points, exact=True)
    assert index.closed
    assert inside.any()
    assert not inside.all()
    torch.testing.assert_close(exact, inside.double(), rtol=0, atol=1e-9)
    assert (index.winding_number(points) - exact).abs().max() < 0.02
    torch.testing.assert_close(index_of(mesh, flip=True).winding_number(points, exact=True), -exact, rtol=0, atol=1e-9)


def test_on_a_closed_surface_it_is_the_share_of_directions_that_lead_inside():
    points = torch.tensor([[0.0, 0, 0], [1, 0.1, 0.2], [1, 1, 0.3], [1, 1, 1], [1, 1 / 3, 1 / 3]], dtype=torch.float64)
    found = index_of(box_mesh(1, sides=(2.0, 2.0, 2.0))).winding_number(points, exact=True)
    torch.testing.assert_close(found, torch.tensor([1, 1 / 2, 1 / 4, 1 / 8, 1 / 2]).double())


def test_an_open_hemisphere_along_its_axis():
    """A disc in the rim, seen from height z under 2 pi (1 - |z| / sqrt(1 + z^2)), would close it."""
    sphere = icosphere(6, radius=1.0)
    upper = sphere.faces[(sphere.vertices[sphere.faces].mean(axis=1)[:, 2] > 0)]
    index = TriangleIndex(torch.from_numpy(sphere.vertices), torch.from_numpy(upper))
    heights = torch.tensor([-2.0, -0.5, -0.1, 0.1, 0.5, 0.9, 1.5], dtype=torch.float64)
    disc = heights.sign() * (1 - heights.abs() / (1 + heights.square()).sqrt()) / 2  # faces down, seen from above: > 0
    expected = ((heights > 0) & (heights < 1)).double() - disc
    points = torch.stack([torch.zeros_like(heights), torch.zeros_like(heights), heights], 1)
    assert not index.closed
    torch.testing.assert_close(index.winding_number(points, exact=True), expected, rtol=0, atol=0.02)
    assert (index.winding_number(points) - index.winding_number(points, exact=True)).abs().max() < 0.02


def test_bodies_add_up_and_overlaps_count_as_inside():
    small, large = icosphere(2, radius=0.3), icosphere(2, radius=0.5)
    points = 0.4 * cloud(500, 3)
    parts = [index_of(mesh).winding_number(points, exact=True) for mesh in (moved(small, 0.4), large)]
    both = TriangleIndex(*joined(moved(small, 0.4), large))
    torch.testing.assert_close(both.winding_number(points, exact=True), sum(parts), rtol=0, atol=1e-12)
    assert sum(parts).round().unique().tolist() == [0, 1, 2]
    assert torch.equal(both.signed_distances(points) < 0, sum(parts) > 0.5)


def test_a_cavity_is_outside():
    hollow = icosphere(2, radius=0.2)
    index = TriangleIndex(*joined(icosphere(2), Mesh(hollow.vertices, hollow.faces[:, ::-1])))
    points = torch.tensor([[0.0, 0, 0], [0.35, 0, 0], [0.6, 0, 0]])
    assert (index.signed_distances(points) < 0).tolist() == [False, True, False]


@given(st.integers(0, 10_000), st.integers(1, 200))
@settings(max_examples=25, deadline=None)
def test_random_triangles_equal_libigl_and_every_triangle_tried(seed, count):
    vertices, faces = soup(count, seed)
    points, index = 2 * cloud(40, 3, seed=seed + 2), TriangleIndex(vertices, faces)
    exact = torch.from_numpy(igl.winding_number(vertices.numpy(), faces.numpy(), points.numpy()))
    torch.testing.assert_close(index.winding_number(points, exact=True), exact, rtol=0, atol=1e-9)
    assert (index.winding_number(points) - exact).abs().max() < 0.05
    found = closest_triangles(points, vertices, faces)
    every = torch.stack([closest_triangles(points, vertices[face], torch.tensor([[0, 1, 2]]))[0] for face in faces])
    torch.testing.assert_close(index.distances(points), every.amin(0).sqrt(), rtol=1e-9, atol=1e-12)
    for ours, theirs in zip(index.query(points), found):
        assert torch.equal(ours, theirs)


@given(st.integers(0, 10_000), st.floats(-10, 10), st.floats(0.1, 10))
@settings(max_examples=25, deadline=None)
def test_moves_with_the_mesh(seed, shift, scale):
    vertices, faces = soup(60, seed)
    points, rotation = cloud(30, 3, seed=seed + 2), torch.linalg.qr(cloud(3, 3, seed=seed)).Q
    rotation = rotation * torch.linalg.det(rotation)  # a mirror would turn the mesh inside out
    before = TriangleIndex(vertices, faces)
    after = TriangleIndex(scale * vertices @ rotation + shift, faces)
    there = scale * points @ rotation + shift
    for exact, error in ((True, 1e-7), (False, 0.02)):
        difference = before.winding_number(points, exact=exact) - after.winding_number(there, exact=exact)
        assert difference.abs().max() < error
    torch.testing.assert_close(after.distances(there), scale * before.distances(points), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("mesh", [icosphere(4), torus_mesh(40, 20)], ids=["sphere", "torus"])
@pytest.mark.parametrize("spread", [0.02, 1.0])
def test_shared_balls_change_no_sign(mesh, spread):
    surface = torch.from_numpy(mesh.vertices[np.random.default_rng(0).integers(len(mesh.vertices), size=5000)])
    points, index = surface + spread * cloud(5000, 3), index_of(mesh)
    squared, *_ = igl.point_mesh_squared_distance(points.numpy(), mesh.vertices, mesh.faces)
    signs = torch.where(index.winding_number(points, exact=True) > 0.5, -1, 1)
    found = index.signed_distances(points)
    torch.testing.assert_close(found, signs * torch.from_numpy(squared).sqrt(), rtol=1e-9, atol=1e-10)
    theirs, *_ = igl.signed_distance(
        points.numpy(), mesh.vertices, mesh.faces, sign_type=igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL
    )
    np.testing.assert_allclose(found.numpy(), theirs, rtol=1e-9, atol=1e-10)


def test_closed_is_a_matter_of_directed_edges():
    vertices, faces = torch.from_numpy(CUBE.vertices), torch.from_numpy(CUBE.faces)
    turned = torch.cat([faces[:1].flip(1), faces[1:]])
    twice_in_a_face = torch.cat([faces, torch.tensor([[0, 0, 1], [2, 2, 2]])])
    for each, closed in ((faces, True), (faces[1:], False), (turned, False), (twice_in_a_face, True)):
        assert TriangleIndex(vertices, each).closed is closed


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_bits_for_any_number_of_threads(threads):
    index, points = index_of(torus_mesh()), cloud(7000, 3)
    before = torch.get_num_threads()
    try:
        answers = []
        for number in (1, threads):
            torch.set_num_threads(number)
            answers.append((index.winding_number(points), index.signed_distances(points), index.distances(points)))
    finally:
        torch.set_num_threads(before)
    for one, more in zip(*answers):
        assert torch.equal(one, more)


def test_awkward_places_and_triangles_stay_finite():
    vertices, faces = torch.from_numpy(CUBE.vertices), torch.from_numpy(CUBE.faces)
    index = TriangleIndex(vertices, torch.cat([faces, torch.tensor([[0, 0, 0], [1, 1, 2]])]))
    points = torch.cat([vertices, (vertices[faces[:, 0]] + vertices[faces[:, 1]]) / 2, 1e30 * vertices])
    for exact in (True, False):
        found = index.winding_number(points, exact=exact)
        assert torch.isfinite(found).all()
        assert found.abs().max() < 1.01
    assert index.distances(vertices).max() == 0
    assert index.signed_distances(vertices).max() == 0


def test_answers_need_no_gradient_and_no_points():
    index = index_of(CUBE)
    points = torch.zeros(2, 3, requires_grad=True)
    assert not index.signed_distances(points).requires_grad
    assert [each.shape for each in index.query(points[:0])] == [(0,), (0,), (0, 3)]
    for method in (index.distances, index.signed_distances, index.winding_number):
        assert method(points[:0]).shape == (0,)
        assert method(points.half()).dtype == torch.float64


@pytest.mark.parametrize("method", ["query", "distances", "signed_distances", "winding_number"])
@pytest.mark.parametrize(
    ("points", "message"),
    [
        (torch.zeros(3), r"points must have shape \(N, 3\), got \(3,\)"),
        (torch.zeros(4, 2), r"points must have shape \(N, 3\), got \(4, 2\)"),
        (torch.full((1, 3), math.nan), "points has non-finite coordinates"),
        (torch.full((1, 3), math.inf), "points has non-finite coordinates"),
    ],
)
def test_bad_points_are_refused(method, points, message):
    with pytest.raises(ValueError, match=rf"^TriangleIndex\.{method}: {message}"):
        getattr(index_of(CUBE), method)(points)


@pytest.mark.parametrize(
    ("vertices", "faces", "message"),
    [
        (torch.zeros(2, 4, 3), torch.tensor([[0, 1, 2]]), r"vertices must have shape \(V, 3\), got \(2, 4, 3\)"),
        (torch.zeros(4, 3), torch.zeros(0, 3, dtype=torch.long), "faces must hold at least one triangle"),
        (torch.zeros(4, 3), torch.tensor([[0, 1, 4]]), "faces must index vertices 0 to 3"),
        (torch.full((4, 3), math.nan), torch.tensor([[0, 1, 2]]), "vertices has non-finite coordinates"),
    ],
)
def test_bad_meshes_are_refused(vertices, faces, message):
    with pytest.raises(ValueError, match=f"^TriangleIndex: {message}"):
        TriangleIndex(vertices, faces)
