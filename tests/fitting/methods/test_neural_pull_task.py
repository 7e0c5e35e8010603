from dataclasses import replace

import pytest
import torch

from diffshape.fields import HashGrid
from diffshape.fitting.methods.neural_pull import NeuralPull
from diffshape.fitting.methods.neural_pull_task import NeuralPullTask
from diffshape.fitting.targets.scan_target import raw_target

METHOD = NeuralPull(batch=512, pool=9000, local_scale=0.2)


@pytest.fixture(scope="module")
def cloud(directions):
    """3000 points at radius 0.6."""
    return raw_target(torch.from_numpy(0.6 * directions(3000)))


def task(field, scan, method=METHOD, seed=0):
    return NeuralPullTask(field, scan, method, seed=seed)


@pytest.mark.parametrize("squared", [False, True])
def test_the_loss_is_what_the_pull_leaves_over(sphere_field, cloud, squared):
    """f = |x| - 0.5 pulls every query to radius 0.5; what is left to the nearest point is 0.1 along the normal and,
    across it, less than the spacing of the points."""
    made = task(sphere_field(0.5), cloud, replace(METHOD, squared=squared))
    terms = made.loss(0, 0.0)
    across = cloud.spacing.square().item() / 3  # of a random place in a cell, about
    expected = 0.1**2 + across * (0.5 / 0.6)
    assert terms.total.item() == pytest.approx(expected if squared else expected**0.5, rel=0.03)
    assert set(terms.parts) == {"pull"}


def test_the_slope_of_the_field_matters_to_the_length_of_the_pull_only(sphere_field, cloud):
    """f = 2 (|x| - 0.6) pulls twice as far as it should: as far off the surface as the query was."""
    made = task(sphere_field(0.6, slope=2.0), cloud, replace(METHOD, local_scale=2.0, squared=True))
    generator = torch.Generator().set_state(made.state()["random_batch"])
    chosen = torch.randint(9000, (512,), generator=generator)
    off = (made.queries.points[chosen].norm(dim=1) - 0.6).square().mean()
    assert made.loss(0, 0.0).total.item() == pytest.approx(off.item(), rel=0.01)


@pytest.mark.parametrize(("radius", "way"), [(0.5, 1), (0.7, -1)])
def test_it_pulls_the_surface_to_the_data(sphere_field, cloud, radius, way):
    field = sphere_field(radius)
    task(field, cloud).loss(0, 0.0).total.backward()
    assert field.radius.grad.item() == pytest.approx(-way, rel=0.05)


def test_the_eikonal_part_is_that_of_the_queries(sphere_field, cloud):
    without, terms = (
        task(sphere_field(0.5, slope=3.0), cloud, replace(METHOD, eikonal_weight=weight)).loss(0, 0.0)
        for weight in (0.0, 0.7)
    )
    assert terms.parts["eikonal"].item() == pytest.approx(4.0, rel=1e-4)
    assert (terms.total - without.total).item() == pytest.approx(0.7 * 4.0, rel=1e-4)


def test_batches_are_of_the_fixed_queries(sphere_field, cloud):
    made = task(sphere_field(), cloud)
    before = made.queries.points.clone()
    losses(made)
    assert torch.equal(made.queries.points, before)


def losses(made, count=3):
    return [made.loss(step, step / 10).total.item() for step in range(count)]


def test_the_seed_decides_every_draw(sphere_field, cloud):
    first, again, other = (losses(task(sphere_field(0.5, slope=1.5), cloud, seed=seed)) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_random_streams_are_independent(sphere_field, cloud):
    """Another number of queries does not change which numbers the batches draw, and no two streams are alike."""
    made = [task(sphere_field(), cloud, replace(METHOD, pool=pool)) for pool in (9000, 3000)]
    assert torch.equal(*(each.state()["random_batch"] for each in made))
    firsts = [
        torch.rand(1, generator=task(sphere_field(), cloud, seed=seed).generators["batch"]).item() for seed in range(3)
    ]
    assert len(set(firsts)) == 3


def test_state_continues_the_same_draws(sphere_field, cloud):
    made = task(sphere_field(0.5, slope=1.5), cloud)
    losses(made)
    state = {name: tensor.clone() for name, tensor in made.state().items()}
    expected = losses(made)
    other = task(sphere_field(0.5, slope=1.5), cloud)
    losses(other, 1)
    other.load_state(state)
    assert losses(other) == expected


def test_grid_levels_fade_in(cloud):
    field = HashGrid(levels=6, base=8, finest=32, log2_entries=12)
    made = task(field, cloud)
    made.loss(0, 0.0)
    assert field.fade.tolist() == [1, 1, 1, 0, 0, 0]
    made.loss(1, 0.5)
    assert field.fade.tolist() == [1] * 6


def test_the_published_schedule(sphere_field, cloud):
    made = task(sphere_field(), cloud, replace(METHOD, schedule="warmup-cosine", learning_rate=1e-3))
    factors = [made.schedule()(progress) for progress in (0.0, 0.0125, 0.025, 1.0)]
    assert factors == pytest.approx([0.0, 0.5, 1.0, 0.0])
    assert made.optimizer().lr == 1e-3
