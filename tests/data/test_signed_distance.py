"""SignedDistance: known distances, frames, samplers, damaged and inside-out meshes, and input it must refuse."""

import math

import igl
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.data import Mesh, SignedDistance, box_mesh, icosphere, procedural_object, torus_mesh

BOX = box_mesh(3, sides=(4.0, 2.0, 1.0))
LINE = np.array([[0.0, 0, 0], [1, 0, 0], [3, 0, 0]])
ONE_FACE = np.array([[0, 1, 2]])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def cloud(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=seeded(seed))


def box_distance(points, half):
    beyond = points.abs() - torch.tensor(half, dtype=points.dtype)
    return beyond.clamp(min=0).norm(dim=-1) + beyond.amax(-1).clamp(max=0)


@given(st.integers(0, 10_000), st.floats(-100, 100), st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_a_box_anywhere_and_in_any_unit(seed, shift, scale):
    signed = SignedDistance((scale * BOX.vertices + shift, BOX.faces))
    points = cloud(100, 3, seed=seed)
    torch.testing.assert_close(signed(points), box_distance(points, (1.0, 0.5, 0.25)), rtol=0, atol=1e-9)


def test_a_sphere_up_to_its_facets():
    signed, points = SignedDistance(icosphere(5, radius=3.0)), cloud(1000, 3)
    sagitta = 1 - np.linalg.norm(icosphere(5, radius=1.0).vertices[icosphere(5).faces].mean(axis=1), axis=1).min()
    difference = signed(points) - (points.norm(dim=1) - 1)
    assert difference.min() > -1e-9
    assert difference.max() < sagitta + 1e-9


def test_the_exact_solid_of_a_marched_torus():
    solid = procedural_object("torus")
    signed, points = SignedDistance(solid.mesh(96)), cloud(1000, 3) * 0.5
    expected = solid.sdf(signed.frame.from_unit(points).numpy()) / signed.frame.scale
    np.testing.assert_allclose(signed(points).numpy(), expected, atol=1e-3)


def test_equal_to_libigl_on_a_mesh_without_faults():
    mesh = procedural_object("kettle").mesh(48)
    signed = SignedDistance(mesh)
    points = torch.cat([signed.sample_near(2000, generator=seeded()).points, cloud(2000, 3).float()])
    theirs, *_ = igl.signed_distance(
        points.double().numpy(), signed.vertices.numpy(), mesh.faces, sign_type=igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL
    )
    np.testing.assert_allclose(signed(points).numpy(), theirs, atol=1e-6)
    assert signed.notes == ()


def test_frames():
    longest, diagonal = (SignedDistance(BOX, normalization=each) for each in ("longest-side", "diagonal"))
    assert longest.vertices.amax(0).tolist() == [1, 0.5, 0.25]
    assert longest.vertices.amin(0).tolist() == [-1, -0.5, -0.25]
    assert diagonal.vertices.norm(dim=1).max().item() == pytest.approx(0.95)
    assert (longest.normalization, longest.frame.scale) == ("longest-side", 2)
    assert diagonal.frame.scale == pytest.approx(math.sqrt(21) / 2 / 0.95)
    shifted = SignedDistance((BOX.vertices + np.array([5.0, 6, 7]), BOX.faces))
    assert shifted.frame.center == (5.0, 6.0, 7.0)


def test_vertices_of_no_face_change_nothing():
    vertices = np.concatenate([BOX.vertices, [[99.0, 0, 0]]])
    assert SignedDistance((vertices, BOX.faces)).frame == SignedDistance(BOX).frame


def test_shapes_dtypes_and_no_gradient():
    signed = SignedDistance(BOX)
    for dtype in (torch.float16, torch.float32, torch.float64):
        points = torch.zeros(2, 5, 3, dtype=dtype, requires_grad=True)
        found = signed(points)
        assert (found.dtype, found.shape, found.requires_grad) == (dtype, (2, 5), False)
        assert (found == -0.25).all()
    assert signed(torch.zeros(3)).shape == ()
    assert signed(torch.zeros(0, 3)).shape == (0,)
    assert signed(signed.vertices).abs().max() == 0


def test_inside_out_is_turned_around_and_said():
    signed = SignedDistance(Mesh(BOX.vertices, BOX.faces[:, ::-1].copy()))
    assert signed.notes == ("the mesh faced inward and was turned around",)
    assert signed.watertight
    assert signed.consistently_wound
    points = cloud(200, 3)
    torch.testing.assert_close(signed(points), SignedDistance(BOX)(points))
    assert torch.equal(signed.faces.sort(1).values, torch.from_numpy(BOX.faces).sort(1).values)
    assert (signed.index.winding_number(torch.zeros(1, 3), exact=True) - 1).abs() < 1e-9


@pytest.mark.parametrize("radius", [0.5, 1.0])
def test_of_two_bodies_the_inward_one_is_turned(radius):
    ball = icosphere(3, radius=1.0)
    vertices = np.concatenate([ball.vertices, radius * ball.vertices + [3, 0, 0]])
    signed = SignedDistance((vertices, np.concatenate([ball.faces, ball.faces[:, ::-1] + len(ball.vertices)])))
    centres = torch.tensor(signed.frame.to_unit(np.array([[0.0, 0, 0], [3.0, 0, 0]])))
    found = signed.frame.distances_from_unit(signed(centres)).numpy()
    np.testing.assert_allclose(found, [-1, -radius], atol=0.01)
    assert signed.notes == ("1 of 2 bodies faced inward and was turned around",)
    assert (signed.watertight, signed.consistently_wound) == (True, True)


def test_a_cavity_stays_one_and_is_no_fault():
    ball = icosphere(2, radius=1.0)
    vertices = np.concatenate([ball.vertices, 0.5 * ball.vertices])
    for way in (1, -1):
        faces = np.concatenate([ball.faces[:, ::way], ball.faces[:, ::-way] + len(ball.vertices)])
        signed = SignedDistance((vertices, faces))
        assert (signed(torch.tensor([[0.0, 0, 0], [0.75, 0, 0]])) < 0).tolist() == [False, True]
        assert signed.notes == (() if way == 1 else ("the mesh faced inward and was turned around",))


def test_what_is_open_is_turned_without_what_is_closed():
    ball = icosphere(3, radius=1.0)
    half = ball.vertices[ball.faces].mean(axis=1)[:, 2] < 0.7  # of the ball, a deep bowl
    vertices = np.concatenate([ball.vertices, 0.5 * ball.vertices + [3, 0, 0]])
    signed = SignedDistance((vertices, np.concatenate([ball.faces[half][:, ::-1], ball.faces + len(ball.vertices)])))
    centres = torch.tensor(signed.frame.to_unit(np.array([[0.0, 0, 0], [3.0, 0, 0]])))
    assert (signed(centres) < 0).all()
    assert signed.notes[-1] == "1 of 2 bodies faced inward and was turned around"


def test_split_corners_are_joined_before_facing_is_decided():
    ball, rng = icosphere(3), np.random.default_rng(0)
    turned = np.where(rng.random((len(ball.faces), 1)) < 0.3, ball.faces[:, ::-1], ball.faces)
    soup = ball.vertices[turned].reshape(-1, 3)
    whole, split = SignedDistance((ball.vertices, turned)), SignedDistance((soup, np.arange(len(soup)).reshape(-1, 3)))
    points = cloud(500, 3) * 0.6
    assert torch.equal(split(points), whole(points))
    assert (split.notes, split.watertight, split.vertices.shape) == (whole.notes, True, (len(soup), 3))
    assert torch.equal(split.vertices[split.faces], whole.vertices[whole.faces])


@pytest.mark.parametrize("face", [[0, 0, 1], [5, 5, 5], [56, 57, 58]])
@pytest.mark.parametrize("way", [1, -1])
def test_faces_without_area_decide_nothing(face, way):
    """A vertex named twice or three times, and three vertices in a line."""
    vertices = np.concatenate([BOX.vertices, LINE / 10])
    signed = SignedDistance((vertices, np.concatenate([BOX.faces[:, ::way], [face]])))
    points = cloud(200, 3)
    assert torch.equal(signed(points) < 0, box_distance(points, (1.0, 0.5, 0.25)) < 0)
    assert ("the mesh faced inward and was turned around" in signed.notes) == (way == -1)


def test_what_was_told_of_the_file_is_told_on():
    assert SignedDistance(Mesh(*BOX, notes=("Left out.",))).notes == ("Left out.",)


def test_bodies_that_touch_are_not_joined():
    box = box_mesh(1)
    vertices = np.concatenate([box.vertices, box.vertices + np.array([1, 0, 0])])
    assert SignedDistance((vertices, np.concatenate([box.faces, box.faces + len(box.vertices)]))).notes == ()


def test_holes_and_flipped_faces_are_said_and_survived():
    mesh, points = icosphere(4), cloud(3000, 3) * 0.6
    whole, rng = SignedDistance(mesh), np.random.default_rng(0)
    few = rng.choice(len(mesh.faces), len(mesh.faces) // 40, replace=False)
    holed = SignedDistance((mesh.vertices, np.delete(mesh.faces, few, axis=0)))
    turned = mesh.faces.copy()
    turned[few] = turned[few, ::-1]
    flipped = SignedDistance((mesh.vertices, turned))
    assert (whole.watertight, whole.consistently_wound, whole.notes) == (True, True, ())
    assert (holed.watertight, holed.consistently_wound) == (False, True)
    assert (flipped.watertight, flipped.consistently_wound) == (True, False)
    assert "edges have one face or more than two" in holed.notes[0]
    assert flipped.notes == (
        f"{len(few)} of {len(mesh.faces)} faces faced another way than their surface and were turned",
    )
    assert torch.equal(flipped.faces, whole.faces)
    assert torch.equal(flipped(points), whole(points))
    clear = whole(points).abs() > 0.02  # nearer to a hole of one face the sign is anybody's
    assert torch.equal((holed(points) < 0)[clear], (whole(points) < 0)[clear])


def test_a_surface_with_one_side_is_said_to_be_one():
    angle = 2 * math.pi * np.arange(10) / 10
    half = np.stack([np.cos(angle / 2) * np.cos(angle), np.cos(angle / 2) * np.sin(angle), np.sin(angle / 2)], 1) * 0.3
    rim = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    faces = [[[i, i + 1, i + 10], [i + 1, i + 11, i + 10]] for i in range(9)] + [[[9, 10, 19], [10, 0, 19]]]
    strip = SignedDistance((np.concatenate([rim - half, rim + half]), np.concatenate(faces)))
    assert not strip.consistently_wound
    assert "edges faces cannot agree" in strip.notes[1]
    assert torch.equal(strip.faces, torch.from_numpy(np.concatenate(faces)))


def test_an_edge_of_four_faces_is_not_watertight():
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0], [0, 0, -1]])
    one, other = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], [[0, 4, 1], [0, 1, 5], [1, 4, 5], [0, 5, 4]]
    signed = SignedDistance((vertices, np.array(one + other)))
    assert not signed.watertight
    assert signed.index.closed
    assert "1 of 11 edges" in signed.notes[0]
    assert (signed(signed.frame.to_unit(torch.tensor([[0.1, 0.1, 0.1], [0.1, -0.1, -0.1]]))) < 0).all()


