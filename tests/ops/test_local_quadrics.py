"""Local quadrics: exact on quadrics, the kernel equal to its definition, turning with the points."""

import math
import multiprocessing

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from diffshape.ops.local_quadrics import SizeRule, _fit_kernel, fit_reference, local_quadrics, tangents

SIZES = (10, 16, 24, 36)


def nearest(centers: Tensor, points: Tensor, k: int) -> Tensor:
    return torch.cdist(centers, points).argsort(dim=1, stable=True)[:, :k]


def unit(x: Tensor) -> Tensor:
    return torch.nn.functional.normalize(x, dim=-1)


def graph(seed: int = 0, n: int = 400) -> tuple[Tensor, Tensor]:
    """Points and normals of z = x^2 + x y - 0.3 y over [-1, 1]^2."""
    x, y = (2 * torch.rand(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 1).unbind(1)
    points = torch.stack([x, y, x * x + x * y - 0.3 * y], dim=1)
    return points, unit(torch.stack([-2 * x - y, 0.3 - x, torch.ones_like(x)], dim=1))


def rotation(seed: int) -> Tensor:
    q, _ = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))
    return q * torch.linalg.det(q)


def noisy_sheet(seed: int = 0, n: int = 300) -> tuple[Tensor, Tensor]:
    """A noisy curved sheet with normals that are all but right, a tenth of them flipped."""
    points, normals = graph(seed, n)
    noise = torch.randn(2, n, 3, generator=torch.Generator().manual_seed(seed + 1), dtype=torch.float64)
    normals = unit(normals + 0.2 * noise[0])
    normals[::10] *= -1
    return points + 0.05 * noise[1], normals


def test_quadric_is_recovered_at_its_vertex():
    points, _ = graph()
    center, up = torch.zeros(1, 3, dtype=torch.float64), torch.tensor([[0.0, 0.3, 1.0]], dtype=torch.float64)
    up = unit(torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64))
    fit = local_quadrics(
        center, points, up, up.expand(400, 3), nearest(center, points, 60), noise=0.0, sizes=(60,), agreement=0.5
    )
    assert fit.points.norm() < 1e-12
    torch.testing.assert_close(fit.normals, unit(torch.tensor([[0.0, 0.3, 1.0]], dtype=torch.float64)))
    assert fit.residuals.item() < 1e-7
    assert fit.used.item() == 60
    # the second fundamental form of the graph, (2, 1; 1, 0) / sqrt(1.09), has this Gauss curvature
    a, b, c = fit.curvature[0].tolist()
    assert 4 * a * c - b * b == pytest.approx(-1 / 1.09**2)


def test_points_of_a_plane_and_a_paraboloid_stay():
    x, y = torch.rand(300, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64).unbind(1)
    up = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).expand(300, 3)
    for z in (0 * x, x * x + x * y):
        points = torch.stack([x, y, z], dim=1)
        fit = local_quadrics(points, points, up, up, nearest(points, points, 36), noise=0.0, sizes=(24, 36))
        torch.testing.assert_close(fit.points, points, atol=1e-11, rtol=0)


