import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import normalize

from diffshape.ops.neighborhoods.frames import canonical_frames, plane_normals


def bowls(seed, count=60):
    generator = torch.Generator().manual_seed(seed)
    flat = torch.rand(4, count, 2, generator=generator, dtype=torch.float64) * 2 - 1
    bent = (
        0.3 * flat[..., :1].square() + 0.1 * flat[..., 1:].square() + 0.05 * flat[..., :1] + 0.04 * flat[..., 1:] ** 3
    )
    return torch.cat([flat, bent], dim=-1)


def turn(seed, *, mirrored):
    generator = torch.Generator().manual_seed(seed)
    turned = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=torch.float64))[0]
    return turned * (-1 if (torch.linalg.det(turned) < 0) != mirrored else 1)


def test_plane_normals_of_points_on_planes():
    normal = normalize(torch.tensor([[1.0, 2.0, -2.0], [0.0, 0.0, 1.0]], dtype=torch.float64), dim=1)
    offsets = torch.randn(2, 30, 3, generator=torch.manual_seed(0), dtype=torch.float64)
    offsets = offsets - (offsets * normal[:, None]).sum(-1, keepdim=True) * normal[:, None]
    offsets = torch.stack([each[each.norm(dim=1).argsort()] for each in offsets])
    assert torch.allclose((plane_normals(offsets) * normal).sum(1).abs(), torch.ones(2, dtype=torch.float64))


def test_plane_normals_of_coincident_points_are_finite():
    assert plane_normals(torch.zeros(2, 5, 3)).isfinite().all()


@given(st.integers(0, 1000), st.booleans(), st.booleans())
def test_a_neighborhood_has_the_same_coordinates_however_it_is_turned_mirrored_or_seen(seed, mirrored, other_side):
    offsets = bowls(seed)
    normals = torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64).expand(4, 3)
    moved = turn(seed, mirrored=mirrored)
    frames = canonical_frames(offsets, normals)
    others = canonical_frames(offsets @ moved.T, (-1 if other_side else 1) * normals @ moved.T)
    assert torch.allclose(offsets @ frames.mT, offsets @ moved.T @ others.mT, atol=1e-9)


def test_frames_are_orthonormal_with_the_normal_last():
    offsets, normals = (
        bowls(5),
        normalize(torch.randn(4, 3, dtype=torch.float64, generator=torch.manual_seed(1)), dim=1),
    )
    frames = canonical_frames(offsets, normals)
    assert torch.allclose(frames @ frames.mT, torch.eye(3, dtype=torch.float64).expand(4, 3, 3))
    assert torch.allclose((frames[:, 2] * normals).sum(1).abs(), torch.ones(4, dtype=torch.float64))


def test_z_points_to_where_the_neighbors_are_and_x_along_the_steepest_rise():
    offsets = bowls(7)[:1]
    frames = canonical_frames(offsets, torch.tensor([[0.0, 0.0, -1.0]], dtype=torch.float64))
    assert frames[0, 2, 2] > 0.999
    assert frames[0, 0, 0].abs() > frames[0, 0, 1].abs()  # the bowl is three times as steep along x
