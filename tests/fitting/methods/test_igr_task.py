from dataclasses import replace

import pytest
import torch

from diffshape.fields import MLP
from diffshape.fitting import IGR, ScanConfig, SurfaceArea, preset
from diffshape.fitting.methods.igr_task import IGRTask, SurfaceAreaTask
from diffshape.fitting.targets.scan_target import raw_target
from diffshape.training import Adam, Steps

METHOD = IGR(batch=512)


@pytest.fixture(scope="module")
def cloud(directions):
    """3000 points at radius 0.6 with exact normals."""
    normals = torch.from_numpy(directions(3000))
    return raw_target(0.6 * normals, normals)


@pytest.fixture(scope="module")
def bare(cloud):
    return raw_target(cloud.points)


def test_the_parts_have_their_closed_forms(sphere_field, cloud):
    """f = 2 (|x| - 0.5) at radius 0.6: |f| is 0.2, and the slope 2 is 1 off its length and 1 off the normal."""
    terms = IGRTask(sphere_field(0.5, slope=2.0), cloud, METHOD, seed=0).loss(0, 0.0)
    assert {name: part.item() for name, part in terms.parts.items()} == pytest.approx(
        {"points": 0.2, "eikonal": 1.0, "normal": 1.0}, rel=1e-4
    )
    assert terms.total.item() == pytest.approx(0.2 + 0.1 + 1.0, rel=1e-4)


@pytest.mark.parametrize("given", [True, False])
def test_normals_that_are_not_wanted_or_not_there_have_no_term(sphere_field, cloud, bare, given):
    method = replace(METHOD, normals="none") if given else METHOD
    terms = IGRTask(sphere_field(0.5, slope=2.0), cloud if given else bare, method, seed=0).loss(0, 0.0)
    assert terms.parts.keys() == {"points", "eikonal"}
    assert terms.total.item() == pytest.approx(0.2 + 0.1, rel=1e-4)


def test_points_without_a_normal_do_not_count_in_its_term(sphere_field, cloud):
    holes = replace(cloud, normals=torch.where(torch.arange(3000)[:, None] % 3 == 0, 0, cloud.normals))
    none = replace(cloud, normals=torch.zeros(3000, 3))
    parts = [IGRTask(sphere_field(0.5, slope=2.0), each, METHOD, seed=0).loss(0, 0.0).parts for each in (holes, none)]
    assert parts[0]["normal"].item() == pytest.approx(1.0, rel=1e-4)
    assert parts[1]["normal"].item() == 0


def test_the_data_are_no_eikonal_samples(sphere_field, cloud):
    method = replace(METHOD, local_samples=0.0, global_samples=0.0)
    assert IGRTask(sphere_field(0.5, slope=2.0), cloud, method, seed=0).loss(0, 0.0).parts["eikonal"] == 0


def test_the_step_is_the_published_one(directions):
    """Values from the formulas, on the same draws, for a network in float64."""
    normals = torch.from_numpy(directions(400))
    target = raw_target(0.4 * normals, normals)
    field = MLP(hidden_layers=3, width=24, skip=(2,)).double()
    task = IGRTask(field, target, replace(preset("paper", "igr").method, batch=160), seed=3)
    draws = {name: torch.Generator() for name in task.generators}
    for name, generator in task.generators.items():
        draws[name].set_state(generator.get_state())
    terms = task.loss(0, 0.0)
    terms.backward()
    got = [parameter.grad.clone() for parameter in field.parameters()]

    chosen = torch.randperm(400, generator=draws["batch"])[:160]
    p, n = target.points[chosen].double().requires_grad_(), target.normals[chosen].double()
    fiftieth = torch.cdist(target.points.double(), target.points.double()).sort(dim=1).values[chosen, 50:51]
    near = p.detach() + fiftieth * torch.randn(160, 3, generator=draws["noise"])
    anywhere = 1.8 * torch.rand(20, 3, generator=draws["noise"]).double() - 0.9
    q = torch.cat([near, anywhere]).requires_grad_()
    (at_points,) = torch.autograd.grad(field(p).sum(), p, create_graph=True)
    (off_points,) = torch.autograd.grad(field(q).sum(), q, create_graph=True)
    expected = (
        field(p.detach()).abs().mean()
        + 0.1 * (off_points.norm(dim=1) - 1).square().mean()
        + (at_points - n).norm(dim=1).mean()
    )
    assert terms.total.item() == pytest.approx(expected.item(), rel=1e-6)
    for one, other in zip(got, torch.autograd.grad(expected, list(field.parameters()))):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


def test_the_published_rate_is_halved_every_2000_steps(sphere_field, cloud):
    paper = preset("paper", "igr")
    task = IGRTask(sphere_field(), cloud, paper.method, seed=0)
    assert task.optimizer() == Adam(lr=5e-3)
    factors = {step: task.schedule()(Steps(paper.steps).progress(step, 0.0)) for step in (0, 1999, 2001, 4001, 50_001)}
    assert factors == {0: 1.0, 1999: 1.0, 2001: 0.5, 4001: 0.25, 50_001: 0.5**25}


def test_the_area_part_counts_the_surface(sphere_field, bare):
    """alpha / 2 * volume * part tends to the area, here of a sphere of radius 0.5."""
    method = SurfaceArea(batch=512, area_samples=20_000, area_weight=0.2)
    terms = SurfaceAreaTask(sphere_field(0.5), bare, method, seed=0).loss(0, 0.0)
    assert terms.parts["area"].item() * 50 * 1.6**3 == pytest.approx(4 * torch.pi * 0.25, rel=0.1)
    assert terms.total.item() == pytest.approx(
        0.1 + 0.1 * terms.parts["eikonal"].item() + 0.2 * terms.parts["area"].item(), rel=1e-4
    )


def test_without_its_weight_the_area_changes_nothing(sphere_field, cloud):
    """The first step draws as IGR does."""
    plain = IGRTask(sphere_field(0.5), cloud, METHOD, seed=1).loss(0, 0.0)
    area = SurfaceAreaTask(sphere_field(0.5), cloud, SurfaceArea(batch=512, area_weight=0.0), seed=1).loss(0, 0.0)
    assert area.total.item() == plain.total.item()
    assert area.parts.keys() == plain.parts.keys() | {"area"}


def test_normals_start_nothing_unless_they_come_from_a_preparation(sphere_field, cloud, sphere_target):
    raw = IGRTask(sphere_field(), cloud, METHOD, seed=0).loss(0, 0.0)
    prepared = IGRTask(sphere_field(), sphere_target, replace(METHOD, scan=ScanConfig()), seed=0)
    assert "points" in raw.parts
    assert prepared.loss(0, 0.0).parts.keys() == {"initial_distance"}
    assert prepared.loss(9, 0.75).parts.keys() == {"points", "eikonal", "normal"}
