"""Many meshes at once: each as if it were alone, stopping by its own error; what is wrong is told before it starts."""

import math

import numpy as np
import pytest
import torch

from diffshape.data import box_mesh, icosphere, torus_mesh
from diffshape.fields import HashGridConfig, MLPConfig
from diffshape.fields.hash_grid_stack import HashGridStack
from diffshape.fitting import StopRule, Supervised, fit_mesh, fit_meshes, load
from diffshape.fitting.methods.distance_pool import DistancePool

BOX, BALL, RING = box_mesh(3), icosphere(2), torus_mesh(12, 8, ring_radius=0.7, tube_radius=0.3)
METHOD = Supervised(batch=700, pool=3000, fresh=20)
FIELD = HashGridConfig(
    levels=3, base=4, finest=24, log2_entries=10, width=8, beta=math.inf, reads_point=False, box=(-1.05, 1.05)
)


def fit(meshes, **options):
    return fit_meshes(meshes, METHOD, FIELD, **{"steps": 30, **options})


def same(one, other):
    """Whether two fields have the same bits."""
    left, right = one.field.state_dict(), other.field.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


@pytest.fixture(scope="module")
def three():
    return fit([BOX, BALL, RING])


def test_each_has_the_bits_of_a_fit_by_itself(three):
    for mesh, result in zip((BOX, BALL, RING), three):
        alone = fit_mesh(mesh, METHOD, FIELD, steps=30)
        assert same(result, alone)
        assert result.step == 30
        assert result.settings == alone.settings
        assert result.frame == alone.frame
    assert not same(three[0], three[1])


def test_neither_place_nor_company_matters(three):
    again = fit([RING, BOX])
    assert same(again[0], three[2])
    assert same(again[1], three[0])


def test_the_seed_matters(three):
    assert not same(fit([BOX], seed=1)[0], three[0])


def test_learns(three):
    ball, ring = fit([BALL, RING], steps=400)
    assert error_near(ball) < 0.75 * error_near(three[1])
    assert error_near(ring) < 0.75 * error_near(three[2])


def test_seconds_are_shared_out(three):
    reports = []
    results = fit([BOX, BALL], steps=5, observers=[reports.append])
    assert len(reports) == 5
    assert results[0].seconds == results[1].seconds == pytest.approx(reports[-1].seconds / 2)
    assert reports[-1].terms.parts["active"] == 2


class Counting:
    """How many points were evaluated and how many were drawn in the steps of a fit."""

    def __init__(self, monkeypatch):
        self.evaluated, self.drawn = [], 0
        forward, batch = HashGridStack.forward, DistancePool.batch

        def counted_forward(stack, points, active=None):
            self.evaluated.append(points.shape[0] * points.shape[1])
            return forward(stack, points, active)

        def counted_batch(pool, step):
            self.drawn += 1
            return batch(pool, step)

        monkeypatch.setattr(HashGridStack, "forward", counted_forward)
        monkeypatch.setattr(DistancePool, "batch", counted_batch)


LONG = 200
"""Steps in which the ball is learnt well and the box, with its edges, is not."""


@torch.no_grad()
def error_near(result):
    """On other points than those of the rule."""
    points, truth = result.target.distance.sample_near(2000, generator=torch.Generator().manual_seed(77))
    return (result.field(points) - truth).abs().mean().item()


@pytest.fixture(scope="module")
def good_enough():
    """A rule whose bound the ball reaches and the box does not."""
    ball, box = (error_near(result) for result in fit([BALL, BOX], steps=LONG))
    assert ball < 0.8 * box
    return StopRule(error=(ball + box) / 2, every=10, points=500)


def test_one_that_is_good_enough_stops_and_costs_nothing_more(monkeypatch, good_enough):
    counting = Counting(monkeypatch)
    ball, box = fit([BALL, BOX], steps=LONG, stop=good_enough)
    assert ball.step < box.step == LONG
    assert counting.evaluated == [1400] * ball.step + [700] * (LONG - ball.step)
    assert counting.drawn == LONG + ball.step
    assert 0 < ball.seconds < box.seconds
    assert not ball.interrupted


def test_weights_stay_as_they_were_and_the_others_learn_as_before(good_enough):
    ball, box = fit([BALL, BOX], steps=LONG, stop=good_enough)
    assert same(box, fit([BOX], steps=LONG)[0])
    seen = []
    alone = fit([BALL], steps=LONG, stop=good_enough, observers=[lambda report: seen.append(report.step)])[0]
    assert same(ball, alone)
    assert seen[-1] == alone.step == ball.step  # with all of them done, the run is
    assert error_near(ball) == pytest.approx(good_enough.error, rel=0.15)


def test_one_that_no_longer_improves_stops():
    """A learning rate of next to nothing: no check is 1 % better than the first."""
    method = Supervised(batch=64, pool=1000, learning_rate=1e-9)
    (result,) = fit_meshes([BOX], method, FIELD, steps=100, stop=StopRule(patience=3, every=5, points=200))
    assert result.step == 20


def test_without_a_reason_nobody_stops():
    results = fit([BOX, BALL], stop=StopRule(error=1e-9, patience=50, every=1, points=50))
    assert [result.step for result in results] == [30, 30]


def test_all_that_is_wrong_is_told_before_training(tmp_path):
    torn = tmp_path / "torn.obj"
    torn.write_text("v 0 0\nf 1 2 3\n")
    flat = (np.zeros((3, 3)), [[0, 1, 2]])
    trained = []
    with pytest.raises(ValueError, match="3 of 5 meshes cannot be fitted") as error:
        fit([BOX, torn, flat, BALL, tmp_path / "missing.ply"], observers=[trained.append])
    told = str(error.value)
    assert all(name in told for name in ("meshes[1]", "torn.obj", "meshes[2]", "no extent", "meshes[4]", "missing.ply"))
    assert "meshes[0]" not in told
    assert "meshes[3]" not in told
    assert not trained


@pytest.mark.parametrize(
    ("meshes", "options", "error", "told"),
    [
        ([], {}, ValueError, "at least one mesh"),
        ([BOX], {"steps": 5, "seconds": 1.0}, ValueError, "steps or seconds, not both"),
        ([BOX], {"field": MLPConfig()}, TypeError, "must be a HashGridConfig"),
        ([BOX], {"steps": 0}, ValueError, "steps must be at least 1, got 0"),
    ],
)
def test_wrong_settings_are_refused(meshes, options, error, told):
    with pytest.raises(error, match=told):
        fit_meshes(meshes, METHOD, **{"field": FIELD, **options})


def test_results_come_as_the_meshes_went_in_and_can_be_saved(three, tmp_path):
    result = fit([(torch.from_numpy(np.array(BOX.vertices)), torch.from_numpy(np.array(BOX.faces)))])[0]
    assert result.fit.as_torch
    assert not three[0].fit.as_torch
    three[2].save(tmp_path / "ring")
    loaded = load(tmp_path / "ring")
    assert same(loaded, three[2])
    assert loaded.step == 30
    assert loaded.seconds == three[2].seconds


def test_a_budget_of_seconds_ends_by_the_clock():
    box, ball = fit([BOX, BALL], steps=None, seconds=0.5)
    assert box.step == ball.step > 0
    assert box.settings.seconds == 0.5
    assert not box.interrupted
