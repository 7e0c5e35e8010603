from dataclasses import replace

import pytest
import torch

from diffshape.losses import chamfer_distance
from diffshape.models import PSGN, PSGNConfig, PSGNNetwork, PSGNScore, score_psgn

CONFIG = PSGNConfig(network=PSGNNetwork(size=(16, 16), widths=(4, 8, 8), hidden=(8,), points=20), target_points=30)


def test_the_score_by_hand(boxes):
    torch.manual_seed(0)
    model = PSGN(CONFIG)
    score = score_psgn(model, boxes, count=3, seed=5)
    assert len(score.best) == len(score.mean) == len(score.diversity) == 4  # two shapes, two views

    def distance(x, y):
        return 1e3 * chamfer_distance(x, y, squared=False).item()

    answers = model.predict(boxes.images[1, :1][None], count=3, seed=5 + 2)[0]
    truths = boxes.points[1] @ boxes.views[1, 0].mT
    to_truth = [distance(each, truths) for each in answers]
    assert score.best[2] == pytest.approx(min(to_truth), rel=1e-5)
    assert score.mean[2] == pytest.approx(sum(to_truth) / 3, rel=1e-5)
    pairs = [distance(answers[i], answers[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert score.diversity[2] == pytest.approx(sum(pairs) / 3, rel=1e-5)


def test_one_answer_in_three_copies_has_no_diversity(boxes):
    score = score_psgn(PSGN(replace(CONFIG, scheme="deterministic")), boxes, count=3)
    assert score.best == pytest.approx(score.mean)
    assert set(score.diversity) == {0.0}


def test_the_text_has_means_and_worst():
    text = str(PSGNScore(best=(1.0, 2.0), mean=(3.0, 5.0), diversity=(0.0, 0.5)))
    assert [line.split()[-2:] for line in text.splitlines()] == [
        ["mean", "worst"],
        ["1.5", "2.0"],
        ["4.0", "5.0"],
        ["0.2", "0.5"],
    ]


def test_what_is_wrong_is_said(boxes):
    with pytest.raises(ValueError, match="score_psgn: count must be at least 2, got 1"):
        score_psgn(PSGN(CONFIG), boxes, count=1)
    with pytest.raises(ValueError, match="score_psgn: shapes must have images"):
        score_psgn(PSGN(CONFIG), replace(boxes, images=None))
