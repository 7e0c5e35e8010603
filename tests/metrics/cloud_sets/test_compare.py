"""compare_sets: by hand, with roles swapped, and sanity rows: one law, garbage, copies, collapse."""

import math

import pytest
import torch

from diffshape import metrics
from diffshape.metrics.cloud_sets.compare import nearest_score


def dots(*xs):
    """Clouds of two points, both at x, so that d is 2 dx^2 by Chamfer and dx by the earth mover."""
    return torch.tensor(xs)[:, None, None] * torch.tensor([1.0, 0.0, 0.0]).expand(len(xs), 2, 3)


SAMPLES, REFERENCES = dots(0.0, 0.01, 0.3), dots(0.03, 0.06)
# |s - r|: 0.03 0.06 / 0.02 0.05 / 0.27 0.24


def shapes(count, seed, points=64, spread=0.15):
    """Boxes of random sides, as points drawn in them."""
    generator = torch.Generator().manual_seed(seed)
    sides = 0.1 + spread * torch.rand(count, 1, 3, generator=generator)
    return sides * (torch.rand(count, points, 3, generator=generator) - 0.5)


def test_by_hand():
    score = metrics.compare_sets(SAMPLES, REFERENCES)
    nearest = score.earth_mover
    assert nearest.mmd == pytest.approx((0.02 + 0.05) / 2, rel=1e-6)
    assert nearest.mmd_error == pytest.approx(0.03 / math.sqrt(2) / math.sqrt(2), rel=1e-6)
    assert nearest.coverage == 1.0  # the first two samples hold the first reference, the third the second
    assert nearest.coverage_error == pytest.approx(math.sqrt(2 * 1 / 3 * 2 / 3) / 2)
    assert nearest.accuracy == 3 / 5  # nearest are, in order: 0.01 and 0 (own), 0.06 and 0.01 (not), 0.03 (own)
    assert score.chamfer.mmd == pytest.approx((2 * 0.02**2 + 2 * 0.05**2) / 2, rel=1e-5)
    assert (score.chamfer.coverage, score.chamfer.accuracy) == (1.0, 3 / 5)


def test_swapped_roles_give_other_numbers():
    forth, back = metrics.compare_sets(SAMPLES, REFERENCES), metrics.compare_sets(REFERENCES, SAMPLES)
    assert forth.earth_mover.mmd == pytest.approx(0.035, rel=1e-6)  # a mean over the references
    assert back.earth_mover.mmd == pytest.approx((0.03 + 0.02 + 0.24) / 3, rel=1e-6)
    assert (forth.earth_mover.coverage, back.earth_mover.coverage) == (1.0, 1 / 3)  # of the references
    assert forth.jsd == back.jsd
    assert forth.earth_mover.accuracy == back.earth_mover.accuracy


def test_a_tie_counts_as_the_other_set():
    table = torch.ones(4, 4).fill_diagonal_(torch.inf)
    assert nearest_score(table, 2).accuracy == 0.0


def test_two_draws_of_one_law_cannot_be_told_apart():
    score = metrics.compare_sets(shapes(60, 0), shapes(60, 1))
    for nearest in (score.chamfer, score.earth_mover):
        assert abs(nearest.accuracy - 0.5) < 3 * nearest.accuracy_error
        assert 0.4 < nearest.coverage < 0.9
    assert score.chamfer.accuracy_error == pytest.approx(
        math.sqrt(score.chamfer.accuracy * (1 - score.chamfer.accuracy) / 120)
    )
    assert score.notes == ()


def test_garbage_is_told_apart():
    garbage = torch.randn(20, 64, 3, generator=torch.Generator().manual_seed(2)) / 6
    score = metrics.compare_sets(garbage, shapes(20, 1))
    assert score.chamfer.accuracy == score.earth_mover.accuracy == 1.0
    assert score.chamfer.mmd > 5 * metrics.compare_sets(shapes(20, 0), shapes(20, 1)).chamfer.mmd


def test_copies_are_seen_as_copies_whatever_the_order_of_points():
    real = shapes(10, 0)
    order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    score = metrics.compare_sets(real.flip(0)[:, order], real)
    for nearest in (score.chamfer, score.earth_mover):
        assert (nearest.mmd, nearest.coverage, nearest.accuracy) == (0.0, 1.0, 0.0)
    assert score.jsd == pytest.approx(0, abs=1e-12)


def test_a_collapsed_model_covers_little():
    score = metrics.compare_sets(shapes(1, 0).expand(20, -1, -1), shapes(20, 1), distances=["chamfer"])
    assert score.chamfer.coverage == 1 / 20
    assert score.chamfer.accuracy == pytest.approx(1, abs=0.1)
    assert score.earth_mover is None


def test_errors_are_the_spread_over_draws():
    found = [
        metrics.compare_sets(shapes(25, 2 * k, 20), shapes(25, 2 * k + 1, 20), distances=["chamfer"]) for k in range(40)
    ]
    for name in ("mmd", "coverage", "accuracy"):
        spread = torch.tensor([getattr(each.chamfer, name) for each in found]).std().item()
        told = torch.tensor([getattr(each.chamfer, f"{name}_error") for each in found]).mean().item()
        assert 0.5 * spread < told < 2 * spread, name


def test_clouds_of_different_sizes_are_thinned_to_one():
    ragged = [cloud[: 40 + place] for place, cloud in enumerate(shapes(8, 0))]
    score = metrics.compare_sets(ragged, shapes(8, 1))
    assert score.points == 40
    assert score == metrics.compare_sets(ragged, shapes(8, 1))
    assert score != metrics.compare_sets(ragged, shapes(8, 1), seed=1)
    assert metrics.compare_sets(ragged, shapes(8, 1), points=16).points == 16


def test_points_outside_of_the_grid_leave_a_note():
    notes = metrics.compare_sets(5 * shapes(4, 0), shapes(4, 1), distances=["chamfer"]).notes
    assert len(notes) == 1
    assert "of the samples lie more than 1/27 outside of the ball of radius 1/2" in notes[0]


def test_texts():
    score = metrics.compare_sets(SAMPLES, REFERENCES)
    assert str(score).startswith("JSD ")
    assert "earth mover: MMD 0.035 +- 0.015, COV 1.000 +- 0.333, 1-NNA 0.600 +-" in str(score)
    assert len(repr(score)) <= 120
    assert score.to_dict()["earth_mover"]["mmd"] == score.earth_mover.mmd


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"points": 3}, "compare_sets: points must be at most 2, got 3"),
        ({"points": 0}, "compare_sets: points must be at least 1"),
        ({"epsilon": 0.0}, "compare_sets: epsilon must be"),
        ({"distances": ["emd"]}, "compare_sets: distances"),
        ({"seed": -1}, "compare_sets: seed must be"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        metrics.compare_sets(SAMPLES, REFERENCES, **options)
