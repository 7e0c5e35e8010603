from dataclasses import replace

import pytest
import torch

from diffshape.fields import FeatureGrid, HashGrid
from diffshape.fitting import DiffCD, ScanConfig
from diffshape.fitting.methods.diffcd_task import DiffCDTask
from diffshape.fitting.targets.scan_target import raw_target

BOUNDS = (-0.8, 0.8)
METHOD = DiffCD(
    normal_weight=0.0, batch=512, surface_batch=256, pool=1000, mesh_resolution=32, scan=None, local_samples=1.0
)


@pytest.fixture(scope="module")
def cloud(directions):
    """3000 points at radius 0.6."""
    return raw_target(torch.from_numpy(0.6 * directions(3000)))


def task(field, scan, method=METHOD, seed=0):
    return DiffCDTask(field, scan, method, seed=seed)


def surface_distance(scan, radius):
    """Mean distance of a sphere's points to their nearest of the scan, by brute force."""
    directions = torch.nn.functional.normalize(torch.randn(400, 3, generator=torch.Generator().manual_seed(0)), dim=1)
    return torch.cdist(radius * directions, scan.points).amin(dim=1).mean().item()


@pytest.mark.parametrize(("loss", "expected"), [("value", 0.2), ("squared-value", 0.04), ("closest-point", 0.1)])
def test_the_parts_have_their_closed_forms(sphere_field, cloud, loss, expected):
    """f = 2 (|x| - 0.5) at radius 0.6: |f| is 0.2, the true distance 0.1, and the slope 2 costs 1."""
    terms = task(sphere_field(0.5, slope=2.0), cloud, replace(METHOD, points_loss=loss)).loss(0, 0.0)
    assert terms.parts["points"].item() == pytest.approx(expected, rel=1e-4)
    assert terms.parts["eikonal"].item() == pytest.approx(1.0, rel=1e-4)
    assert terms.parts["surface"].item() == pytest.approx(surface_distance(cloud, 0.5), rel=0.01)
    assert set(terms.parts) == {"points", "surface", "eikonal"}


@pytest.mark.parametrize("weight", [0.0, 1.0, 3.0])
def test_the_total_weighs_both_directions(sphere_field, cloud, weight):
    method = replace(METHOD, surface_weight=weight, eikonal_weight=0.3)
    terms = task(sphere_field(0.5, slope=2.0), cloud, method).loss(0, 0.0)
    surface = surface_distance(cloud, 0.5) if weight else 0.0
    assert terms.total.item() == pytest.approx((0.2 + weight * surface) / (1 + weight) + 0.3, rel=1e-2)
    assert (terms.parts["surface"].item() > 0) == (weight > 0)


@pytest.mark.parametrize(("radius", "way"), [(0.5, 1), (0.7, -1)])
def test_both_directions_pull_the_surface_to_the_data(sphere_field, cloud, radius, way):
    """f = |x| - r: both terms fall by 1 for each unit that r comes nearer; the share of each is 1 / 2."""
    field = sphere_field(radius)
    terms = task(field, cloud, replace(METHOD, eikonal_weight=0.0)).loss(0, 0.0)
    terms.backward()
    assert field.radius.grad.item() == pytest.approx(-way, rel=0.03)
    field.radius.grad = None
    task(field, cloud, replace(METHOD, surface_weight=0.0)).loss(0, 0.0).backward()
    assert field.radius.grad.item() == pytest.approx(-way, rel=1e-4)


def test_squared_surface_distance(sphere_field, cloud):
    terms = task(sphere_field(0.5), cloud, replace(METHOD, surface_squared=True)).loss(0, 0.0)
    assert terms.parts["surface"].item() == pytest.approx(surface_distance(cloud, 0.5) ** 2, rel=0.02)


def test_the_area_part_counts_the_surface(sphere_field, cloud):
    """alpha / 2 * volume * part tends to the area over the slope."""
    method = replace(METHOD, area_weight=0.2, batch=3000)
    field = sphere_field(0.5)
    parts = [task(field, cloud, method, seed=seed).loss(0, 0.0) for seed in range(4)]
    area = sum(terms.parts["area"].item() for terms in parts) / 4 * 50 * 1.6**3
    assert area == pytest.approx(4 * torch.pi * 0.25, rel=0.1)
    last, share = parts[-1], 0.5
    weighed = share * (last.parts["points"] + last.parts["surface"]) + 0.1 * last.parts["eikonal"]
    torch.testing.assert_close(last.total.detach(), weighed + 0.2 * last.parts["area"])


def test_the_normal_part_compares_gradients_with_normals(sphere_field, sphere_target):
    method = replace(METHOD, scan=ScanConfig(), normal_weight=0.7, start=0.0)
    terms = task(sphere_field(0.5, slope=3.0), sphere_target, method).loss(0, 0.0)
    assert terms.parts["normal"].item() == pytest.approx(4.0, rel=1e-3)  # |3 n - n|^2
    without = task(sphere_field(0.5, slope=3.0), sphere_target, replace(method, normal_weight=0.0)).loss(0, 0.0)
    assert terms.total.item() - without.total.item() == pytest.approx(0.7 * 4.0, rel=1e-3)


