"""The pool of true distances: how it grows, what it keeps, and that it goes on from its state."""

import pytest
import torch

from diffshape.data import SignedDistance, box_mesh
from diffshape.fitting import Supervised
from diffshape.fitting.methods import distance_pool
from diffshape.fitting.methods.distance_pool import DistancePool


@pytest.fixture(autouse=True)
def small_lots(monkeypatch):
    monkeypatch.setattr(distance_pool, "_FIRST", 64)
    monkeypatch.setattr(distance_pool, "_LOT", 20)


@pytest.fixture(scope="module")
def box():
    return SignedDistance(box_mesh(2))


def pool_of(distance, seed=0, **options):
    return DistancePool(distance, Supervised(**{"batch": 32, "pool": 100, "fresh": 5, **options}), seed=seed)


def test_a_batch_has_true_distances(box):
    points, distances = pool_of(box).batch(0)
    assert points.shape == (32, 3)
    assert distances.shape == (32,)
    assert torch.equal(distances, box(points))


def test_begins_with_some_and_gets_the_new_ones_in_lots(box):
    pool = pool_of(box)
    counts = []
    for step in range(13):
        pool.batch(step)
        counts.append(pool.computed)
    assert counts == [64] * 4 + [84] * 4 + [104] * 4 + [124]


def test_the_oldest_make_room(box):
    pool = pool_of(box)
    pool.batch(0)
    first = pool.samples.clone()
    pool.batch(8)
    assert pool.computed == 104
    assert torch.equal(pool.samples[4:64], first[4:64])
    assert not (pool.samples[:4] == first[:4]).any()
    assert torch.equal(pool.samples[:, 3], box(pool.samples[:, :3]))


def test_without_new_ones_it_is_full_from_the_start(box):
    pool = pool_of(box, fresh=0)
    pool.batch(0)
    before = pool.samples.clone()
    pool.batch(1000)
    assert pool.computed == 100
    assert torch.equal(pool.samples, before)


def test_shares_of_the_kinds_of_points(box):
    pool = pool_of(box, near=0.5, surface=0.25, sigma=0.001, fresh=0)
    pool.batch(0)
    distances = pool.samples[:, 3].abs()
    assert (distances[:50] < 0.01).all()
    assert (distances[75:] == 0).all()
    assert (distances[50:75] > 0.01).sum() > 20


def test_the_seed_decides(box):
    one, same, other = (pool_of(box, seed=seed).batch(0).points for seed in (3, 3, 4))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_goes_on_from_its_state(box):
    pool = pool_of(box)
    pool.batch(7)
    state = {name: tensor.clone() for name, tensor in pool.state().items()}
    resumed = pool_of(box, seed=9)
    resumed.load_state(state)
    for step in range(8, 30):
        assert torch.equal(resumed.batch(step).points, pool.batch(step).points)
    assert set(state) == {"samples", "computed", "random_pool", "random_batch"}


def test_what_is_wrong_with_new_points_is_told_where_they_are_due(box, monkeypatch):
    pool = pool_of(box)
    pool.batch(0)
    monkeypatch.setattr(pool, "_new", lambda count: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pool.batch(4)


def test_a_state_taken_while_new_points_are_computed_repeats_them(box):
    pool = pool_of(box)
    pool.batch(4)
    assert pool._ahead is not None
    resumed = pool_of(box)
    resumed.load_state({name: tensor.clone() for name, tensor in pool.state().items()})
    pool.batch(8)
    resumed.batch(8)
    assert torch.equal(resumed.samples[:104], pool.samples[:104])
