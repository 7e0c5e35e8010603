"""The CUDA encoding against its definition; without a GPU the kernels run in Triton's interpreter."""

import importlib

import pytest
import torch

pytest.importorskip("triton")

from diffshape.kernels import triton_hash_encode as kernels
from diffshape.ops import GridLayout, hash_encode
from diffshape.ops.hash_grid import triton_encode as engine
from diffshape.ops.hash_grid.definition import encode_by_definition, transpose_by_definition

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
"""Sums of eight products of numbers up to 1, in float32; derivatives reach 10, so that theirs are relative."""
KINDS = pytest.mark.parametrize("interpolation", ["linear", "smoothstep"])


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Several programs, the last one part full."""
    if DEVICE == "cpu":
        monkeypatch.setattr(kernels, "BLOCK", 64)


@pytest.fixture
def dispatched(monkeypatch):
    """Send tensors of any device to the kernels."""
    monkeypatch.setattr(importlib.import_module("diffshape.ops.hash_grid.encode"), "has_triton", lambda points: True)


def layout(interpolation="linear", **options):
    """Two dense levels and a hashed one."""
    sizes = {"levels": 3, "base": 3, "finest": 11, "features": 2, "log2_entries": 7}
    return GridLayout(**{**sizes, **options}, interpolation=interpolation)


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)).to(DEVICE)


def problem(grid, seed=0):
    """Points inside, outside, on faces, corners and borders of cells; tables; the last level faded out."""
    borders = [[0, 0, 0], [1, 1, 1], [0, 1, 0.5], [-0.2, 0.5, 1.3], [9, 9, -9], [0.25, 0.75, 0.25]]
    points = torch.cat([random(90, 3, seed=seed) * 1.4 - 0.2, torch.tensor(borders, device=DEVICE)])
    fade = torch.tensor([1.0, 0.25, 0.7], device=DEVICE)
    return points, random(grid.entries, grid.features, seed=1) * 2 - 1, fade


@KINDS
@pytest.mark.parametrize("features", [1, 2, 3, 4])
@pytest.mark.parametrize("jacobian", [False, True])
def test_kernels_equal_the_definition_and_its_transpose(interpolation, features, jacobian):
    grid = layout(interpolation, features=features)
    assert {side**3 <= size for side, size in zip(grid.resolutions, grid.sizes)} == {True, False}
    points, tables, fade = problem(grid)
    expected = encode_by_definition(points, tables, fade, grid.plan, grid.smooth, jacobian)
    actual = engine.encode(points, tables, fade, grid.plan, grid.smooth, jacobian)
    torch.testing.assert_close(actual, expected, **CLOSE)
    bars = [random(*part.shape, seed=2) - 0.5 for part in expected]
    arguments = (points, *bars, fade, grid.plan, grid.smooth, grid.entries)
    torch.testing.assert_close(engine.encode_backward(*arguments), transpose_by_definition(*arguments), **CLOSE)


@KINDS
def test_a_point_on_a_border_falls_where_the_definition_sees_it(interpolation):
    """Every border of the finest level and the floats beside it: the derivative of a linear level jumps there."""
    grid = layout(interpolation, levels=1, base=11, log2_entries=6)
    border = (torch.arange(1, 11, device=DEVICE) - 0.5) / 10
    sides = torch.cat([border, border.nextafter(border + 1), border.nextafter(border - 1)])
    points = torch.stack([sides, sides.flip(0), sides.roll(7)], dim=1)
    tables, fade = random(grid.entries, 2) * 2 - 1, torch.ones(1, device=DEVICE)
    expected = encode_by_definition(points, tables, fade, grid.plan, grid.smooth, True)
    torch.testing.assert_close(engine.encode(points, tables, fade, grid.plan, grid.smooth, True), expected, **CLOSE)


def test_hashes_of_large_nodes_wrap_as_in_the_definition():
    grid = layout(levels=2, base=1000, finest=1 << 20, log2_entries=10)
    points, tables = random(40, 3), random(grid.entries, 2)
    arguments = (torch.ones(2, device=DEVICE), grid.plan, False, False)
    torch.testing.assert_close(
        engine.encode(points, tables, *arguments), encode_by_definition(points, tables, *arguments), **CLOSE
    )


def test_nan_stays_nan_and_harms_no_other_point():
    grid = layout("smoothstep")
    points, tables, fade = problem(grid)
    points[[1, 40], [2, 0]] = torch.nan
    arguments = (tables, fade, grid.plan, True, True)
    actual, expected = engine.encode(points, *arguments), encode_by_definition(points, *arguments)
    assert actual[0][:, [1, 40]].isnan().all()
    assert actual[0].isnan().sum() == 2 * grid.channels
    torch.testing.assert_close(actual, expected, equal_nan=True, **CLOSE)


def test_a_level_with_factor_0_is_not_read():
    grid = layout()
    points, tables, _ = problem(grid)
    fade = torch.tensor([1.0, 0.0, 0.7], device=DEVICE)
    clean = engine.encode(points, tables, fade, grid.plan, False, True)
    tables[grid.sizes[0] : sum(grid.sizes[:2])] = torch.nan
    for before, after in zip(clean, engine.encode(points, tables, fade, grid.plan, False, True)):
        assert torch.equal(before, after)
    assert not clean[0][2:4].any()
    tables_bar = engine.encode_backward(points, *clean, fade, grid.plan, False, grid.entries)
    assert not tables_bar[grid.sizes[0] : sum(grid.sizes[:2])].any()
    assert tables_bar[: grid.sizes[0]].any()


def test_no_points_and_strided_ones():
    grid = layout()
    points, tables, fade = problem(grid)
    features, derivatives = engine.encode(points[:0], tables, fade, grid.plan, False, True)
    assert (features.shape, derivatives.shape) == ((6, 0), (3, 6, 0))
    nothing = engine.encode_backward(points[:0], features, derivatives, fade, grid.plan, False, grid.entries)
    assert torch.equal(nothing, torch.zeros_like(tables))
    strided = points.t().contiguous().t(), tables.t().contiguous().t()
    whole = engine.encode(points, tables, fade, grid.plan, False, False)
    assert torch.equal(engine.encode(*strided, fade, grid.plan, False, False)[0], whole[0])


@KINDS
def test_hash_encode_and_its_gradient_come_from_the_kernels(dispatched, monkeypatch, interpolation):
    grid = layout(interpolation)
    points, tables, fade = problem(grid)
    calls = []
    for name in ("encode", "encode_backward"):
        kernel = getattr(kernels, name)
        monkeypatch.setattr(kernels, name, lambda *a, kernel=kernel, name=name: calls.append(name) or kernel(*a))
    results = []
    for exact in (False, True):
        leaf = (tables.double() if exact else tables).clone().requires_grad_()
        features, jacobian = hash_encode(points.to(leaf), leaf, grid, jacobian=True, fade=fade)
        (features.square().sum() + jacobian.square().sum()).backward()
        results.append((features.detach().float(), jacobian.detach().float(), leaf.grad.float()))
    assert calls == ["encode", "encode_backward"]  # float64 is not for them
    torch.testing.assert_close(results[0], results[1], rtol=1e-4, atol=1e-3)
