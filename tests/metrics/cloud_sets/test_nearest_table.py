"""Tables of the earth mover's distance: what is left out never matters to a score, and little is computed."""

import pytest
import torch

from diffshape import ops
from diffshape.metrics.cloud_sets import nearest_table
from diffshape.metrics.cloud_sets.compare import nearest_score
from diffshape.metrics.cloud_sets.nearest_table import chamfer_table, earth_mover_table, lower_bounds
from diffshape.ops.cloud_sets.nearest_means import all_nearest_means


def families(count, points, seed=0):
    """Clouds in three clusters."""
    generator = torch.Generator().manual_seed(seed)
    middles = torch.arange(count)[:, None, None] % 3 * torch.tensor([0.5, 0.2, 0.0])
    return (middles + 0.3 * torch.rand(count, points, 3, generator=generator)).double()


def with_ties(count, points, seed=0):
    """Clouds that are each there twice, once in another order; two of them are the first, moved by the same length."""
    clouds = families(count // 2, points, seed)
    clouds[-2:] = clouds[0] + torch.tensor([[[0.25, 0, 0]], [[0, -0.25, 0]]])
    return torch.cat([clouds, clouds.flip(1)])[torch.randperm(count, generator=torch.Generator().manual_seed(seed))]


def found_table(clouds, samples, epsilon=1e-5):
    return earth_mover_table(clouds, all_nearest_means(clouds, clouds), samples, epsilon)


@pytest.mark.parametrize("make", [families, with_ties])
@pytest.mark.parametrize("samples", [2, 7, 12])
@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_the_full_table(make, samples, seed):
    clouds = make(14, 30, seed)
    full = ops.set_distances(clouds, distance="earth_mover", epsilon=1e-5).fill_diagonal_(torch.inf)
    found = found_table(clouds, samples)
    assert nearest_score(found, samples) == nearest_score(full, samples)
    known = found.isfinite()
    assert torch.equal(found[known], full[known])
    assert torch.equal(found, found.mT)


def test_bounds_are_never_above_the_distances():
    clouds = torch.cat([families(9, 40), with_ties(8, 40)])
    full = ops.set_distances(clouds, distance="earth_mover", epsilon=1e-9)
    bounds = lower_bounds(clouds, all_nearest_means(clouds, clouds))
    assert (bounds <= full).all()
    assert torch.equal(bounds, bounds.mT)


def test_bounds_by_hand():
    x = torch.tensor([[0.0, 0, 0], [1, 0, 0]]).double()
    moved = x + torch.tensor([0.0, 3, 0])  # both move by 3; nearest points are 3 away
    turned = torch.tensor([[0.0, 0, 0], [0, 1, 0]]).double()  # sorted x 1 in all, sorted y 1; to nearest 0 and 1
    apart = torch.tensor([[0.0, 0, 0], [9, 0, 0]]).double()  # sorted x: 0 and 8; to nearest 0 and 8, back 0 and 1
    near = torch.tensor([[0.0, 0, 0.5], [1, 0, -0.5]]).double()  # sorted z: 1/2 each
    clouds = torch.stack([x, moved, turned, apart, near])
    found = lower_bounds(clouds, all_nearest_means(clouds, clouds))[0]
    torch.testing.assert_close(found, torch.tensor([0.0, 3.0, 0.5, 4.0, 0.5]).double(), rtol=1e-8, atol=0)


def counted(monkeypatch, clouds, samples):
    """The pairs that are matched."""
    pairs, matched = [], nearest_table.matched_distances

    def count(x, y, first, second, epsilon):
        pairs.extend(zip(first.tolist(), second.tolist()))
        return matched(x, y, first, second, epsilon)

    monkeypatch.setattr(nearest_table, "matched_distances", count)
    found_table(clouds, samples, 0.01)
    assert len(pairs) == len(set(pairs))
    return pairs


def test_pairs_that_a_bound_rules_out_are_not_matched(monkeypatch):
    pairs = counted(monkeypatch, families(15, 30), 8)
    assert all(first % 3 == second % 3 for first, second in pairs)  # of 105 pairs, only those in one cluster


def test_one_nearer_cloud_of_its_own_set_is_enough(monkeypatch):
    clouds = torch.cat([families(30, 8)[::3], families(30, 8)[1::3]])  # two clusters, ten clouds each
    pairs = counted(monkeypatch, clouds, 10)
    own = [(first, second) for first, second in pairs if (first < 10) == (second < 10)]
    assert len(own) <= 20  # one for each cloud at most, of 90


def test_no_cloud_is_its_own_neighbour():
    clouds = families(4, 5)
    assert chamfer_table(all_nearest_means(clouds, clouds)).diagonal().isinf().all()
    assert found_table(clouds, 2).diagonal().isinf().all()
