"""The published objectives, term by term, written here once more from the official codes."""

from dataclasses import replace

import pytest
import torch

from diffshape.fields import HashGrid, SirenConfig
from diffshape.fields import Siren as SirenField
from diffshape.fitting import DiGS, Siren, StEik, fit_points, preset
from diffshape.fitting.methods.siren_task import SirenTask, divergence_weight
from diffshape.fitting.targets.scan_target import ScanTarget

METHODS = {"siren": Siren, "digs": DiGS, "steik": StEik}


@pytest.fixture(scope="module")
def cloud(directions):
    """A sphere of radius 0.4 with its normals."""
    normals = torch.from_numpy(directions(600)).float()
    return ScanTarget(points=0.4 * normals, normals=normals, spacing=torch.tensor(0.03), noise=torch.tensor(0.0))


def task(method, scan, field=None, seed=0):
    field = SirenField(hidden_layers=3, width=16, start="multi-frequency").double() if field is None else field
    return SirenTask(field, scan, method, seed=seed)


def published(name, field, batch, normals, progress):
    """The official losses of points in [-1, 1]^3, by autograd; a field of the unit frame is scaled to them."""

    def gradient(values, points):
        return torch.autograd.grad(values.sum(), points, create_graph=True)[0]

    on, off = ((2 * each).requires_grad_() for each in (batch.points, batch.space))
    both = torch.cat([on, off])
    values = 2 * field(both / 2)
    slopes = gradient(values, both)
    on_values, off_values = values.split([len(on), len(off)])
    if name == "siren":  # the means are over both kinds of points, with 0 for the others
        nothing = torch.zeros_like(values)
        is_on = torch.arange(len(both)) < len(on)
        sdf = torch.where(is_on, values, nothing).abs().mean() * 3e3
        inter = torch.where(is_on, nothing, torch.exp(-1e2 * values.abs())).mean() * 1e2
        padded = torch.cat([batch.normals, torch.ones_like(off)])
        cosine = torch.nn.functional.cosine_similarity(slopes, padded, dim=-1)
        normal = torch.where(is_on, 1 - cosine, nothing).mean() * 1e2
        return sdf + inter + (normal if normals else 0) + (slopes.norm(dim=-1) - 1).abs().mean() * 5e1
    loss = (3e3 if name == "digs" else 2e3) * on_values.abs().mean()
    loss = loss + 1e2 * torch.exp(-1e2 * off_values.abs()).mean() + 5e1 * (slopes.norm(dim=-1) - 1).abs().mean()
    weight = 1e2 * min(1.0, max(0.0, 1 - (progress - 0.2) / 0.2))
    off = off.detach().requires_grad_()
    g = gradient(2 * field(off / 2), off)
    if name == "digs":
        divergence = sum(gradient(g[:, axis], off)[:, axis] for axis in range(3))
        return loss + weight * divergence.abs().clamp(0.1, 50).mean()
    product = 0.5 * gradient((g * g).sum(-1), off)
    return loss + weight * ((g * product).sum(-1) / (g.square().sum(-1) + 1e-5)).abs().mean()


