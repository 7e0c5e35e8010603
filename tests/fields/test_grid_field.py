"""What holds for a grid with a network and for one without."""

from functools import partial

import pytest
import torch

from diffshape.fields import FeatureGrid, Field, FramedField, HashGrid
from diffshape.ops import isosurface

SMALL = {"levels": 3, "base": 4, "finest": 16, "log2_entries": 9}
NETWORK = {"width": 12, "beta": 20.0}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def points_in(reach, count=200, seed=0):
    """Uniform in [-reach, reach]^3, float64; the box of the field ends at 0.8."""
    return (torch.rand(count, 3, dtype=torch.float64, generator=generator(seed)) * 2 - 1) * reach


def rough_hash_grid(**options):
    """Its tables and first weights are large enough to matter."""
    field = HashGrid(**SMALL, **{**NETWORK, **options}).double()
    torch.nn.init.normal_(field.tables, std=0.3, generator=generator(1))
    torch.nn.init.normal_(field.network.weights[0], std=0.5, generator=generator(2))
    return field


def rough_feature_grid(**options):
    """A random number at every node; its finest level is hashed."""
    field = FeatureGrid(**SMALL, **options).double()
    torch.nn.init.normal_(field.tables, std=0.3, generator=generator(1))
    return field


both = pytest.mark.parametrize("rough", [rough_hash_grid, rough_feature_grid])


def losses_of(field, points, evaluate):
    values, gradients = evaluate(points)
    loss = values.sin().sum() + (gradients.norm(dim=-1) - 1).square().mean()
    return values, gradients, *torch.autograd.grad(loss, list(field.parameters()))


@pytest.mark.parametrize("rough", [rough_hash_grid, partial(rough_hash_grid, hidden_layers=2), rough_feature_grid])
@pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])
@pytest.mark.parametrize("reach", [0.8, 1.6])
def test_fast_gradient_equals_autograd(rough, interpolation, reach):
    """Values, gradients and what an eikonal loss sends to every parameter, inside the box and around it."""
    field, points = rough(interpolation=interpolation), points_in(reach)
    field.fade.copy_(torch.tensor([1.0, 0.5, 0.0]))
    fast = losses_of(field, points, field.value_and_gradient)
    slow = losses_of(field, points, lambda x: Field.evaluate_with_gradient(field, x))
    assert fast[2].abs().sum() > 0
    for left, right in zip(fast, slow):
        torch.testing.assert_close(left, right, rtol=1e-8, atol=1e-9)


@both
@pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gradient_equals_finite_differences_inside_and_outside(rough, axis, interpolation):
    field, points = rough(interpolation=interpolation), points_in(1.2)
    assert 20 < (points.abs() > 0.8).any(-1).sum() < 180
    step = torch.zeros(3, dtype=torch.float64)
    step[axis] = 1e-7
    difference = (field(points + step) - field(points - step)) / 2e-7
    torch.testing.assert_close(field.value_and_gradient(points)[1][:, axis], difference, rtol=1e-5, atol=1e-5)


@both
def test_outside_the_box_it_grows_by_the_distance(rough):
    field = rough()
    edge = torch.tensor([[0.8, 0.1, 0.2], [0.8, -0.8, 0.2], [0.8, -0.8, 0.8]], dtype=torch.float64)
    outwards = torch.tensor([[1.0, 0, 0], [0.6, -0.8, 0], [1.0, -2.0, 2.0]], dtype=torch.float64)
    values, gradients = field.value_and_gradient(edge + outwards)
    lengths = outwards.norm(dim=-1)
    torch.testing.assert_close(values, field(edge) + lengths)
    away = outwards != 0
    torch.testing.assert_close(gradients[away], (outwards / lengths[:, None])[away])
    torch.testing.assert_close(gradients[~away], field.value_and_gradient(edge)[1][~away])


@both
def test_gradients_are_finite_at_and_next_to_the_box(rough):
    field = rough().float()
    edge = torch.full((1, 3), 0.8)
    for points in (edge, edge.nextafter(torch.tensor(9.0)), edge + 1e-30, -edge, 1e6 * edge):
        values, gradients = field.value_and_gradient(points)
        (values.sum() + gradients.square().sum()).backward()
        assert values.isfinite().all()
        assert gradients.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in field.parameters())


@pytest.mark.parametrize("field", [HashGrid(log2_entries=12), FeatureGrid()], ids=["network", "grid"])
def test_start_is_one_closed_surface(field):
    with torch.no_grad():
        vertices, faces = isosurface(field, bounds=(-0.8, 0.8), resolution=24)
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).sort(-1).values
    once, counts = edges.unique(dim=0, return_counts=True)
    assert (counts == 2).all()
    assert len(vertices) - len(once) + len(faces) == 2  # Euler's number of one sphere


@pytest.mark.parametrize(
    ("field", "tolerance"), [(rough_hash_grid(beta=100.0), 1e-2), (rough_feature_grid(), 1e-3)], ids=["network", "grid"]
)
def test_float32_agrees_with_float64(field, tolerance):
    points = points_in(1.2).float()
    single = field.float().value_and_gradient(points)
    double = field.double().value_and_gradient(points.double())
    for left, right in zip(single, double):
        torch.testing.assert_close(left.double(), right, rtol=tolerance, atol=tolerance / 10)


