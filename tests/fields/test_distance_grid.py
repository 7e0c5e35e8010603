import pytest
import torch

from diffshape.fields import DistanceGrid, DistanceGridConfig, build_field, export, load_field
from diffshape.ops.distance_grid.levels import OrientedSurface
from diffshape.ops.visibility import fibonacci_directions


@pytest.fixture(scope="module")
def ball():
    normals = fibonacci_directions(1500)
    field = DistanceGrid(cell=0.02)
    spacing = 0.4 * (4 * torch.pi / 1500) ** 0.5
    surface = OrientedSurface(0.4 * normals, normals, torch.zeros(1500), spacing, lambda x: (x.norm(dim=1) < 0.4).to(x))
    assert field.fit_surface(surface)
    return field


def test_it_starts_as_a_sphere():
    field = DistanceGrid(cell=0.02, radius=0.3)
    points = torch.rand(200, 3, generator=torch.manual_seed(0)) * 1.6 - 0.8
    assert (field(points) - (points.norm(dim=1) - 0.3)).abs().max() < 0.02


def test_it_becomes_the_distance_of_a_surface(ball):
    points = torch.rand(2000, 3, generator=torch.manual_seed(0)) * 1.6 - 0.8
    assert (ball(points) - (points.norm(dim=1) - 0.4)).abs().mean() < 0.005
    near = 0.41 * torch.nn.functional.normalize(points)
    assert (ball(near) - 0.01).abs().max() < 1e-3


def test_the_gradient_is_that_of_the_value_and_points_outwards(ball):
    points = (torch.rand(300, 3, generator=torch.manual_seed(1)) * 2 - 1).requires_grad_()
    values, gradients = ball.value_and_gradient(points)
    (expected,) = torch.autograd.grad(ball(points).sum(), points)
    torch.testing.assert_close(gradients, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(values, ball(points))
    surface = 0.4 * torch.nn.functional.normalize(points)
    slopes = ball.value_and_gradient(surface)[1]
    cosines = torch.nn.functional.cosine_similarity(slopes, points)
    assert cosines.min() > 0.99
    assert (slopes.norm(dim=1) - 1).abs().max() < 0.02 / 0.4  # across a cell the slope turns by cell over radius


def test_value_and_gradient_are_differentiable_in_the_values(ball):
    points = torch.rand(20, 3, generator=torch.manual_seed(2)) - 0.5
    values, gradients = ball.value_and_gradient(points)
    (slope,) = torch.autograd.grad(values.sum(), ball.values, retain_graph=True)
    assert slope.sum() == pytest.approx(20, rel=1e-4)  # the weights of each point sum up to 1
    (slope,) = torch.autograd.grad(gradients.square().sum(), ball.values)
    assert slope.abs().sum() > 0


def test_outside_the_box_it_grows_with_the_distance(ball):
    inside, outside = ball.query(torch.tensor([[0.8, 0.0, 0.0], [1.8, 0.0, 0.0]]))
    assert outside - inside == pytest.approx(1, abs=1e-5)


def test_a_state_of_any_size_is_taken_back(ball):
    other = build_field(ball.config)
    assert other.values.shape != ball.values.shape
    parameter = other.values
    other.load_state_dict(ball.state_dict())
    points = torch.rand(100, 3, generator=torch.manual_seed(3)) - 0.5
    assert torch.equal(other(points), ball(points))
    assert other.values is parameter  # as an optimiser knows it


def test_a_damaged_state_is_refused(ball):
    state = dict(ball.state_dict())
    for broken in (
        {"values": state["values"][:-5]},
        {"counts": state["counts"] + 1},
        {"places": state["places"] + 9999},
    ):
        with pytest.raises((RuntimeError, ValueError), match="bricks"):
            build_field(ball.config).load_state_dict({**state, **broken})


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_it_is_exported(ball, tmp_path, suffix):
    path = export(ball, tmp_path / f"ball{suffix}", center=(1, 2, 3), scale=2.0)
    points = torch.rand(50, 3, generator=torch.manual_seed(4)) - 0.5
    read = load_field(path) if suffix == ".safetensors" else torch.jit.load(path)
    torch.testing.assert_close(read(2 * points + torch.tensor([1.0, 2, 3])), 2 * ball(points), rtol=1e-4, atol=1e-5)


def test_one_node_of_the_mesh_for_each_of_the_grid(ball):
    assert ball.resolution == 81


@pytest.mark.parametrize(
    "options", [{"cell": 0.0}, {"cell": 1e-5}, {"cell": 0.5}, {"radius": 0.0}, {"box": (1.0, -1.0)}]
)
def test_settings_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match="DistanceGridConfig"):
        DistanceGridConfig(**options)
