from dataclasses import replace

import pytest
import torch

from diffshape.fields import HashGrid, build_field
from diffshape.fitting import preset
from diffshape.fitting.methods.neural_pull.config import NeuralPull
from diffshape.fitting.methods.neural_pull.task import NeuralPullTask
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


def test_a_step_of_the_published_fit_by_its_formulas(cloud):
    """Loss and gradients of the released code's objective, network and normalised weights, written out again."""
    published = preset("paper", "neural-pull")
    field = build_field(replace(published.field, width=24)).double()
    made = task(field, cloud, replace(published.method, batch=64, pool=9000))
    generator = torch.Generator().set_state(made.state()["random_batch"])
    terms = made.loss(0, 0.0)
    terms.backward()

    chosen = torch.randint(9000, (64,), generator=generator)
    queries = made.queries.points[chosen].double().requires_grad_()
    nearest = cloud.points[torch.cdist(made.queries.points[chosen], cloud.points).argmin(dim=1)].double()
    weights, biases = [], list(field.network.biases)
    for layer in range(len(biases)):
        parts = getattr(field.network.weights.parametrizations, str(layer))
        length, direction = (part.detach().clone().requires_grad_() for part in (parts.original0, parts.original1))
        weights.append((length, direction))
    h = queries
    for layer, ((length, direction), bias) in enumerate(zip(weights, biases)):
        h = torch.cat([h, queries], dim=1) / 2**0.5 if layer == 4 else h
        h = h @ (length * direction / direction.norm(dim=1, keepdim=True)).T + bias.detach()
        h = h.relu() if layer < 8 else h
    (slope,) = torch.autograd.grad(h.sum(), queries, create_graph=True)
    moved = queries - torch.nn.functional.normalize(slope, dim=1) * h
    expected = (nearest - moved).norm(dim=1).mean()
    expected.backward()

    torch.testing.assert_close(terms.total, expected)
    for layer, learnt in enumerate(weights):
        parts = getattr(field.network.weights.parametrizations, str(layer))
        for part, reference in zip((parts.original0, parts.original1), learnt):
            torch.testing.assert_close(part.grad, reference.grad, rtol=1e-5, atol=1e-9)