@pytest.mark.parametrize(
    ("field", "steps", "batch", "eikonal"),
    [
        (HashGrid(levels=4, finest=24, log2_entries=13, width=32), 80, 512, 0.1),
        (FeatureGrid(levels=3, finest=32, base=8, log2_entries=15), 60, 2048, 0.01),
    ],
    ids=["network", "grid"],
)
def test_learns_a_box_in_a_few_steps(field, steps, batch, eikonal):
    """Trained on values and gradients together, the held-out error halves and more."""
    optimiser = torch.optim.Adam(field.parameters(), lr=1e-2)

    def box(x):
        return (x.abs() - torch.tensor([0.2, 0.3, 0.4])).amax(dim=-1)

    held_out = points_in(0.6).float()
    before = (field(held_out) - box(held_out)).abs().mean()
    for step in range(steps):
        points = points_in(0.6, count=batch, seed=step + 1).float()
        values, gradients = field.value_and_gradient(points)
        loss = (values - box(points)).abs().mean() + eikonal * (gradients.norm(dim=-1) - 1).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (field(held_out) - box(held_out)).abs().mean() < min(0.02, 0.4 * before)


@both
def test_faded_levels_are_left_out(rough):
    field, points = rough(), points_in(0.8)
    field.fade.copy_(torch.tensor([1.0, 0.0, 0.0]))
    before = field(points)
    with torch.no_grad():
        field.tables[field.grid.sizes[0] :] += 1.0
    assert torch.equal(field(points), before)
    field.fade.fill_(1.0)
    assert not torch.allclose(field(points), before, atol=1e-3)


@both
def test_fade_is_saved_with_the_field(rough):
    field, other = rough(), rough()
    field.fade.copy_(torch.tensor([1.0, 0.3, 0.0]))
    other.load_state_dict(field.state_dict())
    assert torch.equal(field(points_in(1.0)), other(points_in(1.0)))


@both
def test_no_points_one_point_and_any_leading_shape(rough):
    field = rough()
    values, gradients = field.value_and_gradient(points_in(1.0, count=0))
    (values.sum() + gradients.sum()).backward()
    assert (values.shape, gradients.shape) == ((0,), (0, 3))
    assert field(points_in(1.0)[0]).shape == ()
    grouped = points_in(1.0, count=6).reshape(2, 3, 3)
    torch.testing.assert_close(field.value_and_gradient(grouped)[1][1], field.value_and_gradient(grouped[1])[1])


@both
def test_no_grad_keeps_no_graph_and_works_in_chunks(rough):
    field, points = rough(), points_in(1.0, count=40_000)
    with torch.no_grad():
        values, (again, gradients) = field(points), field.value_and_gradient(points)
    assert not any(part.requires_grad for part in (values, again, gradients))
    torch.testing.assert_close(values, field(points).detach())
    torch.testing.assert_close(again, values)


@both
def test_nan_stays_nan_and_harms_no_other_point(rough):
    field, points = rough(), points_in(0.7, count=3)
    clean = field.value_and_gradient(points)
    points[1, 0] = torch.nan
    values, gradients = field.value_and_gradient(points)
    assert values[1].isnan()
    assert gradients[1].isnan().any()
    torch.testing.assert_close((values[::2], gradients[::2]), (clean[0][::2], clean[1][::2]))


@pytest.mark.parametrize("kind", [HashGrid, FeatureGrid])
def test_levels_fade_in_coarse_to_fine(kind):
    """By hand: two levels beyond the first three, so half of the time shows one of them."""
    field = kind(levels=5, base=4, finest=64, log2_entries=9)
    shown = []
    for progress in (0.0, 0.05, 0.1, 0.15, 0.2, 1.0):
        field.fade_in(progress, over=0.2)
        shown.append(field.fade.tolist())
    expected = [[0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1], [1, 1]]
    assert shown == [pytest.approx([1, 1, 1, *finer], abs=1e-6) for finer in expected]


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_three_levels_or_fewer_are_shown_throughout(levels):
    field = FeatureGrid(levels=levels, base=4, finest=16)
    for progress in (0.0, 0.1, 1.0):
        field.fade_in(progress)
        assert field.fade.tolist() == [1.0] * levels


@pytest.mark.parametrize("kind", [HashGrid, FeatureGrid])
def test_the_box_is_that_of_the_config(kind):
    assert kind(levels=2, base=4, finest=16, box=(-0.5, 1.0)).box == (-0.5, 1.0)


def test_a_framed_field_fades_its_inner_one():
    field = HashGrid(levels=5, base=4, finest=64, log2_entries=9)
    FramedField(field, scale=2.0).fade_in(0.0)
    assert field.fade.tolist() == [1, 1, 1, 0, 0]


def test_one_thread_is_for_short_steps_of_small_grids():
    small, large = (FeatureGrid(levels=8, base=2, finest=256, log2_entries=size) for size in (10, 22))
    assert (small.single_thread_batch, large.single_thread_batch) == (2**13, 0)
    assert small.to("meta").single_thread_batch == 0
