from pathlib import Path

import pytest
import yaml

from diffshape._files import read_yaml
from diffshape.cli.main import main, parse
from diffshape.models import PUBLISHED_OCCUPANCY_VAE, load

NETWORK = ["--model.code", "4", "--model.width", "8", "--model.blocks", "1", "--model.encoder-width", "4"]
TINY = [*NETWORK, "--steps", "3", "--family", "table", "--shapes", "4", "--test-shapes", "2"]


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    from diffshape.models import OccupancyNetwork

    mesh = OccupancyNetwork.mesh
    monkeypatch.setattr(OccupancyNetwork, "mesh", lambda self, code, resolution=16: mesh(self, code, 16))


def train(*words, code=0):
    assert main(["train", "occupancy", *map(str, words)]) == code


def test_a_training_leaves_its_files_and_tells_its_score(capsys):
    train(*TINY)
    out = capsys.readouterr().out
    run = Path(out.splitlines()[0])
    assert run.parent == Path("outputs/occupancy/table")
    assert "4 shapes to learn from, 2 to be tested on" in out
    assert "IoU of new shapes" in out
    names = {"config.yaml", "environment.json", "log.csv", "checkpoints", "model", "metrics.json"} | {
        "report.html",
        "shapes.png",
    }
    assert {path.name for path in run.iterdir()} == names
    metrics = yaml.safe_load((run / "metrics.json").read_text())
    assert metrics["tested"] == ["table 0", "table 1"]
    assert len(metrics["score"]["iou"]) == 2
    assert load(run).config.code == 4


@pytest.mark.parametrize("kind", ["voxels", "images", "occupancies"])
def test_every_form_of_a_shape_is_read(kind, tmp_path):
    train(*TINY, "--model.input", kind, "--out", tmp_path / "run", "--quiet")
    assert read_yaml(tmp_path / "run" / "config.yaml")["config"]["input"] == kind


def test_a_preset_has_the_defaults_of_the_model():
    parsed = parse(["train", "occupancy", "--preset", "published-vae", "--model.batch", "3"])[1]
    assert parsed.model.conditioning == PUBLISHED_OCCUPANCY_VAE.conditioning
    assert parsed.model.batch == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model.near", "2"], "near must be a number from 0 to 1"),
        (["--shapes", "0"], "shapes must be at least 1, got 0"),
        (["--holdout", "0.3"], "--holdout has no effect"),
        (["nowhere"], "there is no such folder of shapes"),
    ],
)
def test_what_is_wrong_is_said(words, message, capsys):
    train(*words, code=2)
    assert message in capsys.readouterr().err