def test_sphere_has_its_curvature_and_normals():
    points = unit(torch.randn(4000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    fit = local_quadrics(points, points, points, points, nearest(points, points, 24), noise=1.0, sizes=(24,))
    assert (fit.points - points).norm(dim=1).max() < 5e-4  # of fourth order in the neighbourhood's radius
    assert ((fit.normals * points).sum(1)).min() > 0.999
    target = torch.tensor([-0.5, 0.0, -0.5], dtype=torch.float64)
    torch.testing.assert_close(fit.curvature.median(0).values, target, atol=0.02, rtol=0)


def test_patch_lies_on_the_sphere():
    points = unit(torch.randn(3000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    tilted = unit(points + 0.3 * points.roll(1, dims=1))  # the frame of the fit is not that of the surface
    fit = local_quadrics(points, points, tilted, tilted, nearest(points, points, 30), noise=1.0, sizes=(30,))
    offsets = 0.1 * torch.randn(3000, 4, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    patch, normals = fit.patch(offsets)
    assert (patch.norm(dim=-1) - 1).abs().mean() < 2e-3  # flat patches would be 0.01 off
    assert ((normals * unit(patch)).sum(-1)).mean() > 0.999


def test_frames_are_right_handed_and_orthonormal():
    normals = unit(torch.randn(100, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    normals = torch.cat([normals, torch.eye(3, dtype=torch.float64), -torch.eye(3, dtype=torch.float64)])
    u, v = tangents(normals).unbind(1)
    torch.testing.assert_close(torch.linalg.cross(u, v), normals)
    torch.testing.assert_close(u.norm(dim=1), torch.ones(106, dtype=torch.float64))


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.5])
@pytest.mark.parametrize("seed", [0, 1])
def test_kernel_agrees_with_the_definition(noise, seed):
    points, normals = noisy_sheet(seed)
    frames = torch.cat([tangents(normals), normals[:, None]], dim=1)
    neighbors = nearest(points, points, 36)
    arguments = (points, frames, points, normals, neighbors, SizeRule(SIZES, noise, 1.4, 0.7))
    kernel, reference = _fit_kernel(*arguments), fit_reference(*arguments)
    assert torch.equal(kernel[1], reference[1])
    assert len(kernel[1].unique()) > 5  # several sizes are chosen, and several shares of them agree
    torch.testing.assert_close(kernel[0], reference[0], rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(kernel[2], reference[2], rtol=1e-6, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(0.1, 10))
def test_turns_and_scales_with_the_points(seed, scale):
    points, normals = noisy_sheet()
    turn, shift = rotation(seed), torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    neighbors = nearest(points, points, 36)
    fit = local_quadrics(points, points, normals, normals, neighbors, noise=0.05, sizes=SIZES)
    there = scale * points @ turn.T + shift
    moved = local_quadrics(there, there, normals @ turn.T, normals @ turn.T, neighbors, noise=0.05 * scale, sizes=SIZES)
    torch.testing.assert_close(moved.points, scale * fit.points @ turn.T + shift, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(moved.normals, fit.normals @ turn.T, rtol=1e-6, atol=1e-6)
    gauss = [4 * each.curvature[:, 0] * each.curvature[:, 2] - each.curvature[:, 1] ** 2 for each in (fit, moved)]
    torch.testing.assert_close(gauss[1] * scale**2, gauss[0], rtol=1e-5, atol=1e-5)


def test_average_grows_where_it_may_and_stops_at_a_step():
    generator = torch.Generator().manual_seed(0)
    flat = torch.rand(3000, 3, generator=generator, dtype=torch.float64) * torch.tensor([4.0, 1.0, 0.0])
    flat[:, 2] = 0.01 * torch.randn(3000, generator=generator, dtype=torch.float64) + 0.2 * (flat[:, 0] > 2)
    up = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).expand(3000, 3)
    fit = local_quadrics(
        flat, flat, up, up, nearest(flat, flat, 200), noise=0.01, sizes=(12, 24, 50, 100, 200), confidence=2.0
    )
    far, near = (flat[:, 0] - 2).abs() > 0.5, (flat[:, 0] - 2).abs() < 0.05
    assert fit.used[far].double().mean() > 3 * fit.used[near].double().mean()
    assert (fit.points[far, 2] - 0.2 * (flat[far, 0] > 2)).abs().mean() < 0.35 * 0.008  # 0.008 before


def test_opposite_sheets_do_not_mix():
    xy = torch.rand(400, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    side = torch.ones(400, 1, dtype=torch.float64)
    side[::2] = -1
    points, normals = torch.cat([xy, 0.01 * side], dim=1), torch.cat([0 * xy, side], dim=1)
    fit = local_quadrics(points, points, normals, normals, nearest(points, points, 60), noise=1.0, sizes=(60,))
    torch.testing.assert_close(fit.points, points, atol=1e-12, rtol=0)
    assert fit.used.max() < 50


def test_too_few_neighbours_and_degenerate_ones_leave_the_point():
    line = torch.linspace(0, 1, 40, dtype=torch.float64)[:, None] * torch.tensor([1.0, 0.0, 0.0])
    same = torch.ones(40, 3, dtype=torch.float64)
    up = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).expand(40, 3)
    for points, k in ((line, 30), (same, 30), (line, 4)):
        fit = local_quadrics(points, points, up, up, nearest(points, points, k), noise=0.1, sizes=(10, 30))
        assert torch.equal(fit.points, points)
        assert torch.equal(fit.normals, up)
        assert torch.equal(fit.used, torch.zeros(40, dtype=torch.int64))


def test_float32_in_float32_out_and_no_points():
    points, normals = noisy_sheet(n=100)
    neighbors = nearest(points, points, 36)
    wide = local_quadrics(points, points, normals, normals, neighbors, noise=0.05, sizes=SIZES)
    narrow = local_quadrics(
        points.float(), points.float(), normals.float(), normals.float(), neighbors, noise=0.05, sizes=SIZES
    )
    assert narrow.points.dtype == narrow.curvature.dtype == torch.float32
    same = narrow.used == wide.used
    assert same.double().mean() > 0.9
    torch.testing.assert_close(narrow.points[same].double(), wide.points[same], atol=1e-4, rtol=0)
    none = local_quadrics(points[:0], points, normals[:0], normals, neighbors[:0], noise=0.1, sizes=SIZES)
    assert none.points.shape == (0, 3)
    assert none.tangents.shape == (0, 2, 3)


def test_result_does_not_depend_on_threads():
    points, normals = noisy_sheet(n=1000)
    neighbors = nearest(points, points, 36)
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(local_quadrics(points, points, normals, normals, neighbors, noise=0.05, sizes=SIZES))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(*results))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"center_normals": torch.zeros(3, 3)},
            r"centers, center_normals must be floats of one shape \(N, 3\), got \(5, 3\) and",
        ),
        ({"points": torch.zeros(5, 2)}, "points, point_normals must be floats of one shape"),
        ({"neighbors": torch.zeros(4, 2, dtype=torch.int64)}, r"integers of shape \(5, K\), got \(4, 2\)"),
        ({"neighbors": torch.full((5, 2), 5)}, "must index points 0 to 4"),
        ({"sizes": (0, 2)}, "sizes of 1 or more"),
        ({"sizes": ()}, "sizes of 1 or more"),
        ({"noise": math.nan}, "noise >= 0"),
        ({"confidence": -1.0}, "confidence >= 0"),
    ],
)
def test_bad_arguments_are_named(change, message):
    cloud = torch.zeros(5, 3)
    arguments = {
        "centers": cloud,
        "points": cloud,
        "center_normals": cloud,
        "point_normals": cloud,
        "neighbors": torch.zeros(5, 2, dtype=torch.int64),
        "noise": 0.1,
        "sizes": (2,),
    }
    with pytest.raises(ValueError, match=message):
        local_quadrics(**{**arguments, **change})


def _fit_in_child(queue, arguments):
    torch.set_num_threads(1)  # as a worker of a data loader has it
    queue.put(local_quadrics(*arguments, noise=0.1, sizes=(16,)).points.sum().item())


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_forked_after_use_fits_too():
    points = torch.rand(300, 3, generator=torch.Generator().manual_seed(0))
    normals = torch.nn.functional.normalize(points, dim=1)
    arguments = points, points, normals, normals, torch.cdist(points, points).argsort(1)[:, :16]
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    expected = local_quadrics(*arguments, noise=0.1, sizes=(16,)).points.sum().item()
    torch.set_num_threads(before)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_fit_in_child, args=(queue, arguments))
    child.start()
    try:
        assert queue.get(timeout=60) == expected
    finally:
        child.kill()
