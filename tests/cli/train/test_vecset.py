from pathlib import Path

import pytest
import yaml

from diffshape.cli.main import main, parse
from diffshape.models import PUBLISHED_VECSET, VecSet, load

NETWORK = ["--model.network.vectors", "4", "--model.network.width", "8", "--model.network.layers", "1"]
TINY = [*NETWORK, "--steps", "3", "--family", "table", "--shapes", "3", "--test-shapes", "2", "--model.points", "64"]


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    mesh = VecSet.mesh
    monkeypatch.setattr(VecSet, "mesh", lambda self, code, resolution=16: mesh(self, code, 16))


def test_a_training_leaves_its_files_and_tells_its_score(capsys):
    assert main(["train", "vecset", *TINY]) == 0
    out = capsys.readouterr().out
    run = Path(out.splitlines()[0])
    assert run.parent == Path("outputs/vecset/table")
    assert "IoU of new shapes" in out
    assert (run / "shapes.png").is_file()
    assert len(yaml.safe_load((run / "metrics.json").read_text())["score"]["chamfer"]) == 2
    assert load(run).latent == 32


def test_a_preset_has_the_defaults_of_the_model():
    parsed = parse(["train", "vecset", "--preset", "published", "--model.batch", "3"])[1]
    assert parsed.model.network == PUBLISHED_VECSET.network
    assert parsed.model.batch == 3


def test_what_is_wrong_is_said(capsys):
    assert main(["train", "vecset", "--model.network.heads", "3"]) == 2
    assert "width must be a multiple of heads" in capsys.readouterr().err