@pytest.mark.parametrize("progress", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("name", METHODS)
def test_the_paper_preset_has_the_published_loss_and_gradients(name, cloud, progress):
    made = task(replace(preset("paper", name).method, batch=200, off_batch=200), cloud)
    batch = made.draw()
    if name != "siren":  # which takes no normals from the scan
        batch = batch._replace(normals=None)
    terms = made.objective(batch, progress)
    expected = published(name, made.field, batch, name == "siren", progress)
    torch.testing.assert_close(terms.total, expected, rtol=1e-9, atol=0)
    parameters = list(made.field.parameters())
    for own, theirs in zip(
        torch.autograd.grad(terms.total, parameters), torch.autograd.grad(expected, parameters), strict=True
    ):
        torch.testing.assert_close(own, theirs, rtol=1e-7, atol=1e-9)


def test_siren_without_normals_leaves_the_term_out(cloud):
    made = task(replace(preset("paper", "siren").method, batch=100, off_batch=100), replace(cloud, normals=None))
    batch = made.draw()
    assert batch.normals is None
    terms = made.objective(batch, 0.0)
    with_ones = batch._replace(normals=torch.ones_like(batch.points))
    torch.testing.assert_close(terms.total, published("siren", made.field, with_ones, False, 0.0), rtol=1e-9, atol=0)
    assert set(terms.parts) == {"points", "off", "eikonal"}


def test_the_parts_have_their_closed_forms(sphere_field, cloud):
    """f = 2 (|x| - 0.3) at radius 0.4 is 0.2, or 0.4 in half sides; the slope 2 is 1 off; the normals agree."""
    terms = task(Siren(), cloud, sphere_field(0.3, slope=2.0)).loss(0, 0.0)
    assert terms.parts["points"].item() == pytest.approx(0.4, rel=1e-4)
    assert terms.parts["eikonal"].item() == pytest.approx(1.0, rel=1e-4)
    assert terms.parts["normal"].item() == pytest.approx(0.0, abs=1e-6)
    parts = {name: part.detach() for name, part in terms.parts.items()}
    expected = 1500 * parts["points"] + 50 * (parts["off"] + parts["eikonal"] + parts["normal"])
    torch.testing.assert_close(terms.total.detach(), expected)


def test_a_distance_has_no_divergence_along_its_gradient(sphere_field, cloud):
    assert task(StEik(), cloud, sphere_field(0.4)).loss(0, 0.0).parts["divergence"] < 1e-4
    laplacian = task(DiGS(off_batch=4000), cloud, sphere_field(0.4)).loss(0, 0.0).parts["divergence"]
    space = torch.rand(100_000, 3, generator=torch.Generator().manual_seed(1)) * 1.6 - 0.8
    expected = (2 * 0.5 / space.norm(dim=1)).clamp(0.1, 50).mean().item()
    assert laplacian.item() == pytest.approx(expected, rel=0.05)


def test_unknown_normals_do_not_count(cloud):
    field = SirenField(hidden_layers=3, width=16, start="multi-frequency").double()
    made = task(Siren(batch=100), cloud, field)
    batch = made.draw()
    known = torch.arange(100) < 60
    half = made.objective(batch._replace(normals=torch.where(known[:, None], batch.normals, 0)), 0.0)
    first = made.objective(batch._replace(points=batch.points[:60], normals=batch.normals[:60]), 0.0)
    torch.testing.assert_close(half.parts["normal"], first.parts["normal"])
    none = made.objective(batch._replace(normals=torch.zeros_like(batch.normals)), 0.0)
    assert none.parts["normal"] == 0


def test_the_weight_of_the_divergence_falls():
    method = DiGS()
    shares = (0.0, 0.19, 0.2, 0.3, 0.4, 0.9)
    expected = [100.0, 100.0, 100.0, 50.0, 0.0, 0.0]
    assert [divergence_weight(method, share) for share in shares] == pytest.approx(expected)
    at_once = replace(method, divergence_until=(0.5, 0.5))
    assert [divergence_weight(at_once, share) for share in (0.4, 0.5, 0.6)] == [100.0, 0.0, 0.0]
    assert divergence_weight(Siren(), 0.0) == 0


def test_without_its_weight_there_is_no_divergence(cloud):
    made = task(DiGS(batch=50, off_batch=50), cloud)
    assert "divergence" in made.loss(0, 0.0).parts
    assert "divergence" not in made.loss(1, 0.4).parts


def test_samples_are_different_points_of_the_scan_and_lie_in_the_box(cloud):
    field = SirenField(width=8, box=(-0.55, 0.55))
    batch = task(Siren(batch=500, off_batch=3000), cloud, field).draw()
    assert len(batch.points.unique(dim=0)) == 500
    assert {tuple(point) for point in batch.points.tolist()} < {tuple(point) for point in cloud.points.tolist()}
    torch.testing.assert_close(batch.normals, batch.points / 0.4)
    assert -0.55 <= batch.space.min() < -0.54
    assert 0.54 < batch.space.max() <= 0.55
    assert len(task(Siren(batch=9999), cloud).draw().points) == len(cloud.points)


def test_seeds_decide_the_samples(cloud):
    first, same, other = (task(Siren(), cloud, seed=seed).draw() for seed in (0, 0, 1))
    assert torch.equal(first.points, same.points)
    assert torch.equal(first.space, same.space)
    assert not torch.equal(first.points, other.points)
    assert not torch.equal(first.space, other.space)


def test_optimiser_schedule_and_clipping_are_those_of_the_settings(cloud):
    made = task(Siren(learning_rate=2e-4, final=1.0, clip=3.0), cloud)
    assert (made.optimizer().lr, made.clip) == (2e-4, 3.0)
    assert [made.schedule()(progress) for progress in (0.0, 0.5, 1.0)] == [1.0, 1.0, 1.0]
    assert task(Siren(final=0.01), cloud).schedule()(1.0) == pytest.approx(0.01)
    small = SirenTask.in_miniature(StEik(), 8)
    assert small == StEik(batch=8, off_batch=8)


@pytest.mark.parametrize("kind", [DiGS, StEik])
def test_other_fields_can_be_fitted_too(kind, cloud):
    made = task(kind(batch=40, off_batch=40), cloud, HashGrid(levels=2, finest=8, width=8))
    terms = made.loss(0, 0.0)
    terms.backward()
    assert terms.total.isfinite()
    assert made.field.tables.grad.isfinite().all()


@pytest.mark.parametrize("name", METHODS)
def test_a_few_steps_reach_a_ball(name, ball):
    """From a sphere of another size: the surface comes near the points, and inside stays inside."""
    method = replace(METHODS[name](), batch=256, off_batch=256)
    field = SirenConfig(hidden_layers=3, width=32, frequency=10.0, start="multi-frequency")
    result = fit_points(ball, method, field, steps=150)
    center = ball.mean(0)
    assert abs(result.query(ball)).mean() < 0.02 * 4.0  # 2 % of its longest side
    assert result.query(center[None]) < 0
