from pathlib import Path

import pytest
import yaml

from diffshape._files import read_yaml
from diffshape.cli.main import main, parse
from diffshape.models import PUBLISHED_PSGN, load

NETWORK = ["--model.network.widths", "2", "2", "2", "--model.network.hidden", "8", "--model.network.points", "20"]
TINY = [*NETWORK, "--model.target-points", "30", "--steps", "2", "--family", "hidden_back"]
FEW = [*TINY, "--shapes", "3", "--test-shapes", "3"]


def train(*words, code=0):
    assert main(["train", "psgn", *map(str, words)]) == code


def test_a_training_leaves_its_files_and_tells_its_score(capsys):
    train(*FEW)
    out = capsys.readouterr().out
    run = Path(out.splitlines()[0])
    assert run.parent == Path("outputs/psgn/hidden_back")
    assert "3 shapes to learn from, 3 to be tested on" in out
    assert "best answer to the truth" in out
    names = {"config.yaml", "environment.json", "log.csv", "checkpoints", "model", "metrics.json"} | {
        "report.html",
        "answers.png",
    }
    assert {path.name for path in run.iterdir()} == names
    metrics = yaml.safe_load((run / "metrics.json").read_text())
    assert metrics["tested"] == ["hidden_back 0", "hidden_back 1", "hidden_back 2"]
    assert {name: len(each) for name, each in metrics["score"].items()} == {"best": 24, "mean": 24, "diversity": 24}
    assert load(run).config.network.points == 20


def test_a_scheme_has_its_own_settings(tmp_path):
    train(*FEW, "--model.scheme", "vae", "--model.kl-weight", "0.5", "--out", tmp_path / "run", "--quiet")
    config = read_yaml(tmp_path / "run" / "config.yaml")["config"]
    assert (config["scheme"], config["kl_weight"], config["candidates"]) == ("vae", 0.5, None)


def test_a_preset_has_the_defaults_of_the_model():
    parsed = parse(["train", "psgn", "--preset", "published", "--model.batch", "3"])[1]
    assert parsed.model.network == PUBLISHED_PSGN.network
    assert parsed.model.batch == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model.candidates", "0"], "candidates must be at least 1"),
        (["--model.scheme", "vae", "--model.candidates", "3"], "candidates acts only with scheme min_of_n"),
        (["--holdout", "0.3"], "--holdout has no effect"),
    ],
)
def test_what_is_wrong_is_said(words, message, capsys):
    train(*words, code=2)
    assert message in capsys.readouterr().err


def test_a_network_for_other_images_writes_nothing(tmp_path, capsys):
    train(*FEW, "--model.network.size", "32", "32", "--out", tmp_path / "run", code=1)
    assert "size of config.network, (32, 32), got (8, 64, 64)" in capsys.readouterr().err
    assert not (tmp_path / "run" / "config.yaml").exists()