def test_a_sheet_is_said_to_be_one():
    sheet = SignedDistance((np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]), np.array([[0, 1, 2], [0, 2, 3]])))
    assert sheet.notes[-1] == "the mesh is a sheet rather than a body; few points or none count as inside"
    assert (sheet(cloud(100, 3)) > 0).all()


def test_samples_near_the_surface():
    signed = SignedDistance(icosphere(4))
    points, distances = signed.sample_near(20_000, sigma=0.02, generator=seeded())
    assert (points.dtype, distances.dtype) == (torch.float32, torch.float32)
    assert torch.equal(distances, signed(points))
    offsets = points.double().norm(dim=1) - 1
    assert offsets.std().item() == pytest.approx(0.02, rel=0.03)
    assert signed.sample_near(100, sigma=0.0, generator=seeded()).distances.abs().max() < 1e-6


def test_logistic_samples_have_their_spread():
    signed = SignedDistance(icosphere(4))
    points, _ = signed.sample_near(20_000, sigma=0.01, perturbation="logistic", generator=seeded())
    offsets = (points.double().norm(dim=1) - 1).sort().values
    assert offsets.std().item() == pytest.approx(math.pi * 0.01 / math.sqrt(3), rel=0.03)
    assert torch.isfinite(points).all()


def test_uniform_and_surface_samples():
    signed = SignedDistance(torus_mesh())
    points, distances = signed.sample_uniform(20_000, generator=seeded())
    assert (points.amin() >= -1) & (points.amax() <= 1)
    assert points.double().mean(0).abs().max() < 0.02
    assert torch.equal(distances, signed(points))
    inside, volume = (distances < 0).double().mean().item() * 8, signed.index.corners.det().sum().item() / 6
    assert inside == pytest.approx(volume, rel=0.05)
    points, distances = signed.sample_surface(1000, generator=seeded())
    assert torch.equal(distances, torch.zeros(1000))
    assert signed(points).abs().max() < 1e-6


