from pathlib import Path

import pytest
import torch
import yaml

from diffshape.cli.main import main, parse
from diffshape.models import ORIGINAL_IMNET, ImNet, ImNetFromImages, load

NETWORK = ["--model.network.resolution", "8", "--model.network.latent", "4", "--model.network.width", "4"]
TINY = [*NETWORK, "--steps", "3", "--family", "table", "--shapes", "3", "--test-shapes", "2", "--model.points", "64"]


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    for kind in (ImNet, ImNetFromImages):
        mesh = kind.mesh
        monkeypatch.setattr(kind, "mesh", lambda self, code, resolution=16, mesh=mesh: mesh(self, code, 16))


def test_a_training_leaves_its_files_and_tells_its_score(capsys):
    assert main(["train", "imnet", *TINY]) == 0
    out = capsys.readouterr().out
    run = Path(out.splitlines()[0])
    assert run.parent == Path("outputs/imnet/table")
    assert "3 shapes to learn from, 2 to be tested on" in out
    assert "IoU of new shapes" in out
    names = {"config.yaml", "environment.json", "log.csv", "checkpoints", "model", "metrics.json"} | {
        "report.html",
        "shapes.png",
    }
    assert {path.name for path in run.iterdir()} == names
    assert len(yaml.safe_load((run / "metrics.json").read_text())["score"]["iou"]) == 2
    assert load(run).latent == 4


def test_a_preset_has_the_defaults_of_the_model():
    parsed = parse(["train", "imnet", "--preset", "original", "--model.batch", "3"])[1]
    assert parsed.model.network == ORIGINAL_IMNET.network
    assert parsed.model.batch == 3


def test_what_is_wrong_is_said(capsys):
    assert main(["train", "imnet", "--model.points", "0"]) == 2
    assert "points must be 1 or more" in capsys.readouterr().err


def test_images_become_codes_of_a_trained_run(capsys):
    assert main(["train", "imnet", *TINY, "--out", "auto", "--quiet"]) == 0
    words = ["--autoencoder", "auto", "--model.width", "2", "--steps", "2", "--out", "seen"]
    assert main(["train", "imnet-images", *words]) == 0
    out = capsys.readouterr().out
    assert "3 shapes to learn from, 2 to be tested on" in out
    assert "IoU of new shapes" in out
    assert Path("seen/shapes.png").is_file()
    seen = load("seen")
    assert isinstance(seen, ImNetFromImages)
    assert all(map(torch.equal, seen.autoencoder.parameters(), load("auto").parameters()))


def test_images_need_an_autoencoder(capsys):
    assert main(["train", "imnet-images"]) == 2
    assert "--autoencoder is missing" in capsys.readouterr().err
