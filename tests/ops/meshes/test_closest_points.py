"""closest_points: hand values, brute force in plain PyTorch, derivatives, masks, and input it must refuse."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.data import icosphere, torus_mesh
from diffshape.ops import closest_points, closest_triangles, pack_meshes
from diffshape.ops.meshes.closest_points import closest_point_indices
from diffshape.ops.meshes.closest_triangles import offsets_from_triangles

TRIANGLE = torch.tensor([[0.0, 0, 0], [4, 0, 0], [0, 4, 0]], dtype=torch.float64)
ONE_FACE = torch.tensor([[0, 1, 2]])
BALL, TORUS = ([torch.from_numpy(part) for part in mesh] for mesh in (icosphere(1), torus_mesh(9, 6)))


def cloud(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def soup(count, seed=0, size=0.3):
    """Random triangles, some of them segments and points."""
    corners = cloud(count, 1, 3, seed=seed) + size * cloud(count, 3, 3, seed=seed + 1)
    corners[::7, 2] = corners[::7, 1]
    corners[::11, 1:] = corners[::11, :1]
    return corners.reshape(-1, 3), torch.arange(3 * count).reshape(-1, 3)


def by_definition(points, vertices, faces):
    """Every point against every triangle."""
    corners = vertices[faces][:, None].expand(-1, len(points), -1, -1)
    return offsets_from_triangles(points.expand(len(faces), -1, -1), corners).square().sum(-1).min(1)


def test_by_hand():
    points = torch.tensor([[1.0, 1, 3], [6, -1, 0], [-3, -4, 0]]).double()
    found = closest_points(points, TRIANGLE, ONE_FACE)
    assert (found.squared_distances.item(), found.indices.item()) == (5, 1)
    assert found.points.tolist() == [[4, 0, 0]]


@pytest.mark.parametrize("size", [1e-3, 0.3, 5.0])
@pytest.mark.parametrize("count", [1, 2, 9, 700])
def test_equals_the_definition(size, count):
    points, (vertices, faces) = cloud(count, 3, seed=5), soup(60, size=size)
    found, expected = closest_points(points, vertices, faces), by_definition(points, vertices, faces)
    torch.testing.assert_close(found.squared_distances, expected.values, rtol=1e-12, atol=1e-15)
    assert torch.equal(found.indices, expected.indices)


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-6, 1.0, 1e6]), shift=st.sampled_from([0.0, 1e4]))
@settings(max_examples=30, deadline=None)
def test_equals_the_definition_anywhere(seed, scale, shift):
    points, (vertices, faces) = cloud(150, 3, seed=seed), soup(30, seed=seed, size=1.0)
    points, vertices = scale * (points + shift), scale * (vertices + shift)
    found, expected = closest_points(points, vertices, faces), by_definition(points, vertices, faces)
    torch.testing.assert_close(
        found.squared_distances, expected.values, rtol=1e-6, atol=float((scale * (1 + shift) * 1e-14) ** 2)
    )


def test_ties_go_to_the_lowest_index():
    points = torch.tensor([[1.0, 1, 2], [1, 1, 1], [1, 1, -1], [1, 1, 1]]).double().repeat(20, 1)
    assert closest_points(points, TRIANGLE, ONE_FACE).indices.item() == 1


def test_batches_and_packs_equal_the_loop():
    meshes, clouds = [BALL, TORUS], cloud(2, 50, 3)
    alone = [closest_points(points, *mesh) for points, mesh in zip(clouds, meshes)]
    for together, apart in zip(closest_points(clouds, *pack_meshes(meshes)), zip(*alone)):
        assert torch.equal(together, torch.cat(apart))
    vertices = torch.stack([BALL[0], 2 * BALL[0]])
    batch = closest_points(clouds, vertices, BALL[1])
    for number in range(2):
        one = closest_points(clouds[number], vertices[number], BALL[1])
        assert all(torch.equal(part[number], own) for part, own in zip(batch, one))


def test_first_and_second_derivatives():
    points, vertices = cloud(2, 5, 3).requires_grad_(), (BALL[0][:9] + 0.1 * cloud(2, 9, 3)).requires_grad_()
    faces = torch.tensor([[0, 1, 2], [2, 1, 3], [4, 5, 6], [6, 7, 8]])
    call = lambda p, v: closest_points(p, v, faces)[::2]  # noqa: E731
    assert torch.autograd.gradcheck(call, (points, vertices))
    assert torch.autograd.gradgradcheck(call, (points, vertices))


def test_masked_points_are_not_found():
    points, mask = cloud(2, 9, 3), torch.ones(2, 9, dtype=torch.bool)
    mask[0, ::2] = mask[1, :5] = False
    broken = torch.where(mask[..., None], points, torch.nan).requires_grad_()
    found = closest_points(broken, torch.stack([BALL[0]] * 2), BALL[1], mask=mask)
    found.squared_distances.sum().backward()
    assert torch.isfinite(broken.grad).all()
    assert not broken.grad[~mask].any()
    for number in range(2):
        alone = closest_points(points[number][mask[number]], *BALL)
        assert torch.equal(found.squared_distances[number], alone.squared_distances)
        assert torch.equal(found.indices[number], mask[number].nonzero()[:, 0][alone.indices])


def test_a_point_on_every_triangle_is_at_distance_zero():
    points = BALL[0][BALL[1]].mean(1)
    found = closest_points(points, *BALL)
    assert found.squared_distances.max() < 1e-30
    assert torch.equal(closest_triangles(points, *BALL).indices, found.indices.argsort())


def test_threads_do_not_matter():
    points, vertices, faces = cloud(900, 3), *(torch.from_numpy(part) for part in torus_mesh(40, 20))
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(closest_points(points, vertices, faces))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(*pair) for pair in zip(*results))


def test_half_precision_and_the_operator():
    found = closest_points(cloud(5, 3).half(), BALL[0].half(), BALL[1])
    assert found.squared_distances.dtype == found.points.dtype == torch.float32
    real = torch.tensor([[True] * 7, [True] * 3 + [False] * 4])
    torch.library.opcheck(closest_point_indices, (cloud(2, 7, 3), real, cloud(5, 3, 3), [3, 2]))


@pytest.mark.parametrize(
    ("points", "faces", "mask", "message"),
    [
        (cloud(5, 2), ONE_FACE, None, r"points must have shape \(N, 3\) like vertices, got \(5, 2\)"),
        (cloud(2, 5, 3), ONE_FACE, None, r"points must have shape \(N, 3\) like vertices, got \(2, 5, 3\)"),
        (cloud(5, 3).float(), ONE_FACE, None, "points and vertices must share dtype"),
        (cloud(0, 3), ONE_FACE, None, "every sample of points needs a point that is not masked"),
        (cloud(5, 3), ONE_FACE, torch.zeros(5).bool(), "every sample of points needs a point that is not masked"),
        (cloud(5, 3), ONE_FACE, torch.ones(5), r"mask must be boolean with shape \(5,\), got torch.float32"),
        (
            cloud(5, 3),
            ONE_FACE,
            torch.ones(4).bool(),
            r"mask must be boolean with shape \(5,\), got .* \(4,",
        ),
        (cloud(5, 3), ONE_FACE[:0], None, "faces must hold at least one triangle"),
        (cloud(5, 3), ONE_FACE + 1, None, "faces must index vertices 0 to 2, got 1 to 3"),
        (cloud(5, 3) * torch.nan, ONE_FACE, None, "points has non-finite coordinates"),
    ],
)
def test_bad_input(points, faces, mask, message):
    with pytest.raises(ValueError, match=f"^closest_points: {message}"):
        closest_points(points, TRIANGLE, faces, mask=mask)


def test_bad_packs():
    packed = pack_meshes([BALL, (BALL[0], BALL[1][:0])])
    with pytest.raises(ValueError, match=r"^closest_points: every mesh needs a face, but mesh 1 has none"):
        closest_points(cloud(2, 5, 3), *packed)
    with pytest.raises(ValueError, match=r"points must have shape \(2, N, 3\) for 2 packed meshes, got \(5, 3\)"):
        closest_points(cloud(5, 3), *packed)