def test_a_mixed_sample_is_its_parts_in_order():
    signed = SignedDistance(BOX)
    mixed = signed.sample(near=30, uniform=10, surface=40, generator=seeded())
    generator = seeded()
    parts = [signed.sample_near(30, generator=generator), signed.sample_uniform(10, generator=generator)]
    parts.append(signed.sample_surface(40, generator=generator))
    for together, *alone in zip(mixed, *parts):
        assert torch.equal(together, torch.cat(alone))
    assert signed.sample().points.shape == (0, 3)


def test_the_same_seed_gives_the_same_bits_for_any_number_of_threads():
    signed, before, drawn = SignedDistance(torus_mesh()), torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            drawn.append(signed.sample(near=5000, uniform=5000, surface=5000, generator=seeded(3)))
    finally:
        torch.set_num_threads(before)
    for one, two in zip(*drawn):
        assert torch.equal(one, two)


@pytest.mark.parametrize(
    ("mesh", "options", "message"),
    [
        ((BOX.vertices, BOX.faces[:0]), {}, "faces is empty"),
        ((BOX.vertices * np.nan, BOX.faces), {}, "vertices are NaN, infinite"),
        ((np.ones((3, 3)), ONE_FACE), {}, "have no extent"),
        ((LINE, ONE_FACE), {}, "no face of positive area"),
        (BOX, {"normalization": "unit"}, "normalization must be one of 'longest-side', 'diagonal', got 'unit'"),
    ],
)
def test_bad_meshes_are_refused_in_one_sentence(mesh, options, message):
    with pytest.raises(ValueError, match=message):
        SignedDistance(mesh, **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda signed: signed(torch.zeros(4, 2)), r"points must be floats of shape \(..., 3\), got \(4, 2\)"),
        (lambda signed: signed(torch.zeros(4, 3, dtype=torch.long)), "points must be floats"),
        (lambda signed: signed(torch.full((4, 3), math.nan)), "points has non-finite coordinates"),
        (lambda signed: signed.sample_near(5, sigma=-1.0), r"sigma must be a number from 0 to 1e\+06, got -1.0"),
        (lambda signed: signed.sample_near(5, sigma=math.inf), r"sigma must be a number from 0 to 1e\+06, got inf"),
        (lambda signed: signed.sample_near(5, perturbation="cauchy"), "'gaussian', 'logistic', got 'cauchy'"),
        (lambda signed: signed.sample_near(-1), "count must be at least 0, got -1"),
        (lambda signed: signed.sample_uniform(-1), "count must be at least 0, got -1"),
    ],
)
def test_bad_requests_are_refused_in_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call(SignedDistance(BOX))


@pytest.mark.shared_data
def test_real_meshes_equal_libigl(shared):
    signed = SignedDistance(shared / "data" / "meshes" / "spot.ply", normalization="diagonal")
    assert signed.watertight
    assert signed.notes == ()
    points = torch.cat(
        [
            each.points
            for each in (signed.sample_near(2000, generator=seeded()), signed.sample_uniform(2000, generator=seeded()))
        ]
    )
    exact = igl.winding_number(signed.vertices.numpy(), signed.faces.numpy(), points.double().numpy())
    assert np.array_equal((signed(points) < 0).numpy(), exact > 0.5)
