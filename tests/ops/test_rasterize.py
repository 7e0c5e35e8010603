import math

import pytest
import torch

from diffshape.ops import rasterize_mesh, rasterize_spheres


def grid_mesh(n, jitter, seed=0):
    """A square [0, 40]^2 cut into 2 n^2 triangles, inner vertices moved at random."""
    steps = torch.linspace(0, 40, n + 1, dtype=torch.float64)
    x, y = torch.meshgrid(steps, steps, indexing="ij")
    vertices = torch.stack([x, y, torch.ones_like(x)], -1)
    noise = torch.rand(n + 1, n + 1, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 0.5
    vertices[1:-1, 1:-1] += noise[1:-1, 1:-1] * torch.tensor([jitter, jitter, 0.0])
    i, j = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
    a = (i * (n + 1) + j).flatten()
    b, c, d = a + 1, a + n + 1, a + n + 2
    return vertices.reshape(-1, 3), torch.cat([torch.stack([a, c, d], 1), torch.stack([a, d, b], 1)])


@pytest.mark.parametrize("n", [1, 4, 37])
def test_neighbours_leave_no_gap(n):
    vertices, faces = grid_mesh(n, 0.5 * 40 / n)
    raster = rasterize_mesh(vertices, faces, height=40, width=40)
    assert (raster.faces >= 0).all()
    alone = [rasterize_mesh(vertices, face[None], height=40, width=40).faces == 0 for face in faces[:40]]
    assert torch.stack(alone).sum(0).max() == 1  # and no overlap


def test_weights_and_depth_interpolate_a_plane():
    vertices, faces = grid_mesh(6, 2.0)
    vertices[:, 2] = 3 + 0.2 * vertices[:, 0] - 0.1 * vertices[:, 1]
    raster = rasterize_mesh(vertices, faces, height=40, width=40)
    centre = torch.arange(40, dtype=torch.float64) + 0.5
    torch.testing.assert_close(raster.depth, 3 + 0.2 * centre - 0.1 * centre[:, None])
    at = (vertices[faces[raster.faces]] * raster.barycentric[..., None]).sum(2)
    torch.testing.assert_close(at[..., 0], centre.expand(40, 40))
    torch.testing.assert_close(at[..., 1], centre[:, None].expand(40, 40))


def test_nearest_face_wins_whatever_the_order():
    near = torch.tensor([[0.0, 0, 1], [8, 0, 1], [0, 8, 1]])
    vertices = torch.cat([near + torch.tensor([0.0, 0, 4]), near])
    for faces, expected in (([[0, 1, 2], [3, 4, 5]], 1), ([[3, 5, 4], [0, 1, 2]], 0)):
        raster = rasterize_mesh(vertices, torch.tensor(faces), height=8, width=8)
        assert raster.faces[1, 1] == expected
        assert raster.depth[1, 1] == 1


def test_outside_the_triangle_is_empty():
    raster = rasterize_mesh(torch.rand(3, 3), torch.tensor([[0, 1, 2]]), height=9, width=9)
    assert raster.faces[8, 8] == -1
    assert raster.depth[8, 8] == torch.inf
    assert raster.barycentric[8, 8].abs().sum() == 0


def test_clipped_by_the_picture_and_without_area():
    vertices = torch.tensor([[-1e6, -1e6, 1.0], [1e6, -1e6, 1], [0, 1e6, 1], [3, 3, 0], [5, 5, 0]])
    raster = rasterize_mesh(vertices, torch.tensor([[3, 4, 3], [0, 1, 2]]), height=10, width=6)
    assert (raster.faces == 1).all()
    assert rasterize_mesh(vertices, torch.empty(0, 3).long(), height=2, width=2).faces.max() == -1


def test_large_faces_in_many_portions(monkeypatch):
    vertices, faces = grid_mesh(5, 3.0)
    whole = rasterize_mesh(vertices, faces, height=40, width=40)
    monkeypatch.setattr("diffshape.ops.rasterize.FRAGMENTS", 100)
    parts = rasterize_mesh(vertices, faces, height=40, width=40)
    assert torch.equal(whole.faces, parts.faces)


def test_sphere_outline_depth_and_normals():
    raster = rasterize_spheres(torch.tensor([[50.0, 40.0, 100.0]], dtype=torch.float64), 30.0, height=90, width=100)
    seen = raster.points == 0
    assert int(seen.sum()) == pytest.approx(math.pi * 30**2, rel=0.01)
    assert raster.depth.min() == pytest.approx(70, abs=0.02)
    torch.testing.assert_close(raster.normals[seen].norm(dim=-1), torch.ones(int(seen.sum())).double())
    torch.testing.assert_close(raster.depth[seen], 100 + 30 * raster.normals[seen][:, 2])
    assert raster.normals[40, 70, 0] > 0.6  # faces right on the right


def test_spheres_hide_one_another_and_may_leave_the_picture():
    centres = torch.tensor([[4.5, 4.5, 20.0], [4.5, 4.5, 10.0], [-3.0, 2.0, 1.0], [500.0, 2.0, 1.0]])
    raster = rasterize_spheres(centres, 2.0, height=9, width=9)
    assert raster.points[4, 4] == 1
    assert set(raster.points.unique().tolist()) == {-1, 1}
    assert rasterize_spheres(torch.empty(0, 3), 2.0, height=3, width=3).points.max() == -1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: rasterize_mesh(torch.ones(3, 2), torch.zeros(1, 3).long(), height=2, width=2),
            "vertices must be floats",
        ),
        (lambda: rasterize_mesh(torch.ones(3, 3), torch.zeros(1, 3), height=2, width=2), "faces must be integers"),
        (lambda: rasterize_mesh(torch.ones(3, 3), torch.full((1, 3), 3), height=2, width=2), "index vertices 0 to 2"),
        (lambda: rasterize_mesh(torch.full((3, 3), torch.nan), torch.zeros(1, 3).long(), height=2, width=2), "finite"),
        (lambda: rasterize_spheres(torch.ones(3, 3), 0.0, height=2, width=2), "radius must be positive, got 0.0"),
        (lambda: rasterize_spheres(torch.ones(3, 3), 1.0, height=0, width=2), "height and width must be 1 or more"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