def test_samples_off_the_surface_do_not_count(sphere_field, cloud):
    """After no pull, samples of radius 0.5 are 0.1 off the sphere of radius 0.6."""
    method = replace(METHOD, pulls=0, tolerance=0.05)
    made = task(sphere_field(0.5), cloud, method)
    assert made.loss(0, 0.0).parts["surface"] > 0.05
    made.field.radius.data.fill_(0.6)
    assert made.loss(1, 0.1).parts["surface"] == 0


def test_an_empty_level_set_has_no_surface_part(sphere_field, cloud):
    terms = task(sphere_field(-0.5), cloud).loss(0, 0.0)
    assert terms.parts["surface"] == 0
    assert torch.isfinite(terms.total)
    terms.backward()


def test_the_first_steps_learn_the_distance_of_the_scan(sphere_field, sphere_target):
    made = task(sphere_field(0.4), sphere_target, replace(METHOD, scan=ScanConfig(), start=0.3))
    assert set(made.loss(0, 0.0).parts) == set(made.loss(5, 0.29).parts) == {"initial_distance"}
    assert set(made.loss(6, 0.3).parts) == {"points", "surface", "eikonal"}


def test_without_orientation_the_objective_starts_at_once(sphere_field, cloud):
    assert "points" in task(sphere_field(), cloud, replace(METHOD, scan=ScanConfig(), start=0.3)).loss(0, 0.0).parts


def test_local_samples_spread_by_the_50th_neighbour(sphere_field, cloud):
    made = task(sphere_field(), cloud, replace(METHOD, local_scale=0.2, local_samples=4.0))
    chosen = torch.arange(3000)
    near = made.near(chosen)
    assert len(near) == 12_000
    fiftieth = torch.cdist(cloud.points, cloud.points).sort(dim=1).values[:, 50]
    torch.testing.assert_close(made.spread, 0.2 * fiftieth, rtol=1e-3, atol=1e-5)
    offsets = near - cloud.points[chosen].repeat(4, 1)
    assert offsets.std().item() == pytest.approx(made.spread.mean().item(), rel=0.05)


def test_the_paper_draws_625_global_samples_of_5000(sphere_field, cloud):
    made = task(sphere_field(), cloud, replace(METHOD, global_samples=0.125))
    anywhere = made.far(made.draw())
    assert len(anywhere) == 0.125 * 512
    assert anywhere.abs().max() <= 0.8
    assert len(made.anywhere(5000)) == 5000
    assert made.anywhere(5000).abs().max() > 0.79


def test_a_batch_is_no_larger_than_the_scan(sphere_field):
    few = raw_target(0.5 * torch.eye(3).repeat(2, 1) * torch.tensor([1.0, 1, 1, -1, -1, -1])[:, None])
    terms = task(sphere_field(), few, replace(METHOD, batch=5000)).loss(0, 0.0)
    assert terms.parts["points"].item() == pytest.approx(0.0, abs=1e-6)
    assert torch.isfinite(terms.total)


def losses(made, count=3):
    return [made.loss(step, step / 10).total.item() for step in range(count)]


def test_the_seed_decides_every_draw(sphere_field, cloud):
    first, again, other = (losses(task(sphere_field(0.5, slope=1.5), cloud, seed=seed)) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_random_streams_are_independent(sphere_field, cloud):
    """Another number of noise or surface samples does not change which data points are drawn."""
    base, noisier = task(sphere_field(), cloud), task(sphere_field(), cloud, replace(METHOD, local_samples=0.25))
    larger = task(sphere_field(), cloud, replace(METHOD, pool=METHOD.pool + 100))
    for made in (base, noisier, larger):
        losses(made)
    states = [made.state() for made in (base, noisier, larger)]
    assert all(torch.equal(states[0]["random_batch"], state["random_batch"]) for state in states)
    assert not torch.equal(states[0]["random_noise"], states[1]["random_noise"])
    assert torch.equal(states[0]["random_noise"], states[2]["random_noise"])
    assert not torch.equal(states[0]["random_pool"], states[2]["random_pool"])


def test_no_two_streams_are_alike(sphere_field, cloud):
    tasks = [task(sphere_field(), cloud, seed=seed) for seed in range(3)]
    draws = {torch.rand(1, generator=stream).item() for made in tasks for stream in made.generators.values()}
    assert len(draws) == 3 * 4


def test_state_continues_the_same_draws(sphere_field, cloud):
    made = task(sphere_field(0.5, slope=1.5), cloud)
    losses(made)
    state = {name: tensor.clone() for name, tensor in made.state().items()}
    assert all(isinstance(tensor, torch.Tensor) for tensor in state.values())
    expected = losses(made)
    other = task(sphere_field(0.5, slope=1.5), cloud, seed=9)
    other.load_state(state)
    assert losses(other) == expected


@pytest.mark.parametrize("kind", [HashGrid, FeatureGrid])
def test_grid_levels_fade_in_from_coarse_to_fine(kind, sphere_target):
    field = kind(levels=6, base=8, finest=32, log2_entries=12)
    made = task(field, sphere_target, replace(METHOD, scan=ScanConfig(), start=0.4))
    made.loss(0, 0.0)
    assert field.fade.tolist() == [1, 1, 1, 0, 0, 0]
    made.loss(1, 0.1)  # half of the way to start / 2
    torch.testing.assert_close(field.fade, torch.tensor([1, 1, 1, 1, 0.5, 0]))
    made.loss(2, 0.2)
    assert field.fade.tolist() == [1] * 6
