import numpy as np
import pytest
import torch

from diffshape.fitting.scans.prior.training import drawn_crops as module
from diffshape.fitting.scans.prior.training.drawn_crops import drawn_crop, drawn_crops
from diffshape.ops.neighbors.index import NeighborIndex


@pytest.fixture(scope="module")
def crops(small_scans):
    return drawn_crops(24, (0,), workers=2)


def same(one, other):
    return all(torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in zip(one, other, strict=True))


def test_a_seed_tells_one_crop():
    assert same(drawn_crop(3), drawn_crop((3,)))
    assert not torch.equal(drawn_crop(3).points, drawn_crop(4).points)


def test_any_number_of_workers_draws_the_same(crops):
    for crop, other in zip(crops[:4], drawn_crops(4, (0,), workers=1), strict=True):
        assert same(crop, other)
    assert same(crops[2], drawn_crop((0, 2)))


def test_the_points_are_distinct_and_the_middle_comes_first(crops):
    for crop in crops:
        assert 300 <= len(crop.points) <= 500
        assert len(crop.points.unique(dim=0)) == len(crop.points)
        distances = (crop.points - crop.points[0]).norm(dim=1)
        assert (distances.diff() >= -1e-6).all()
        assert not crop.outliers[0]
        assert crop.points.dtype == crop.truth_points.dtype == crop.truth_normals.dtype == torch.float32


def test_the_truth_lies_where_the_points_are(crops):
    for crop in crops:
        distances = NeighborIndex(crop.truth_points).query(crop.points).squared_distances.sqrt()
        assert distances[~crop.outliers].median() < 3 * crop.noise + 0.02
        assert (distances[crop.outliers] > 3 * crop.noise + 1e-3).all()
        radius = (crop.points - crop.points[0]).norm(dim=1).max()
        assert (crop.truth_points - crop.points[0]).norm(dim=1).max() < 1.3 * radius + 0.05 + 1e-5
        torch.testing.assert_close(crop.truth_normals.norm(dim=1), torch.ones(len(crop.truth_normals)))


def test_scans_with_and_without_noise_and_with_outliers_are_drawn(crops):
    noises = [crop.noise for crop in crops]
    assert min(noises) == 0
    assert 0.01 < max(noises) <= module.MOST_NOISE * 10**0.5  # with a misalignment of three times as much
    assert any(crop.outliers.any() for crop in crops)


def test_draws_keep_to_their_ranges():
    generator = np.random.default_rng(0)
    draws = [module._draws(generator) for _ in range(2000)]
    ratios = np.array([draw.options["noise"] * draw.count**0.5 for draw in draws])
    assert 0.07 < (ratios == 0).mean() < 0.13
    assert 0.07 < ((ratios > 0) & (ratios < 0.15)).mean() < 0.13
    assert 0.1 < (ratios > 1.2).mean() < 0.4
    assert max(draw.options["noise"] for draw in draws) <= module.MOST_NOISE
    misaligned = [d.options["misalignment"] / d.options["noise"] for d in draws if d.options.get("misalignment")]
    assert 0.2 <= min(misaligned) < 0.3
    assert 2.5 < max(misaligned) <= 3
    assert all("views" in draw.options for draw in draws if "misalignment" in draw.options)
    shares = {name: np.mean([name in draw.options for draw in draws]) for name in ("outliers", "views", "holes")}
    for name, share in {"outliers": 0.3, "views": 0.3, "holes": 0.15}.items():
        assert abs(shares[name] - share) < 0.04


def test_a_solid_that_cannot_be_scanned_is_replaced_by_the_next(monkeypatch):
    crop_of, refused = module._crop, []

    def refuse_the_first(generator):
        if not refused:
            refused.append(generator)
            raise ValueError("holes must leave some of the surface in view")
        return crop_of(generator)

    monkeypatch.setattr(module, "_crop", refuse_the_first)
    assert same(drawn_crop(5), crop_of(np.random.default_rng([5, 1])))


def test_solids_that_are_all_refused_are_an_error(monkeypatch):
    monkeypatch.setattr(module, "LEAST_POINTS", 10_000)
    monkeypatch.setattr(module, "ATTEMPTS", 2)
    with pytest.raises(ValueError, match="none of 2 solids of seed 0 can be scanned: a crop must have 10000 distinct"):
        drawn_crop(0)


def test_a_notice_says_how_many_are_drawn(monkeypatch):
    told = []
    monkeypatch.setattr(module, "tell", told.append)
    monkeypatch.setattr(module, "TOLD_EVERY", 2)
    drawn_crops(3, (0,))
    assert told == ["drawing 3 scans", "2 of 3 scans drawn"]
