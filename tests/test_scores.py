"""Every result of measuring is plain values for files and a line of text for people."""

import json
from dataclasses import dataclass, is_dataclass
from typing import NamedTuple

import pytest
import torch

from diffshape import metrics, models
from diffshape._reprs import WIDTH
from diffshape._scores import line_of_text, plain_values
from diffshape.losses import Skeleton

BOX = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 1, 0], [0, 0, 1]])
FACES = torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
HALVES = torch.tensor([[-0.5, 0.5, 0.25]])
SQUARE = torch.tensor([[0.0, 0.0], [1.5, 0.0], [0.0, 1.0], [1.5, 1.0]])


def scores():
    radial = metrics.radial_error(SQUARE + 1, SQUARE)
    violations = metrics.structure_violations(SQUARE[[0, 1, 3, 2]], Skeleton.anteroposterior(1))
    calibration = metrics.uncertainty_calibration(SQUARE + 1, SQUARE, torch.zeros(4, 2))
    return [
        radial,
        violations,
        calibration,
        metrics.uncertainty_calibration(SQUARE, SQUARE, SQUARE, mask=torch.zeros(4, dtype=torch.bool)),
        metrics.compare_surfaces((BOX, FACES), (BOX, FACES), samples=50),
        metrics.compare_surfaces((BOX[:0], FACES[:0]), (BOX, FACES), samples=50),
        metrics.compare_cloud_to_surface(BOX, (BOX, FACES), samples=50),
        metrics.compare_as_published((BOX, FACES), (BOX, FACES), samples=50),
        metrics.compare_as_published((BOX[:0], FACES[:0]), (BOX, FACES), samples=50),
        metrics.compare_points(BOX, BOX[:3]),
        (sets := metrics.compare_sets([BOX, BOX + 1], [BOX, BOX / 2])),
        sets.chamfer,
        metrics.compare_sets([BOX, BOX + 1], [BOX, BOX / 2], distances=[]),
        metrics.compare_fields(HALVES[0], HALVES[0], HALVES[0], HALVES[0]),
        metrics.point_to_mesh_statistics(BOX + 1, (BOX, FACES)),
        metrics.f_score(HALVES.abs(), HALVES.abs(), threshold=0.4),
        models.LandmarkScore(unit="px", images=1, error=radial, violations=violations, calibration=calibration),
        models.AutoencoderScore(known=(0.1,), held_out=(0.2, 0.3), nearest=(0.4, 0.5)),
        models.OccupancyScore(iou=(0.5,), chamfer=(None,), normals=(0.5,), threshold=0.5),
        models.DeepSDFScore(recalled=(1.0, None), whole=(2.0,), half=(3.0,), nearest=(4.0,)),
        models.PSGNScore(best=(1.0, 2.0), mean=(3.0, 4.0), diversity=(5.0, 6.0)),
    ]


SCORES = scores()
every = pytest.mark.parametrize("score", SCORES, ids=lambda score: type(score).__name__)


def test_none_is_forgotten():
    kinds = {getattr(metrics, name) for name in metrics.__all__ if isinstance(getattr(metrics, name), type)}
    assert kinds <= {type(score) for score in SCORES}
    assert {name for name in dir(models) if name.endswith("Score")} <= {type(score).__name__ for score in SCORES}


@every
def test_plain_values_survive_a_file(score):
    plain = score.to_dict()
    names = score.__dataclass_fields__ if is_dataclass(score) else score._fields
    assert list(plain) == list(names)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


@every
def test_the_text_is_for_people_and_the_repr_for_prompts(score):
    assert not str(score).startswith(type(score).__name__)
    assert repr(score).startswith(f"{type(score).__name__}(")
    assert len(repr(score)) <= WIDTH


def test_values_within_values():
    class Share(NamedTuple):
        share: torch.Tensor

    @dataclass(frozen=True)
    class Score:
        near: Share
        rates: dict[float, float | None]
        rows: tuple[int, ...]

        __str__ = line_of_text
        to_dict = plain_values

    score = Score(Share(torch.tensor([0.5, 0.25])), {2.5: 0.125, 4.0: None}, (1, 2))
    assert score.to_dict() == {"near": {"share": [0.5, 0.25]}, "rates": {"2.5": 0.125, "4.0": None}, "rows": [1, 2]}
    assert str(score) == "near Share, rates@2.5 0.125, rates@4 none, rows (1, 2)"
