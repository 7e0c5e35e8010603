import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.ops import pack_meshes, sample_surface

TETRAHEDRON = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=torch.float64)
OUTWARD = torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_points_lie_on_faces_with_outward_unit_normals():
    points, normals = sample_surface(TETRAHEDRON, OUTWARD, 500, generator=seeded())
    offsets = torch.stack([-points[:, 2], -points[:, 1], -points[:, 0], (points.sum(1) - 1) / 3**0.5], 1)
    assert offsets.abs().amin(1).max() < 1e-12
    torch.testing.assert_close(normals.norm(dim=1), torch.ones(500, dtype=torch.float64))
    assert ((points - 0.2) * normals).sum(1).min() > 0  # (0.2, 0.2, 0.2) is inside


def test_share_of_points_follows_area():
    points, _ = sample_surface(TETRAHEDRON, OUTWARD, 40_000, generator=seeded())
    slanted = (points.sum(1) > 1 - 1e-9).double().mean()
    expected = 3**0.5 / (3**0.5 + 3)  # areas sqrt(3)/2 against three times 1/2
    assert abs(slanted - expected) < 4 * (expected * (1 - expected) / 40_000) ** 0.5


def test_uniform_inside_a_triangle():
    corners = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=torch.float64)
    points, _ = sample_surface(corners, torch.tensor([[0, 1, 2]]), 40_000, generator=seeded())
    # mean 1/3 and second moment 1/6 of either coordinate, E[xy] = 1/12
    torch.testing.assert_close(points[:, :2].mean(0), torch.full((2,), 1 / 3).double(), atol=5e-3, rtol=0)
    torch.testing.assert_close((points[:, :2] ** 2).mean(0), torch.full((2,), 1 / 6).double(), atol=5e-3, rtol=0)
    assert abs((points[:, 0] * points[:, 1]).mean() - 1 / 12) < 3e-3


def test_batch_gives_each_mesh_its_own_draw_and_keeps_dtype():
    batch = torch.stack([TETRAHEDRON, 2 * TETRAHEDRON]).float()
    points, normals = sample_surface(batch, OUTWARD, 7, generator=seeded())
    assert points.shape == normals.shape == (2, 7, 3)
    assert points.dtype == normals.dtype == torch.float32
    assert not torch.allclose(points[1], 2 * points[0])
    assert sample_surface(batch, OUTWARD, 0).points.shape == (2, 0, 3)


def test_same_seed_same_bits_and_same_places_in_float32():
    first = sample_surface(TETRAHEDRON, OUTWARD, 50, generator=seeded(3))
    again = sample_surface(TETRAHEDRON, OUTWARD, 50, generator=seeded(3))
    single = sample_surface(TETRAHEDRON.float(), OUTWARD, 50, generator=seeded(3))
    other = sample_surface(TETRAHEDRON, OUTWARD, 50, generator=seeded(4))
    assert torch.equal(first.points, again.points)
    torch.testing.assert_close(single.points.double(), first.points, atol=1e-6, rtol=0)
    assert not torch.equal(first.points, other.points)


def test_faces_without_area_are_never_chosen():
    faces = torch.tensor([[0, 0, 0], [1, 1, 2], [0, 2, 1], [3, 3, 3], [0, 1, 1]])
    points, normals = sample_surface(TETRAHEDRON, faces, 2000, generator=seeded())
    assert points[:, 2].abs().max() == 0
    assert torch.equal(normals, torch.tensor([0.0, 0, -1]).double().expand(2000, 3))


@pytest.mark.parametrize("scale", [1e-15, 1e15])
def test_float32_meshes_of_any_size(scale):
    points, normals = sample_surface(TETRAHEDRON.float() * scale, OUTWARD, 100, generator=seeded())
    torch.testing.assert_close(normals.norm(dim=1), torch.ones(100))
    assert torch.isfinite(points).all()


