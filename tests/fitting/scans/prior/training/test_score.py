from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from diffshape.fitting.scans.prior.training.drawn_crops import DrawnCrop
from diffshape.fitting.scans.prior.training.score import score_scan_prior


class Answer(NamedTuple):
    points: Tensor
    normals: Tensor
    outliers: Tensor


UP = torch.tensor([0.0, 0.0, 1.0])


def flat_crop(noise, stray=0):
    """A square of side 1 with 40 x 40 points, those in the middle first, whose truth is the plane z = 0."""
    generator = torch.Generator().manual_seed(0)
    side = torch.linspace(-0.5, 0.5, 40)
    points = torch.cartesian_prod(side, side, torch.zeros(1))
    points = points[points.norm(dim=1).argsort()]
    points[:, 2] = noise * torch.randn(len(points), generator=generator)
    outliers = torch.zeros(len(points), dtype=torch.bool)
    outliers[:stray] = True
    points[:stray, 2] = 0.4
    fine = torch.linspace(-0.6, 0.6, 121)
    truth = torch.cartesian_prod(fine, fine, torch.zeros(1))
    return DrawnCrop(points, outliers, noise, truth, UP.expand(truth.shape))


def onto_the_plane(points):
    stray = points[:, 2] > 0.2
    return Answer(torch.where(stray[:, None], points, points * (1 - UP)), -UP.expand(points.shape), stray)


def as_it_is(points):
    """No point moved, a wrong normal, and half of all points marked."""
    tilted = torch.nn.functional.normalize(torch.tensor([1.0, 0.0, 1.0]), dim=0)
    return Answer(points, tilted.expand(points.shape), points[:, 0] > 0)


def test_a_perfect_cleaner_leaves_nothing():
    score = score_scan_prior(onto_the_plane, [flat_crop(0.01, stray=8)]).bands["0.15 to 0.6"]
    assert score.distance == score.angle == score.marked == 0
    assert score.found == 1
    assert score.raw_distance == pytest.approx((2 / torch.pi) ** 0.5, rel=0.05)
    assert score.raw_angle > 1


def test_a_cleaner_that_does_nothing_leaves_the_noise():
    score = score_scan_prior(as_it_is, [flat_crop(0.01, stray=8)]).bands["0.15 to 0.6"]
    assert score.distance == score.raw_distance
    assert score.angle == pytest.approx(45, abs=0.01)
    assert score.found == 0.5
    assert score.marked == pytest.approx(0.5, abs=0.01)


def test_crops_are_told_apart_by_their_noise():
    score = score_scan_prior(onto_the_plane, [flat_crop(noise) for noise in (0.0, 0.002, 0.01, 0.02, 0.05, 0.06)])
    assert score.counts == {"0": 1, "< 0.15": 1, "0.15 to 0.6": 1, "0.6 to 1.2": 1, "> 1.2": 2}
    assert score.bands["0"].raw_distance == 0
    assert score.bands["0"].found is None


def test_a_score_is_a_table_and_plain_values():
    score = score_scan_prior(onto_the_plane, [flat_crop(0.01, stray=8), flat_crop(0.05)])
    lines = str(score).splitlines()
    assert [line.split()[0] for line in lines] == ["noise/spacing", "0.15", ">", "distances", "angles"]
    assert "100%" in lines[1]
    assert score.to_dict()["bands"]["> 1.2"]["found"] is None
