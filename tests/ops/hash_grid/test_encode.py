"""The kernel against the definition, the Jacobian against finite differences, and both against autograd."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from diffshape.ops import GridLayout, hash_encode
from diffshape.ops.hash_grid.definition import encode_by_definition, transpose_by_definition
from diffshape.ops.hash_grid.encode import encode_points, encode_points_backward

TOLERANCE = {torch.float32: {"rtol": 1e-4, "atol": 1e-3}, torch.float64: {"rtol": 1e-10, "atol": 1e-11}}
FADE = [1.0, 0.25, 0.0, 1.0, 0.7]
KINDS = pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def layout(interpolation="linear", **options):
    """Five levels, of which two are dense and three hashed."""
    sizes = {"levels": 5, "base": 5, "finest": 40, "features": 3, "log2_entries": 10}
    return GridLayout(**{**sizes, **options}, interpolation=interpolation)


def random(*shape, dtype=torch.float64, seed=0):
    return torch.rand(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def tables_of(grid, dtype=torch.float64):
    return random(grid.entries, grid.features, dtype=dtype, seed=1) * 2 - 1


def awkward_points(dtype=torch.float64):
    """Inside, outside, on the faces and corners of the cube, and on nodes of the coarsest grid."""
    faces = torch.tensor([[0, 0, 0], [1, 1, 1], [0, 1, 0.5], [-0.2, 0.5, 1.3], [9, 9, -9], [0.125, 0.375, 0.625]])
    return torch.cat([random(300, 3, dtype=dtype) * 1.4 - 0.2, faces.to(dtype)])


def test_layout_has_dense_and_hashed_levels():
    grid = layout()
    assert {side**3 <= size for side, size in zip(grid.resolutions, grid.sizes)} == {True, False}


@KINDS
@DTYPES
@pytest.mark.parametrize("features", [1, 2, 3])
@pytest.mark.parametrize("jacobian", [False, True])
def test_kernel_equals_definition(interpolation, dtype, features, jacobian):
    grid = layout(interpolation, features=features)
    points, tables = awkward_points(dtype), tables_of(grid, dtype)
    for fade in (torch.ones(5, dtype=dtype), torch.tensor(FADE, dtype=dtype)):
        arguments = (fade, grid.plan, grid.smooth)
        kernel = encode_points(points, tables, *arguments, jacobian)
        definition = encode_by_definition(points, tables, *arguments, jacobian)
        assert kernel[1].shape == (3 * jacobian, grid.channels, len(points))
        torch.testing.assert_close(kernel, definition, **TOLERANCE[dtype])
        bars = tuple(torch.rand_like(part) for part in kernel)
        arguments = (points, *bars, *arguments, grid.entries)
        torch.testing.assert_close(
            encode_points_backward(*arguments), transpose_by_definition(*arguments), **TOLERANCE[dtype]
        )


def test_transpose_equals_autograd_through_the_definition():
    grid = layout("smoothstep")
    points, tables = awkward_points(), tables_of(grid).requires_grad_()
    arguments = (torch.tensor(FADE, dtype=torch.float64), grid.plan, grid.smooth)
    parts = encode_by_definition(points, tables, *arguments, True)
    bars = tuple(torch.rand_like(part) for part in parts)
    (expected,) = torch.autograd.grad(sum((part * bar).sum() for part, bar in zip(parts, bars)), tables)
    torch.testing.assert_close(transpose_by_definition(points, *bars, *arguments, grid.entries), expected)


@KINDS
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_jacobian_equals_finite_differences_on_each_axis(interpolation, axis):
    """A known library initialised the derivative of the first axis only."""
    grid = layout(interpolation)
    points, tables = random(200, 3, seed=3) * 0.98 + 0.01, tables_of(grid)
    step = torch.zeros(3, dtype=torch.float64)
    step[axis] = 1e-7
    difference = (hash_encode(points + step, tables, grid) - hash_encode(points - step, tables, grid)) / 2e-7
    _, jacobian = hash_encode(points, tables, grid, jacobian=True)
    assert jacobian.abs().mean() > 1
    torch.testing.assert_close(jacobian[..., axis], difference, rtol=1e-5, atol=1e-4)


@KINDS
def test_jacobian_equals_autograd_by_the_points(interpolation):
    grid = layout(interpolation)
    points, tables = awkward_points().requires_grad_(), tables_of(grid)
    features, jacobian = hash_encode(points, tables, grid, jacobian=True)
    for channel in range(grid.channels):
        (row,) = torch.autograd.grad(features[:, channel].sum(), points, retain_graph=True)
        torch.testing.assert_close(jacobian[:, channel], row)


@KINDS
def test_gradcheck_in_the_tables(interpolation):
    grid = layout(interpolation, levels=2, features=2, finest=12, log2_entries=7)
    points, tables = random(4, 3), tables_of(grid).requires_grad_()
    fade = torch.tensor([1.0, 0.5], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda t: hash_encode(points, t, grid, jacobian=True, fade=fade), tables)
    assert torch.autograd.gradcheck(lambda t: hash_encode(points, t, grid), tables)


@KINDS
def test_eikonal_loss_trains_the_tables_as_double_backward_would(interpolation):
    grid = layout(interpolation)
    points, tables = random(100, 3, seed=4), tables_of(grid).requires_grad_()
    mix = torch.linspace(-1, 1, grid.channels, dtype=torch.float64)

    _, jacobian = hash_encode(points, tables, grid, jacobian=True)
    fast = (torch.einsum("c,ncd->nd", mix, jacobian).norm(dim=-1) - 1).square().mean()
    moving = points.clone().requires_grad_()
    (slopes,) = torch.autograd.grad((hash_encode(moving, tables, grid) @ mix).sum(), moving, create_graph=True)
    slow = (slopes.norm(dim=-1) - 1).square().mean()

    torch.testing.assert_close(fast, slow)
    torch.testing.assert_close(torch.autograd.grad(fast, tables), torch.autograd.grad(slow, tables))


def test_a_level_is_trilinear_between_nodes():
    """Tables that hold an affine function of the nodes give that function back, wherever no node wraps around."""
    grid = GridLayout(levels=1, base=9, finest=9, features=1, log2_entries=10, interpolation="linear")
    z, y, x = torch.meshgrid(*[torch.arange(9.0, dtype=torch.float64)] * 3, indexing="ij")
    tables = torch.zeros(grid.entries, 1, dtype=torch.float64)
    tables[: 9**3, 0] = (2 * x - y + 0.5 * z + 3).reshape(-1)  # x runs fastest
    points = random(50, 3, seed=5) * 0.9
    features, jacobian = hash_encode(points, tables, grid, jacobian=True)
    slopes = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)
    torch.testing.assert_close(features[:, 0], (points * 8 + 0.5) @ slopes + 3)
    torch.testing.assert_close(jacobian[:, 0], (8 * slopes).expand(50, 3))


def test_rows_of_a_hashed_level():
    """One point between eight nodes with a table of row numbers: the published hash, by hand."""
    grid = GridLayout(levels=1, base=64, finest=64, features=1, log2_entries=5, interpolation="linear")
    tables = torch.arange(32.0, dtype=torch.float64)[:, None]
    point = (torch.tensor([[10.0, 20.0, 30.0]], dtype=torch.float64) - 0.5 + 1e-9) / 63
    row = (10 ^ (20 * 2654435761) ^ (30 * 805459861)) % 2**32 % 32
    torch.testing.assert_close(hash_encode(point, tables, grid), tables[row : row + 1], rtol=0, atol=1e-6)


def test_smoothstep_has_a_continuous_gradient_and_linear_has_not():
    border = torch.tensor([[(3 - 0.5) / 4, 0.4, 0.4]], dtype=torch.float64)  # p = 3 in the coarsest level
    step = torch.tensor([1e-9, 0, 0], dtype=torch.float64)
    jumps = []
    for interpolation in ("smoothstep", "linear"):
        grid = layout(interpolation, levels=1)
        sides = [hash_encode(border + s, tables_of(grid), grid, jacobian=True)[1] for s in (-step, step)]
        jumps.append((sides[0] - sides[1]).abs().max())
    assert jumps[0] < 1e-6
    assert jumps[1] > 0.1


def test_a_point_outside_is_taken_at_the_nearest_point():
    grid = layout("smoothstep")
    outside = torch.tensor([[-3.0, 0.3, 0.4], [0.2, 5.0, -1.0]], dtype=torch.float64)
    features, jacobian = hash_encode(outside, tables_of(grid), grid, jacobian=True)
    nearest_features, nearest_jacobian = hash_encode(outside.clamp(0, 1), tables_of(grid), grid, jacobian=True)
    assert torch.equal(features, nearest_features)
    along = (outside >= 0) & (outside <= 1)
    assert torch.equal(jacobian, nearest_jacobian * along[:, None])


def test_fade_scales_levels_and_zero_leaves_them_out():
    grid = layout()
    points, tables = awkward_points(), tables_of(grid)
    fade = torch.tensor(FADE, dtype=torch.float64)
    per_channel = fade.repeat_interleave(grid.features)
    whole = hash_encode(points, tables, grid, jacobian=True)
    faded = hash_encode(points, tables, grid, jacobian=True, fade=fade)
    torch.testing.assert_close(faded[0], whole[0] * per_channel)
    torch.testing.assert_close(faded[1], whole[1] * per_channel[:, None])
    poisoned = tables.clone()
    poisoned[sum(grid.sizes[:2]) : sum(grid.sizes[:3])] = torch.nan  # the level with factor 0 is not even read
    torch.testing.assert_close(hash_encode(points, poisoned, grid, fade=fade), faded[0])


def test_nan_stays_nan_and_harms_no_other_point():
    grid = layout("smoothstep")
    points, tables = random(4, 3), tables_of(grid).requires_grad_()
    clean = hash_encode(points, tables, grid)
    broken = points.clone()
    broken[1, 2] = torch.nan
    features, jacobian = hash_encode(broken, tables, grid, jacobian=True)
    assert features[1].isnan().all()
    assert jacobian[1].isnan().all()
    assert torch.equal(features[[0, 2, 3]], clean[[0, 2, 3]])
    definition = encode_by_definition(broken, tables, torch.ones(5, dtype=torch.float64), grid.plan, True, True)
    torch.testing.assert_close((features.t(), jacobian.permute(2, 1, 0)), definition, equal_nan=True)
    features[[0, 2, 3]].sum().backward()
    (expected,) = torch.autograd.grad(clean[[0, 2, 3]].sum(), tables)
    finite = tables.grad.isfinite()
    assert finite.sum() >= tables.numel() - 5 * 8 * 3
    torch.testing.assert_close(tables.grad[finite], expected[finite])


@DTYPES
def test_no_points(dtype):
    grid = layout()
    tables = tables_of(grid, dtype).requires_grad_()
    features, jacobian = hash_encode(torch.zeros(0, 3, dtype=dtype), tables, grid, jacobian=True)
    assert features.shape == (0, 15)
    assert jacobian.shape == (0, 15, 3)
    (features.sum() + jacobian.sum()).backward()
    assert torch.equal(tables.grad, torch.zeros_like(tables))


def test_any_leading_shape_and_strides():
    grid = layout()
    points, tables = random(4, 6, 3), tables_of(grid)
    features, jacobian = hash_encode(points, tables, grid, jacobian=True)
    assert features.shape == (4, 6, 15)
    assert jacobian.shape == (4, 6, 15, 3)
    assert torch.equal(features[1, 2], hash_encode(points[1, 2], tables, grid))
    strided = points.permute(1, 0, 2)
    assert torch.equal(hash_encode(strided, tables.t().contiguous().t(), grid), features.permute(1, 0, 2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_same_bits_with_one_thread_and_two(dtype):
    grid = layout("smoothstep", features=2)
    points = random(3000, 3, dtype=dtype)
    results = []
    before = torch.get_num_threads()
    for threads in (1, 2, 2):
        torch.set_num_threads(threads)
        tables = tables_of(grid, dtype).requires_grad_()
        parts = hash_encode(points, tables, grid, jacobian=True)
        (parts[0].square().sum() + parts[1].square().sum()).backward()
        results.append((*parts, tables.grad))
    torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other))


def test_half_precision_follows_the_definition():
    grid = layout()
    points, tables = random(20, 3).bfloat16(), tables_of(grid).bfloat16().requires_grad_()
    features = hash_encode(points, tables, grid)
    assert features.dtype == torch.bfloat16
    features.sum().backward()
    assert tables.grad.dtype == torch.bfloat16


def test_compiles_to_one_graph():
    grid = layout("smoothstep")
    points, fade = random(10, 3), torch.tensor(FADE, dtype=torch.float64)

    def loss(tables):
        features, jacobian = hash_encode(points, tables, grid, jacobian=True, fade=fade)
        return features.square().sum() + jacobian.square().sum()

    results = []
    for function in (loss, torch.compile(loss, backend="eager", fullgraph=True)):
        tables = tables_of(grid).requires_grad_()
        value = function(tables)
        value.backward()
        results.append((value.detach(), tables.grad))
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("jacobian", [False, True])
def test_fake_tensors_know_the_shapes(jacobian):
    grid = layout()
    with FakeTensorMode():
        arguments = (torch.ones(5), grid.plan, grid.smooth)
        parts = encode_points(torch.rand(7, 3), torch.rand(grid.entries, 3), *arguments, jacobian)
        tables_bar = encode_points_backward(torch.rand(7, 3), *parts, *arguments, grid.entries)
    assert [part.shape for part in parts] == [(15, 7), (3 * jacobian, 15, 7)]
    assert tables_bar.shape == (grid.entries, 3)


def test_registration_is_sound():
    grid = layout(levels=2, finest=10, features=1, log2_entries=4)
    tables = tables_of(grid).requires_grad_()
    arguments = (torch.ones(2, dtype=torch.float64), list(grid.plan), grid.smooth)
    torch.library.opcheck(encode_points, (random(4, 3), tables, *arguments, True))
    bars = (random(2, 4), random(3, 2, 4))
    torch.library.opcheck(encode_points_backward, (random(4, 3), *bars, *arguments, grid.entries))


@pytest.mark.parametrize("shape", [(), (2,), (5, 2), (3, 4)])
def test_wrong_points(shape):
    grid = layout()
    with pytest.raises(ValueError, match=r"hash_encode: points must be floating point, shape \(\.\.\., 3\), got"):
        hash_encode(torch.zeros(shape), tables_of(grid, torch.float32), grid)


def test_wrong_tables_and_fade():
    grid = layout()
    points, tables = torch.zeros(2, 3), tables_of(grid, torch.float32)
    with pytest.raises(ValueError, match=rf"tables must have the grid's shape \({grid.entries}, 3\), got \(7, 3\)"):
        hash_encode(points, tables[:7], grid)
    with pytest.raises(ValueError, match=r"tables \(torch.float64, cpu\) must have the dtype and device of points"):
        hash_encode(points, tables.double(), grid)
    with pytest.raises(ValueError, match=r"points must be floating point, .* got torch.int64"):
        hash_encode(points.long(), tables, grid)
    with pytest.raises(ValueError, match=r"fade must have shape \(5,\), one factor a level, got \(4,\)"):
        hash_encode(points, tables, grid, fade=torch.ones(4))
