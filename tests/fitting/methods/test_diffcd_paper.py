"""The published training step of DiffCD, written from its formulas, against the task with the preset "paper".

The network is smaller and the batch shorter than published, all else is as published, in float64.
"""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from diffshape.fields import MLP
from diffshape.fitting import preset
from diffshape.fitting.methods.diffcd_task import DiffCDTask
from diffshape.fitting.methods.surface_pool import SurfacePool
from diffshape.fitting.targets.scan_target import raw_target
from diffshape.training import Adam, Steps
from diffshape.training.update import Updater

PAPER = preset("paper")
METHOD = replace(PAPER.method, batch=320, surface_batch=320, pool=1500, mesh_resolution=40)
WARMUP, LAST = 1000, 40_000


def soft_norm(vectors, epsilon=1e-12):
    """epsilon (sqrt(|v|^2 / epsilon^2 + 1) - 1)."""
    return epsilon * ((vectors.square().sum(-1) / epsilon**2 + 1).sqrt() - 1)


class Published:
    """Network, sampling and loss as the paper's code has them, on the parameters of a field."""

    def __init__(self, field, points):
        self.config, self.points = field.config, points.double()
        self.weights, self.biases = list(field.network.weights), list(field.network.biases)
        self.parameters = [*self.weights, *self.biases]

    def f(self, x):
        h = x
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            if layer in self.config.skip:
                h = torch.cat([h, x], dim=1) / math.sqrt(2)
            h = h @ weight.T + bias
            if layer < len(self.weights) - 1:
                h = torch.nn.functional.softplus(h, beta=100, threshold=20)
        return h[:, 0]

    def gradient(self, x):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(self.f(x).sum(), x, create_graph=True)[0]

    def derivatives(self, x):
        """df/dtheta (N, P), a point at a time."""
        rows = [torch.autograd.grad(value, self.parameters, retain_graph=True) for value in self.f(x)]
        return torch.stack([torch.cat([each.flatten() for each in row]) for row in rows])

    def local_scale(self):
        """0.2 times the distance to the 50th other neighbour."""
        return 0.2 * torch.cdist(self.points, self.points).sort(dim=1).values[:, 50]

    def pulled(self, x):
        """Four steps x - f g / |g|, and whether |f| is below 1e-3 at the end."""
        for _ in range(4):
            g = self.gradient(x).detach()
            x = x - self.f(x).detach()[:, None] * g / g.norm(dim=1, keepdim=True)
        return x, self.f(x).detach().abs() < 1e-3

    def surface_to_points(self, x):
        """Value, gradient in all parameters, and share of valid samples, by dx/dtheta = -n (df/dtheta) / |g|."""
        x, valid = self.pulled(x)
        offsets = x - self.points[torch.cdist(x, self.points).argmin(dim=1)]
        g = self.gradient(x).detach()
        slope = g.norm(dim=1, keepdim=True)
        motion = -(g / slope)[:, :, None] * (self.derivatives(x) / slope)[:, None]  # (N, 3, P)
        direction = offsets / offsets.norm(dim=1, keepdim=True)
        changes = torch.einsum("nd,ndp->np", direction, motion)
        return (
            soft_norm(offsets)[valid].sum() / valid.sum(),
            changes[valid].sum(dim=0) / valid.sum(),
            valid.double().mean().item(),
        )


def copied(generator):
    other = torch.Generator()
    other.set_state(generator.get_state())
    return other


