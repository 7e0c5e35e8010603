import json
from pathlib import Path

import pytest

from diffshape.batch.outputs import Outputs
from diffshape.cli.fit.outputs import tell_outputs
from diffshape.cli.messages import Messages
from diffshape.metrics import SurfaceScore

FACTS = {"steps": 7, "seconds": 3.4, "faces": 12_345, "bodies": 1, "volume": 2.5}
SCORE = SurfaceScore(
    chamfer=0.002,
    hausdorff=0.1,
    normal_deg=3.0,
    pred_to_truth=0.001,
    truth_to_pred=0.003,
    f_score=0.9,
    precision=0.9,
    recall=0.9,
    threshold=0.01,
    iou=0.8,
    bodies=1,
    watertight=True,
)


def told(capsys, *, json=False, quiet=False, truth=None, score=None, distances=None, **facts):
    outputs = Outputs({**FACTS, **facts}, score, distances)
    tell_outputs(Messages(verb="fit", json=json, quiet=quiet), Path("my run"), outputs, truth=truth)
    return capsys.readouterr()


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({}, "7 steps in 3 s: 12,345 faces, 1 body, volume 2.5"),
        ({"bodies": 3, "volume": None}, "7 steps in 3 s: 12,345 faces, 3 bodies, not watertight"),
    ],
)
def test_the_facts_are_one_line(facts, line, capsys):
    out = told(capsys, **facts).out.splitlines()
    assert out[1] == line
    assert not [each for each in out if each.startswith(("score", "distances"))]


def test_a_score_is_told_if_there_is_one(capsys):
    assert f"score, where the longest side is 1: {SCORE}" in told(capsys, score=SCORE).out.splitlines()


def test_what_is_typed_next_is_quoted_and_names_the_truth(capsys):
    assert told(capsys, truth=Path("true.ply")).out.splitlines()[-4:] == [
        "next: diffshape view 'my run'",
        "      diffshape mesh 'my run' --resolution 512",
        "      diffshape query 'my run' points.npy",
        "      diffshape eval 'my run' true.ply",
    ]
    assert told(capsys).out.splitlines()[-1] == "      diffshape eval 'my run' TRUTH.ply"


def test_json_is_the_facts_and_the_folder_and_quiet_is_nothing(capsys):
    shown = told(capsys, json=True)
    assert json.loads(shown.out) == {"folder": "my run", **FACTS}
    assert not shown.err
    assert told(capsys, quiet=True) == ("", "")
