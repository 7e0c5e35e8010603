import igl
import numpy as np
import pytest
import trimesh

from diffshape.data import Mesh, procedural_object

VOLUMES = {"sphere": np.pi / 6, "torus": 2 * np.pi**2 * 0.35 * 0.15**2, "box": 0.24}
EULER = {"sphere": 2, "torus": 0, "box": 2, "kettle": -12}  # the kettle has a handle and six holes: genus 7


@pytest.fixture(params=EULER)
def thing(request):
    return procedural_object(request.param)


def test_meshes_are_closed_outward_and_of_the_right_genus(thing):
    mesh = thing.mesh(100)
    peer = trimesh.Trimesh(*mesh, process=False)
    assert isinstance(mesh, Mesh)
    assert (mesh.vertices.dtype, mesh.faces.dtype) == (np.float64, np.int64)
    assert peer.is_watertight
    assert peer.is_winding_consistent
    assert peer.euler_number == EULER[thing.name]
    assert peer.body_count == 1
    assert peer.volume == pytest.approx(VOLUMES.get(thing.name, 0.083), rel=0.005)


def test_no_vertices_all_but_coincide():
    """Programs that merge vertices within 1e-8 left such a mesh with holes."""
    for resolution in (64, 256):
        mesh = procedural_object("kettle").mesh(resolution)
        merged = trimesh.Trimesh(*mesh, process=True)
        assert len(merged.vertices) == len(mesh.vertices)
        assert merged.is_watertight
        assert merged.edges_unique_length.min() > 1e-4 * 0.95 / (resolution - 1)


def test_meshes_are_the_same_every_time(thing):
    first, second = thing.mesh(40), thing.mesh(40)
    assert np.array_equal(first.vertices, second.vertices)
    assert np.array_equal(first.faces, second.faces)


@pytest.mark.parametrize("resolution", [8, 9, 33, 50])
def test_culling_cells_loses_nothing(thing, resolution):
    """The same surface as marching cubes over the whole grid, x fastest."""
    low, high = np.array(thing.low), np.array(thing.high)
    spacing = (high - low).max() / (resolution - 1)
    counts = np.ceil((high - low) / spacing).astype(int) + 4
    z, y, x = np.meshgrid(*(np.arange(count) for count in counts[::-1]), indexing="ij")
    nodes = low - 1.5 * spacing + spacing * np.stack([x, y, z], axis=-1).reshape(-1, 3)
    values = thing.sdf(nodes)
    values = np.where(np.abs(values) < 1e-3 * spacing, np.copysign(1e-3 * spacing, values), values)
    vertices, faces, *_ = igl.marching_cubes(values, nodes, *map(int, counts), 0.0)
    dense, sparse = (
        trimesh.Trimesh(vertices, faces, process=False),
        trimesh.Trimesh(*thing.mesh(resolution), process=False),
    )
    assert len(sparse.faces) == len(dense.faces)
    places = [np.unique(mesh.vertices.round(9) + 0.0, axis=0) for mesh in (sparse, dense)]
    assert np.array_equal(*places)
    assert sparse.volume == pytest.approx(dense.volume, rel=0.005)  # a quad may be split along its other diagonal


def test_vertices_lie_on_the_zero_set(thing):
    # linear interpolation is off by curvature, and by half a cell at sharp edges
    error = np.abs(thing.sdf(thing.mesh(100).vertices))
    assert error.max() < 0.5 / 99
    assert np.median(error) < 2e-4


def test_bounds_hold_the_surface(thing):
    vertices = thing.mesh(60).vertices
    assert (vertices >= np.array(thing.low) - 1e-12).all()
    assert (vertices <= np.array(thing.high) + 1e-12).all()
    assert 0.9 < np.ptp(vertices, axis=0).max() <= 1


def test_normals_are_unit_and_outward(thing):
    mesh = thing.mesh(60)
    middles = mesh.vertices[mesh.faces].mean(axis=1)
    face_normals = np.cross(*(mesh.vertices[mesh.faces[:, i]] - mesh.vertices[mesh.faces[:, 0]] for i in (1, 2)))
    face_normals /= np.linalg.norm(face_normals, axis=1, keepdims=True)
    normals = thing.normals(middles)
    assert np.linalg.norm(normals, axis=1) == pytest.approx(np.ones(len(normals)))
    assert np.median((normals * face_normals).sum(axis=1)) > 0.999


def test_gradients_are_near_one_at_the_surface():
    kettle = procedural_object("kettle")
    points = kettle.mesh(100).vertices
    step = 1e-6 * np.eye(3)
    gradient = np.stack([kettle.sdf(points + one) - kettle.sdf(points - one) for one in step], axis=-1) / 2e-6
    length = np.linalg.norm(gradient, axis=1)
    assert length.max() < 1 + 1e-6
    assert (length > 0.99).mean() > 0.75  # the rest are fillets
    assert np.quantile(length, 0.01) > 0.7


def test_thin_parts_can_be_resolved():
    """The handle and the plate are thicker than 0.03 of the longest side."""
    kettle = procedural_object("kettle")
    side = np.ptp(kettle.mesh(60).vertices, axis=0).max()
    handle_middle, plate_middle = [-0.42, 0.0, 0.37], [0.2, 0.2, 0.025]
    assert (-2 * kettle.sdf(np.array([handle_middle, plate_middle])) > 0.03 * side).all()


def test_sphere_is_exact():
    points = np.random.default_rng(0).normal(size=(4, 5, 3))
    ball = procedural_object("sphere")
    assert ball.sdf(points) == pytest.approx(np.linalg.norm(points, axis=-1) - 0.5)
    assert ball.normals(points) == pytest.approx(points / np.linalg.norm(points, axis=-1, keepdims=True), abs=1e-8)
    assert not ball.normals(np.zeros(3)).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: procedural_object("teapot"), "name must be one of 'kettle', 'sphere', 'torus', 'box', got 'teapot'"),
        (lambda: procedural_object().mesh(7), "resolution must be at least 8, got 7"),
        (lambda: procedural_object().sdf(np.zeros((5, 2))), r"points must have shape \(\.\.\., 3\), got \(5, 2\)"),
        (lambda: procedural_object().sdf(1.0), r"got \(\)"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()
