from pathlib import Path

import numpy as np
import pytest

from diffshape.cli.main import main
from diffshape.data import read_mesh


def test_shapes_and_their_picture_are_written(family, tmp_path, capsys):
    assert main(["sample", str(family), "--count", "3", "--seed", "1", "--out", str(tmp_path / "new")]) == 0
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {"0000.ply", "0001.ply", "0002.ply", "shapes.png"}
    assert capsys.readouterr().out == f"{tmp_path / 'new'}: 3 shapes as PLY, and shapes.png\n"
    first, second = (read_mesh(tmp_path / "new" / f"000{number}.ply").vertices for number in range(2))
    assert first.shape != second.shape or np.abs(first - second).max() > 0


def test_a_seed_gives_its_shapes_again(family, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert main(["sample", str(family), "--count", "1", "--seed", str(seed), "--out", str(tmp_path / name)]) == 0
    a, b, c = ((tmp_path / name / "0000.ply").read_bytes() for name in "abc")
    assert a == b != c


def test_samples_are_kept_in_the_run_unless_told_where(family, capsys):
    assert main(["sample", str(family / "config.yaml"), "--count", "1", "--seed", "1"]) == 0
    folder = Path(capsys.readouterr().out.partition(":")[0])
    assert folder.parent == family / "samples"
    assert (folder / "0000.ply").is_file()


def test_models_of_points_write_points(tmp_path, monkeypatch):
    import torch

    from diffshape.data import read_points
    from diffshape.models import PointCloudConfig, PointCloudNetwork, build_model

    model = build_model(PointCloudConfig(network=PointCloudNetwork(points=20, latent=8)))
    model.save(tmp_path / "model")
    clouds = torch.rand(2, 20, 3)
    monkeypatch.setattr(type(model), "sample", lambda self, count, *, seed: clouds, raising=False)
    assert main(["sample", str(tmp_path / "model"), "--count", "2", "--out", str(tmp_path / "new")]) == 0
    assert np.allclose(read_points(tmp_path / "new" / "0001.ply").points, clouds[1].numpy())


def test_only_models_that_draw_shapes_do(detector, capsys):
    assert main(["sample", str(detector)]) == 1
    assert f"{detector}: the model, LandmarkDetector, draws no new shapes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--count", "0"], 2, "--count must be at least 1, got 0"),
        (["--seed", "-1"], 2, "--seed must be"),
        (["--out", "full"], 2, "--out full is not empty"),
    ],
)
def test_bad_words(family, capsys, words, code, message):
    Path("full").mkdir()
    Path("full", "file").touch()
    assert main(["sample", str(family), *words]) == code
    assert message in capsys.readouterr().err


def test_runs_that_are_none(tmp_path, finished, capsys):
    for run, message in ((tmp_path / "none", "there is no such folder"), (finished, "is the folder of a fit")):
        assert main(["sample", str(run)]) in (1, 2)
        assert message in capsys.readouterr().err


def test_shapes_without_a_surface_are_told(family, tmp_path, monkeypatch, capsys):
    from diffshape.data import Mesh, icosphere
    from diffshape.models import DeepSDF

    nothing = Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    monkeypatch.setattr(DeepSDF, "sample", lambda self, count, *, seed: [nothing, icosphere(1)][-count:])
    assert main(["sample", str(family), "--count", "2", "--out", str(tmp_path / "new")]) == 0
    assert "1 shapes as PLY, and shapes.png; 1 have no surface" in capsys.readouterr().out
    monkeypatch.setattr(DeepSDF, "sample", lambda self, count, *, seed: [nothing])
    assert main(["sample", str(family), "--out", str(tmp_path / "none")]) == 1
    assert "none of the shapes has a surface" in capsys.readouterr().err


def test_a_batch_samples_many_runs_each_row_with_its_options(family, tmp_path):
    rows = f"input,name,seed\n{family},one,1\n{family},again,1\n{family},other,2\n"
    (tmp_path / "draws.csv").write_text(rows)
    words = ["batch", "draws.csv", "--verb", "sample", "--count", "1", "--out", "drawn", "--executor", "serial"]
    assert main(words) == 0
    one, again, other = ((tmp_path / "drawn" / name / "0000.ply").read_bytes() for name in ("one", "again", "other"))
    assert one == again != other
    assert main(["batch", str(family.parent), *words[2:6], "--out", "all", *words[8:]]) == 0
    assert (tmp_path / "all" / family.name / "0000.ply").is_file()
