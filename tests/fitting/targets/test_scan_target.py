from dataclasses import replace

import numpy as np
import pytest
import torch

from diffshape.fitting import IGR
from diffshape.fitting.scans.prepare import prepare_scan
from diffshape.fitting.targets.scan_target import ScanTarget, prepared_target, raw_target


@pytest.mark.parametrize("side", [1, -1])
def test_the_winding_number_tells_what_lies_behind_the_normals(sphere_target, side):
    points = torch.rand(2000, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    depth = 0.5 - points.norm(dim=-1)
    sure = depth.abs() > 0.04
    surface = replace(sphere_target, normals=side * sphere_target.normals).surface
    winding = surface.winding(points)[sure]
    assert torch.equal(winding > 0.5, side * depth[sure] > 0)
    assert 0.9 < winding[winding > 0.5].mean() < 1.1


def test_without_normals_there_is_no_surface():
    target = raw_target(torch.rand(9, 3))
    assert not target.oriented
    with pytest.raises(ValueError, match=r"ScanTarget\.surface: this target has no normals; prepare the scan first"):
        target.surface  # noqa: B018


def test_a_raw_target_is_the_points_and_their_spacing():
    grid = 0.1 * torch.cartesian_prod(*[torch.arange(5.0, dtype=torch.float64)] * 3)
    target = raw_target(grid)
    assert target.points.dtype == torch.float32
    assert torch.equal(target.points, grid.float())
    assert target.spacing.item() == pytest.approx(0.1)
    assert set(target.tensors()) == {"points", "spacing", "noise"}


def test_a_raw_target_keeps_normals_as_they_are():
    points, normals = torch.rand(2, 9, 3, dtype=torch.float64)
    target = ScanTarget.from_tensors(raw_target(points, normals).tensors(), IGR())
    assert torch.equal(target.normals, normals.float())
    assert target.oriented
    assert torch.equal(target.first(4).normals, normals[:4].float())


@pytest.fixture(scope="module")
def prepared(directions):
    return prepare_scan(torch.from_numpy(0.5 * directions(1500)))


def test_a_prepared_target_adds_points_on_the_surface(prepared):
    target = prepared_target(prepared, torch.Generator().manual_seed(0))
    assert len(target.points) == 3 * 1500
    assert target.oriented
    assert torch.equal(target.points[:1500], prepared.points.float())
    radii = target.points.norm(dim=-1)
    assert (radii - 0.5).abs().max() < 1e-3
    assert (target.normals * target.points).sum(-1).div(radii).min() > 0.99
    np.testing.assert_allclose(target.normals.norm(dim=-1), 1, atol=1e-5)
    assert all(part.dtype == torch.float32 for part in target.tensors().values())


def test_the_surface_of_a_prepared_target_is_what_was_measured(prepared):
    surface = prepared_target(prepared, torch.Generator().manual_seed(0)).surface
    assert torch.equal(surface.points, prepared.points.float())
    assert torch.equal(surface.errors, prepared.errors.float())
    assert surface.spacing == pytest.approx(prepared.spacing)
    points = torch.rand(2000, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 1.6 - 0.8
    sure = (points.norm(dim=-1) - 0.5).abs() > 0.03
    assert torch.equal(surface.winding(points.float())[sure] > 0.5, points.norm(dim=-1)[sure] < 0.5)


def test_the_target_of_an_open_surface_has_sides_and_no_inside(prepared):
    target = prepared_target(prepared, torch.Generator().manual_seed(0), open=True)
    assert target.oriented
    assert set(target.tensors()) == {"points", "normals", "errors", "spacing", "noise"}
    behind, before = target.surface.winding(torch.tensor([[0.45, 0, 0], [0.55, 0, 0]]))
    assert (behind, before) == (1, 0)


def test_added_points_depend_on_the_generator_alone(prepared):
    first, again, other = (prepared_target(prepared, torch.Generator().manual_seed(s)).points for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_tensors_make_the_target_again(sphere_target):
    parts = sphere_target.tensors()
    again = ScanTarget(**parts)
    assert all(torch.equal(part, again.tensors()[name]) for name, part in parts.items())
    assert again.oriented


def test_the_spacing_of_a_raw_cloud_is_that_of_its_places():
    points = torch.rand(500, 3, generator=torch.Generator().manual_seed(0))
    target = raw_target(torch.cat([points, torch.zeros(2000, 3)]))
    assert len(target.points) == 2500
    assert target.spacing == raw_target(torch.cat([points, torch.zeros(1, 3)])).spacing
