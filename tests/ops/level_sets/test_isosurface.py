import numpy as np
import pytest
import torch

from diffshape import data, metrics
from diffshape.ops import Surface, isosurface, pack_meshes

BOX = (-0.5, 0.5)


def sphere(x, radius=0.4):
    return x.norm(dim=-1) - radius


def torus(x):
    return torch.stack([x[:, :2].norm(dim=-1) - 0.3, x[:, 2]], -1).norm(dim=-1) - 0.1


class Counting:
    def __init__(self, field):
        self.field, self.points, self.largest = field, 0, 0

    def __call__(self, x):
        self.points += len(x)
        self.largest = max(self.largest, len(x))
        return self.field(x)


def edge_counts(faces):
    directed = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    _, once = directed.unique(dim=0, return_counts=True)
    _, both = directed.sort(1).values.unique(dim=0, return_counts=True)
    return once, both


def assert_closed(faces):
    once, both = edge_counts(faces)
    assert (once == 1).all()  # consistently wound
    assert (both == 2).all()


def areas(vertices, faces):
    a, b, c = vertices[faces].unbind(1)
    return torch.linalg.cross(b - a, c - a).norm(dim=1) / 2


def volume(vertices, faces):
    a, b, c = vertices[faces].unbind(1)
    return float((a * torch.linalg.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("sparse", [False, True])
def test_sphere_is_centred_closed_and_outward(sparse):
    vertices, faces = isosurface(sphere, resolution=65, bounds=BOX, sparse=sparse)
    assert vertices.dtype == torch.float64
    assert faces.dtype == torch.int64
    assert_closed(faces)
    # spacing range / (n - 1); range / n would give a centre of -0.004 and a volume 5 % less
    torch.testing.assert_close(vertices.mean(0), torch.zeros(3).double(), atol=1e-4, rtol=0)
    assert (vertices.norm(dim=1) - 0.4).abs().max() < 2e-4
    assert volume(vertices, faces) == pytest.approx(4 / 3 * np.pi * 0.4**3, rel=2e-3)
    assert len(vertices) - len(faces) // 2 == 2  # Euler: V - E + F with E = 3F/2


@pytest.mark.parametrize("resolution", [65, 66, 100])
def test_sparse_is_the_dense_surface(resolution):
    dense = isosurface(torus, resolution=resolution, bounds=BOX, sparse=False)
    sparse = isosurface(torus, resolution=resolution, bounds=BOX, sparse=True)
    assert len(dense[1]) == len(sparse[1])
    assert_closed(sparse[1])

    def ordered(vertices):
        return vertices[np.lexsort(vertices.numpy().T.round(9))]

    torch.testing.assert_close(ordered(sparse[0]), ordered(dense[0]), atol=1e-5, rtol=0)  # the nudge may differ
    assert len(sparse[0]) == len(sparse[1]) // 2  # genus 1


def test_sparse_samples_a_shell_in_large_chunks():
    few, many = Counting(sphere), Counting(sphere)
    isosurface(few, resolution=100, bounds=BOX, sparse=True)
    isosurface(many, resolution=199, bounds=BOX, sparse=True)
    assert many.points < 199**3 / 8
    assert many.points < 5 * few.points  # resolution^2, not ^3
    assert max(few.largest, many.largest) <= 2**17


def test_small_resolutions_are_dense_by_default():
    field = Counting(sphere)
    isosurface(field, resolution=20, bounds=BOX)
    assert field.points == 20**3


@pytest.mark.parametrize("factor", [0.05, 50.0])
def test_sparse_survives_fields_that_are_no_distance(factor):
    def saturated(x):
        return torch.tanh(factor * torus(x)) * 30  # far steeper than the bound of 1.5 at 50

    _, faces = isosurface(saturated, resolution=100, bounds=BOX, sparse=True)
    assert_closed(faces)
    assert len(faces) == len(isosurface(saturated, resolution=100, bounds=BOX, sparse=False)[1])


def test_lipschitz_decides_what_small_pieces_are_seen():
    def speck(x):
        return 20 * ((x - 0.013).norm(dim=-1) - 0.008)

    assert len(isosurface(speck, resolution=200, bounds=BOX, lipschitz=20.0)[1]) > 0
    assert len(isosurface(speck, resolution=200, bounds=BOX, lipschitz=0.01)[1]) == 0


@pytest.mark.parametrize("steepness", [1.0, 1e4])
def test_without_a_bound_signs_alone_find_the_surface(steepness):
    """As in multi-resolution isosurface extraction, but whole: no steepness of the field matters."""

    def steps(x):
        return (steepness * torus(x)).clamp(-1, 1)

    field = Counting(steps)
    sparse = isosurface(field, resolution=129, bounds=BOX, lipschitz=0.0)
    assert_closed(sparse.faces)
    assert len(sparse.faces) == len(isosurface(steps, resolution=129, bounds=BOX, sparse=False).faces)
    assert field.points < 129**3 / 5


@pytest.mark.parametrize("resolution", [80, 129, 256])
@pytest.mark.parametrize("height", [0.0, 0.017])
def test_a_plate_that_64_nodes_find_is_not_lost_on_a_finer_grid(resolution, height):
    """Multi-resolution extraction from 32 nodes a side misses what lies between two of their layers."""
    halves, middle = torch.tensor([0.3, 0.01, 0.3]), torch.tensor([0.0, height, 0.0])

    def plate(x):
        return -40 * (halves - (x - middle).abs()).amin(-1)

    low, high = (isosurface(plate, resolution=n, bounds=(-0.55, 0.55), lipschitz=0.0) for n in (64, resolution))
    assert len(low.faces) > 0
    assert_closed(high.faces)
    assert (high.vertices.amax(0) - middle).tolist() == pytest.approx(halves.tolist(), abs=1.1 / resolution)


@pytest.mark.parametrize("sparse", [False, True])
def test_noise_gives_a_closed_mesh_without_degenerate_faces(sparse):
    def noise(x):
        return torch.sin(x @ (torch.arange(9.0, dtype=x.dtype).reshape(3, 3) * 37 + 11)).sum(-1)

    vertices, faces = isosurface(noise, resolution=24, bounds=BOX, sparse=sparse, closed=True)
    assert_closed(faces)
    assert areas(vertices, faces).min() > 0
    assert len(vertices.unique(dim=0)) == len(vertices)


def test_nodes_exactly_on_the_surface():
    # a diamond through grid nodes: every vertex would fall on a node, several at a time
    vertices, faces = isosurface(lambda x: x.abs().sum(-1) - 4, resolution=13, bounds=(-6.0, 6.0))
    assert_closed(faces)
    assert areas(vertices, faces).min() > 0
    assert len(vertices.unique(dim=0)) == len(vertices)
    assert volume(vertices, faces) == pytest.approx(4 / 3 * 4**3, rel=5e-3)


def test_plane_is_open_at_the_box_unless_closed():
    def half_space(x):
        return x[:, 2] - 0.1

    for sparse in (False, True):
        vertices, faces = isosurface(half_space, resolution=40, bounds=BOX, sparse=sparse)
        torch.testing.assert_close(vertices[:, 2], torch.full((len(vertices),), 0.1).double(), atol=1e-6, rtol=0)
        assert (edge_counts(faces)[1] == 1).sum() == 4 * 39
        vertices, faces = isosurface(half_space, resolution=40, bounds=BOX, sparse=sparse, closed=True)
        assert_closed(faces)
        assert volume(vertices, faces) == pytest.approx(0.6, rel=1e-2)


def test_closed_solid_that_fills_the_box_is_the_box():
    vertices, faces = isosurface(lambda x: -torch.ones(len(x)), resolution=70, bounds=BOX, closed=True)
    assert_closed(faces)
    assert volume(vertices, faces) == pytest.approx(1, rel=1e-2)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_empty_level_set(sparse, value):
    vertices, faces = isosurface(lambda x: torch.full((len(x),), value), resolution=70, bounds=BOX, sparse=sparse)
    assert vertices.shape == (0, 3)
    assert faces.shape == (0, 3)
    assert vertices.dtype == torch.float64
    assert faces.dtype == torch.int64


def test_level():
    vertices, _ = isosurface(sphere, resolution=33, bounds=BOX, level=-0.1)
    torch.testing.assert_close(vertices.norm(dim=1), torch.full((len(vertices),), 0.3).double(), atol=1e-3, rtol=0)


@pytest.mark.parametrize("sparse", [False, True])
def test_cells_are_cubes_in_a_long_box(sparse):
    field = Counting(lambda x: (x - torch.tensor([5.0, 1.0, 1.0])).norm(dim=-1) - 0.8)
    vertices, faces = isosurface(field, resolution=101, bounds=((0, 0, 0.0), (10, 2, 2.05)), sparse=sparse)
    assert_closed(faces)
    torch.testing.assert_close(vertices.mean(0), torch.tensor([5.0, 1.0, 1.0]).double(), atol=5e-3, rtol=0)
    if not sparse:
        assert field.points == 101 * 21 * 22


def test_device_and_dtype_follow_a_module():
    class Ball(torch.nn.Module):
        def __init__(self, dtype):
            super().__init__()
            self.radius = torch.nn.Parameter(torch.tensor(0.4, dtype=dtype))

        def forward(self, x):
            assert x.dtype == self.radius.dtype
            assert not torch.is_grad_enabled()
            return sphere(x, self.radius)

    for dtype in (torch.float32, torch.float64):
        vertices, _ = isosurface(Ball(dtype), resolution=16, bounds=BOX)
        assert not vertices.requires_grad
    seen = []
    isosurface(lambda x: seen.append(x.dtype) or sphere(x), resolution=8, bounds=BOX, dtype=torch.float64)
    assert seen == [torch.float64]


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_field_that_is_not_finite(sparse, bad):
    with pytest.raises(ValueError, match="isosurface: field returned NaN or infinity"):
        isosurface(lambda x: torch.where(x[:, 0] > 0, bad, x[:, 1]), resolution=12, bounds=BOX, sparse=sparse)


@pytest.mark.parametrize(
    ("field", "options", "message"),
    [
        (sphere, {"resolution": 1, "bounds": BOX}, "resolution must be at least 2, got 1"),
        (
            sphere,
            {"resolution": 10**7, "bounds": BOX},
            "resolution must be at most .* GB of memory are free, got 10000000",
        ),
        (sphere, {"resolution": 10**5, "bounds": BOX, "sparse": False}, "GB of memory are free, got 100000"),
        (sphere, {"resolution": 9, "bounds": (1.0, 0.0)}, "bounds must be finite with low < high"),
        (sphere, {"resolution": 9, "bounds": (0.0, float("nan"))}, "bounds must be finite"),
        (sphere, {"resolution": 9, "bounds": ((0, 0, 0), (1, 0, 1))}, "bounds must be finite with low < high"),
        (sphere, {"resolution": 9, "bounds": ((0, 0), (1, 1))}, "bounds must be two numbers or two corners"),
        (sphere, {"resolution": 9, "bounds": BOX, "lipschitz": -1.0}, "lipschitz must be 0 or more, got -1.0"),
        (
            lambda x: x,
            {"resolution": 9, "bounds": BOX},
            r"field must map points \(\d+, 3\) to \(\d+,\), got \(\d+, 3\)",
        ),
        (lambda x: 1.0, {"resolution": 9, "bounds": BOX}, "got float"),
    ],
)
def test_bad_input(field, options, message):
    with pytest.raises(ValueError, match=message):
        isosurface(field, **options)


def test_the_surface_is_a_pair_that_shows_as_a_line():
    surface = isosurface(sphere, resolution=9, bounds=BOX)
    vertices, faces = surface
    assert isinstance(surface, Surface)
    assert (surface.vertices is vertices, surface.faces is faces) == (True, True)
    assert repr(surface) == f"Surface({len(vertices)} vertices, {len(faces)} faces)"
    empty = isosurface(lambda x: x.norm(dim=-1) + 1, resolution=9, bounds=BOX)
    assert repr(empty) == "Surface(0 vertices, 0 faces)"


def test_the_surface_is_taken_where_a_mesh_is():
    surface = isosurface(sphere, resolution=17, bounds=BOX)
    mesh = data.as_mesh(surface)
    np.testing.assert_array_equal(mesh.faces, surface.faces)
    assert metrics.compare_surfaces(surface, mesh, samples=200).chamfer == pytest.approx(0, abs=1e-9)
    assert metrics.point_to_mesh_statistics(surface.vertices, surface).max == pytest.approx(0, abs=1e-9)
    cloud = metrics.compare_cloud_to_surface(surface.vertices, surface, samples=50)
    assert cloud.accuracy == pytest.approx(0, abs=1e-9)
    assert len(pack_meshes([surface, surface]).vertices) == 2 * len(mesh.vertices)
    assert data.SignedDistance(surface)(torch.zeros(1, 3)) < 0