@pytest.fixture(scope="module")
def step(directions):
    """One step of the task, and the same by formula: values and gradients of all terms."""
    cloud = torch.from_numpy(directions(1200)) * torch.tensor([0.5, 0.35, 0.28])
    field = MLP(replace(PAPER.field, hidden_layers=4, width=32, skip=(2,))).double()
    with torch.no_grad():
        for index, parameter in enumerate(field.parameters()):
            noise = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(index), dtype=torch.float64)
            parameter += 0.03 * noise
    task = DiffCDTask(field, raw_target(cloud), METHOD, seed=0)
    task.pool.refresh(field, 0.0)
    pool = task.pool.points.double()
    draws = {name: copied(generator) for name, generator in task.generators.items()}
    terms = task.loss(0, 0.0)
    terms.backward()
    got = torch.cat([parameter.grad.flatten() for parameter in Published(field, cloud).parameters])

    published = Published(field, task.scan.points)
    chosen = torch.randperm(1200, generator=draws["batch"])[:320]
    p = published.points[chosen]
    local = p + published.local_scale()[chosen, None] * torch.randn(320, 3, generator=draws["noise"])
    globally = 1.6 * torch.rand(320 // 8, 3, generator=draws["noise"]).double() - 0.8
    x = pool[torch.randperm(len(pool), generator=draws["pool"])[:320]]
    slopes = published.gradient(torch.cat([p, local, globally]))
    values = {"points": published.f(p).abs().mean(), "eikonal": (1 - soft_norm(slopes)).square().mean()}
    gradients = {
        name: torch.cat(
            [
                each.flatten()
                for each in torch.autograd.grad(value, published.parameters, allow_unused=True, materialize_grads=True)
            ]
        )
        for name, value in values.items()
    }
    values["surface"], gradients["surface"], share = published.surface_to_points(x)
    return task, terms, got, values, gradients, share


def test_the_values_of_all_terms_are_the_published_ones(step):
    _, terms, _, values, _, share = step
    assert 0.3 < share < 1  # the mask does something
    for name, value in values.items():
        assert terms.parts[name].item() == pytest.approx(value.item(), rel=1e-5), name
    total = (values["points"] + values["surface"]) / 2 + 0.1 * values["eikonal"]
    assert terms.total.item() == pytest.approx(total.item(), rel=1e-5)


def test_the_gradient_of_all_parameters_is_the_published_one(step):
    _, _, got, _, gradients, _ = step
    expected = (gradients["points"] + gradients["surface"]) / 2 + 0.1 * gradients["eikonal"]
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5 * expected.abs().max().item())
    for part in gradients.values():
        assert part.norm() > 0.05 * expected.norm()  # none is too small to be seen


def test_samples_begin_where_the_meshing_put_them(step):
    task, *_ = step
    kept = task.pool.points.clone()
    task.loss(1, 0.0)
    assert torch.equal(task.pool.points, kept)


def published_rate(step):
    """Up from 0 in 1000 steps, then half a cosine to 0."""
    if step < WARMUP:
        return 1e-3 * step / WARMUP
    return 1e-3 * 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (LAST - WARMUP)))


def test_updates_are_those_of_adam_at_the_published_rate():
    """Adam by its formula, eps outside of the root, without decay or clipping, at several places of the schedule."""
    field = MLP(hidden_layers=2, width=16, skip=()).double()
    task = DiffCDTask(field, raw_target(torch.rand(200, 3) - 0.5), replace(METHOD, mesh_resolution=16), seed=0)
    assert task.optimizer() == Adam(lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    assert task.clip is None
    update = Updater(task.modules, task.optimizer(), clip=task.clip)
    first = second = 0.0
    for count, at in enumerate((0, 1, 500, 1000, 1001, 20_500, 39_999), start=1):
        progress = Steps(PAPER.steps).progress(at, 0.0)
        rate = update.scale_learning_rate(task.schedule()(progress))
        assert rate == pytest.approx(published_rate(at), rel=1e-9, abs=1e-15)
        before = torch.cat([parameter.detach().flatten() for parameter in field.parameters()])
        update(task, at, progress)
        gradient = torch.cat([parameter.grad.flatten() for parameter in field.parameters()])
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient.square()
        move = first / (1 - 0.9**count) / ((second / (1 - 0.999**count)).sqrt() + 1e-8)
        after = torch.cat([parameter.detach().flatten() for parameter in field.parameters()])
        torch.testing.assert_close(after, before - published_rate(at) * move, rtol=1e-9, atol=1e-12)


def test_the_surface_is_meshed_every_1000_steps(sphere_field):
    pool, sets = SurfacePool(METHOD, (-0.8, 0.8), torch.Generator().manual_seed(0)), []
    for step in (0, 999, 1000, 1999, 2000):
        pool.refresh(sphere_field(), step / PAPER.steps)
        sets.append(pool.points)
    assert [after is before for before, after in pairwise(sets)] == [True, False, True, False]
