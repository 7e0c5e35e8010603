"""Tables of the earth mover's distance: what is left out never matters to a score, and little is computed."""

import pytest
import torch

from diffshape import ops
from diffshape.metrics.cloud_sets import nearest_table
from diffshape.metrics.cloud_sets.compare import nearest_score
from diffshape.metrics.cloud_sets.nearest_table import chamfer_table, earth_mover_table


def families(count, points, seed=0):
    """Clouds in three clusters."""
    generator = torch.Generator().manual_seed(seed)
    middles = torch.arange(count)[:, None, None] % 3 * torch.tensor([0.5, 0.2, 0.0])
    return (middles + 0.3 * torch.rand(count, points, 3, generator=generator)).double()


@pytest.mark.parametrize("samples", [2, 7, 12])
def test_scores_are_those_of_the_full_table(samples):
    clouds = families(14, 30)
    full = ops.set_distances(clouds, distance="earth_mover", epsilon=1e-5).fill_diagonal_(torch.inf)
    found = earth_mover_table(clouds, samples, 1e-5)
    assert nearest_score(found, samples) == nearest_score(full, samples)
    known = found.isfinite()
    assert torch.equal(found[known], full[known])
    assert torch.equal(found, found.mT)


def test_pairs_that_a_bound_rules_out_are_not_matched(monkeypatch):
    pairs = []

    def counted(x, y, first, second, epsilon):
        pairs.extend(zip(first.tolist(), second.tolist()))
        return matched(x, y, first, second, epsilon)

    matched = nearest_table.matched_distances
    monkeypatch.setattr(nearest_table, "matched_distances", counted)
    earth_mover_table(families(15, 30), 8, 0.01)
    assert len(pairs) == len(set(pairs))
    assert all(first % 3 == second % 3 for first, second in pairs)  # of 105 pairs, only those in one cluster


def test_no_cloud_is_its_own_neighbour():
    assert chamfer_table(families(3, 5)).diagonal().isinf().all()
    assert earth_mover_table(families(4, 5), 2, 0.01).diagonal().isinf().all()