def test_located_samples_are_the_same_points():
    batch = torch.stack([TETRAHEDRON, 2 * TETRAHEDRON + 1])
    plain = sample_surface(batch, OUTWARD, 30, generator=seeded())
    found = sample_surface(batch, OUTWARD, 30, located=True, generator=seeded())
    assert torch.equal(found.points, plain.points)
    assert torch.equal(found.normals, plain.normals)
    assert found.faces.shape == (2, 30)
    assert found.faces.unique().tolist() == [0, 1, 2, 3]
    assert (found.barycentrics >= 0).all()
    torch.testing.assert_close(found.barycentrics.sum(-1), torch.ones(2, 30).double())
    corners = batch[torch.arange(2)[:, None, None], OUTWARD[found.faces]]
    torch.testing.assert_close((corners * found.barycentrics[..., None]).sum(-2), plain.points)
    single = sample_surface(TETRAHEDRON, OUTWARD, 5, located=True, generator=seeded())
    assert (single.faces.shape, single.barycentrics.shape) == ((5,), (5, 3))
    assert sample_surface(batch, OUTWARD, 0, located=True).faces.shape == (2, 0)


def test_packed_meshes_are_sampled_as_one_after_the_other():
    """Sizes from 1e-6 to 1e6 in one batch, and a mesh with faces without area."""
    flat = torch.cat([OUTWARD, torch.tensor([[0, 0, 1], [2, 2, 2]])])
    meshes = [(1e6 * TETRAHEDRON, OUTWARD), (1e-6 * TETRAHEDRON, flat.flip(0)), (TETRAHEDRON[:3], OUTWARD[:1])]
    packed, one = pack_meshes(meshes), seeded()
    found = sample_surface(*packed, 40, located=True, generator=seeded())
    firsts = (0, len(OUTWARD), len(OUTWARD) + len(flat))
    for number, (mesh, first) in enumerate(zip(meshes, firsts)):
        alone = sample_surface(*mesh, 40, located=True, generator=one)
        assert torch.equal(found.points[number], alone.points)
        assert torch.equal(found.normals[number], alone.normals)
        assert torch.equal(found.faces[number], alone.faces + first)
    with pytest.raises(ValueError, match="no face of positive area"):
        sample_surface(*pack_meshes([meshes[0], (TETRAHEDRON, OUTWARD[:0])]), 5)


def test_gradcheck():
    vertices = TETRAHEDRON.clone().requires_grad_()
    call = lambda v: tuple(sample_surface(v, OUTWARD, 5, generator=seeded()))  # noqa: E731
    assert torch.autograd.gradcheck(call, vertices)
    assert torch.autograd.gradgradcheck(call, vertices)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(-3, 3), st.floats(0.1, 10))
def test_moves_with_the_mesh(seed, shift, scale):
    here = sample_surface(TETRAHEDRON, OUTWARD, 20, generator=seeded(seed))
    there = sample_surface(TETRAHEDRON * scale + shift, OUTWARD, 20, generator=seeded(seed))
    torch.testing.assert_close(there.points, here.points * scale + shift, atol=1e-9, rtol=0)
    torch.testing.assert_close(there.normals, here.normals, atol=1e-9, rtol=0)


@pytest.mark.parametrize(
    ("vertices", "faces", "count", "message"),
    [
        (torch.zeros(4, 2), OUTWARD, 5, r"vertices must be floats of shape \(V, 3\) or \(B, V, 3\), got \(4, 2\)"),
        (torch.zeros(4, 3).long(), OUTWARD, 5, "vertices must be floating point"),
        (TETRAHEDRON, OUTWARD.float(), 5, "faces must be integers"),
        (TETRAHEDRON, OUTWARD[:, :2], 5, r"faces must be integers of shape \(F, 3\), got \(4, 2\)"),
        (TETRAHEDRON, OUTWARD + 1, 5, "faces must index vertices 0 to 3, got 1 to 4"),
        (TETRAHEDRON, OUTWARD - 1, 5, "faces must index vertices 0 to 3, got -1 to 2"),
        (TETRAHEDRON, OUTWARD, -1, "count must be 0 or more, got -1"),
        (TETRAHEDRON * 0, OUTWARD, 5, "no face of positive area"),
        (torch.stack([TETRAHEDRON, TETRAHEDRON * 0]), OUTWARD, 5, "no face of positive area"),
        (TETRAHEDRON, OUTWARD[:0], 5, "no face of positive area"),
        (TETRAHEDRON * torch.nan, OUTWARD, 5, "NaN or infinite"),
    ],
)
def test_bad_input(vertices, faces, count, message):
    with pytest.raises(ValueError, match=message):
        sample_surface(vertices, faces, count)
