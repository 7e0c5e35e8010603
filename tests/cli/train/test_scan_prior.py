import json
from pathlib import Path

import pytest

from diffshape.cli.main import main
from diffshape.fitting.scans.prior.training import drawn_crops

SMALL = ["--scans", "2", "--test-scans", "2", "--steps", "4", "--config.batch", "16", "--device", "cpu"]


@pytest.fixture(autouse=True)
def small_scans(monkeypatch):
    monkeypatch.setattr(drawn_crops, "SCAN_POINTS", (600, 2000))
    monkeypatch.setattr(drawn_crops, "CROP_POINTS", 500)
    monkeypatch.setattr(drawn_crops, "TRUTH_POINTS", (8000, 8000))


def train(*words, code=0):
    assert main(["train", "scan-prior", *map(str, words)]) == code


def test_a_training_leaves_its_files_and_tells_its_score(capsys):
    train(*SMALL)
    out = capsys.readouterr().out
    run = Path(out.splitlines()[0])
    assert run.parent == Path("outputs/scan-prior/2-scans")
    assert {path.name for path in run.iterdir()} >= {"config.yaml", "log.csv", "metrics.json", "model", "checkpoints"}
    assert "2 drawn scans to learn from, 2 to be tested on" in out
    assert any(line.startswith("noise/spacing ") for line in out.splitlines())
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["steps"] == 4
    assert sum(metrics["score"]["counts"].values()) == 2
    train("--resume", run)
    assert "already finished" in capsys.readouterr().out


def test_what_a_resumed_training_cannot_change_is_refused(capsys):
    train("--resume", ".", "--scans", "3", code=2)
    assert "leave out --scans" in capsys.readouterr().err
