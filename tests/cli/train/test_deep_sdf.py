import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from diffshape.cli.main import main, parse
from diffshape.cli.train.deep_sdf import _settings
from diffshape.data import shape_family, write_mesh
from diffshape.models import PUBLISHED_DEEP_SDF, load

NETWORK = ["--model.network.hidden-layers", "2", "--model.network.width", "32", "--model.network.latent", "4"]
SMALL = [*NETWORK, "--model.network.skip", "1", "--model.points", "64", "--model.samples", "1000", "--model.lr", "0.01"]
TINY = [*SMALL, "--steps", "60"]
DRAWN = [*TINY, "--family", "ellipsoid", "--shapes", "3", "--test-shapes", "2"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Few steps to find a code, and coarse surfaces."""
    from diffshape.models import DeepSDF

    infer, mesh = DeepSDF.infer, DeepSDF.mesh
    monkeypatch.setattr(DeepSDF, "infer", lambda self, *seen, steps, **options: infer(self, *seen, steps=30, **options))
    monkeypatch.setattr(DeepSDF, "mesh", lambda self, code, resolution=24: mesh(self, code, 24))


def train(*words, code=0):
    assert main(["train", "deep-sdf", *map(str, words)]) == code


@pytest.fixture
def folder(tmp_path):
    """Ellipsoids in files of every kind, and what is none."""
    (tmp_path / "parts").mkdir()
    vertices, faces = shape_family("ellipsoid", 5).meshes(2)
    for number, (suffix, each) in enumerate(zip((".ply", ".obj", ".stl", ".off", ".PLY"), vertices)):
        write_mesh(tmp_path / "parts" / f"{number}{suffix}", 100 * each, faces)
    (tmp_path / "parts" / "notes.txt").write_text("no mesh")
    return tmp_path / "parts"


def test_a_training_leaves_its_files_and_tells_its_score(capsys):
    train(*DRAWN)
    out = capsys.readouterr().out
    run = Path(out.splitlines()[0])
    assert run.parent == Path("outputs/deep-sdf/ellipsoid")
    assert "3 shapes to learn from, 2 to be tested on" in out
    assert {path.name for path in run.iterdir()} == {
        *(
            "config.yaml",
            "environment.json",
            "log.csv",
            "checkpoints",
            "model",
            "metrics.json",
            "report.html",
            "strip.png",
            "completion.png",
        )
    }
    for title in ("training shapes, from their codes", "new shapes, from half of them", "training shape nearest"):
        assert title in out
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["steps"] == 60
    assert metrics["known"] == ["ellipsoid 0", "ellipsoid 1", "ellipsoid 2"]
    assert metrics["held_out"] == ["new ellipsoid 0", "new ellipsoid 1"]
    assert {name: len(each) for name, each in metrics["score"].items()} == {
        "recalled": 3, "whole": 2, "half": 2, "nearest": 2
    }  # fmt: skip
    assert load(run).codes.shape == (3, 4)


@pytest.mark.parametrize(
    ("words", "up"),
    [
        (["--family", "chair"], "y"),
        (["--family", "chair", "--up", "z"], "z"),
        (["--family", "torus"], "z"),
        (["."], "z"),
    ],
)
def test_chairs_stand_upright_in_pictures(words, up):
    assert _settings(parse(["train", "deep-sdf", *words])[1]).up == up


def test_it_learns_what_the_library_learns_with_its_settings():
    from diffshape.models import DeepSDFSettings, train_deep_sdf

    train(*DRAWN, "--seed", "3", "--out", "run", "--quiet")
    settings = DeepSDFSettings.from_dict(yaml.safe_load(Path("run/config.yaml").read_text()))
    assert (settings.steps, settings.seed, settings.config.network.width) == (60, 3, 32)
    model = train_deep_sdf(shape_family("ellipsoid", 3, seed=6), settings.config, steps=60, seed=3).model
    assert torch.equal(load("run").codes, model.codes)


def test_a_folder_is_learnt_in_its_own_unit(folder, tmp_path, capsys):
    train(folder, "--out", tmp_path / "run", "--holdout", "0.4", *TINY, "--json")
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["folder"] == str(tmp_path / "run")
    assert sorted(metrics["known"] + metrics["held_out"]) == ["0.ply", "1.obj", "2.stl", "3.off", "4.PLY"]
    assert len(metrics["held_out"]) == 2
    assert load(tmp_path / "run").frame.scale > 30


def test_the_default_name_is_that_of_the_folder(folder, capsys):
    train(folder, *TINY, "--quiet")
    (line,) = capsys.readouterr().out.splitlines()
    assert Path(line).parent == Path("outputs/deep-sdf/parts")


def test_seconds_are_a_budget_too(tmp_path):
    train(*SMALL, "--shapes", "2", "--test-shapes", "1", "--seconds", "0.2", "--out", tmp_path / "run", "--quiet")
    plain = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert (plain["steps"], plain["seconds"]) == (None, 0.2)
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["seconds"] >= 0.2


def test_numbers_go_to_tensorboard_too(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    train(*DRAWN, "--steps", "20", "--out", tmp_path / "run", "--log", "tensorboard", "--quiet")
    events = accumulator.EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == [1, 10, 20]


def test_ctrl_c_saves_and_resume_ends_with_the_same_bits(tmp_path, capsys, monkeypatch):
    from diffshape.training import Progress

    dropout = ["--model.network.dropout", "0.2"]
    train(*DRAWN, *dropout, "--out", tmp_path / "whole", "--quiet")
    with monkeypatch.context() as patch:
        patch.setattr(
            Progress, "__call__", lambda self, report: report.step == 20 and os.kill(os.getpid(), signal.SIGINT)
        )
        train(*DRAWN, *dropout, "--out", tmp_path / "run", "--quiet", code=130)
    assert f"diffshape train deep-sdf --resume {tmp_path / 'run'}" in capsys.readouterr().err
    assert not (tmp_path / "run" / "model").exists()
    train(*DRAWN, "--out", tmp_path / "run", code=2)
    assert f"go on with it: diffshape train deep-sdf --resume {tmp_path / 'run'}" in capsys.readouterr().err
    train("--resume", tmp_path / "run", "--quiet")
    whole, resumed = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "run"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    train(*DRAWN, "--out", tmp_path / "run", code=2)
    assert "already holds a finished run" in capsys.readouterr().err


def test_presets_are_where_the_model_begins():
    assert parse(["train", "deep-sdf"])[1].model.network.width == 128
    arguments = parse(["train", "deep-sdf", "--preset=published", "--model.batch", "7"])[1]
    assert arguments.model.network == PUBLISHED_DEEP_SDF.network
    assert (arguments.model.points, arguments.model.batch) == (16_384, 7)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere: there is no such folder of meshes"),
        (["--resume", "nowhere"], "a run is the folder that diffshape train deep-sdf printed"),
        (["--resume", "."], "is not the folder of a DeepSDF training: it has no config.yaml"),
        (["--resume", ".", "--preset", "published"], "leave out --preset"),
        (["--steps", "0"], "steps must be at least 1"),
        (["--seconds", "0"], "seconds must be a positive number"),
        (["--steps", "3", "--seconds", "3"], "--steps and --seconds exclude each other"),
        (["--shapes", "0"], "--shapes must be at least 1"),
        (["--holdout", "0.5"], "--holdout has no effect where no FOLDER of meshes is given"),
        ([".", "--family", "torus"], "--family has no effect where a FOLDER of meshes is given"),
        ([".", "--holdout", "1"], "holdout must be a share between 0 and 1"),
        (["--threads", "0"], "--threads must be at least 1"),
        (["--family", "sofa"], "sofa"),
        (["--preset", "huge"], "huge"),
        (["--model.clamp", "-1"], "clamp must be positive"),
        (["--model.network.skip", "9"], "skip layers must lie in"),
        (["--stepps", "3"], "stepps"),
    ],
)
def test_what_cannot_be_meant_is_2(words, message, capsys):
    train(*words, code=2)
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not Path("outputs").exists()


def test_a_run_of_another_model_is_not_resumed(tmp_path, capsys):
    (tmp_path / "config.yaml").write_text("version: 2\nkind: train landmarks\n")
    train("--resume", tmp_path, code=1)
    error = capsys.readouterr().err
    assert "is not the config.yaml of a DeepSDF training" in error
    assert error.count("\n") == 1


def test_a_finished_fit_is_no_finished_training(tmp_path, capsys):
    (tmp_path / "config.yaml").write_text("version: 2\nkind: fit\n")
    (tmp_path / "metrics.json").write_text("{}")
    (tmp_path / "field.safetensors").touch()
    train("--resume", tmp_path, code=1)
    assert "kind must be 'train deep-sdf', got 'fit'" in capsys.readouterr().err


def fails(folder, capsys):
    """The one sentence in which a folder is refused, before anything is written."""
    train(folder, *TINY, code=1)
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert not captured.out
    assert not Path("outputs").exists()
    return captured.err


def test_files_that_cannot_be_read_are_all_named(folder, capsys):
    (folder / "1.obj").write_text("f 1 2 3\n")
    (folder / "2.stl").write_bytes(b"")
    error = fails(folder, capsys)
    assert "2 of 5 meshes cannot be read" in error
    assert "1.obj: " in error
    assert "2.stl: the file is empty" in error


def test_shapes_without_an_inside_are_all_named(folder, capsys):
    """But for the one that is held out."""
    paths = [path for path in folder.iterdir() if path.suffix != ".txt"]
    for path in paths:
        write_mesh(path, np.eye(3), [[0, 1, 2]])
    error = fails(folder, capsys)
    assert sum(f"{path.name} has 0 of 1000 points inside" in error for path in paths) == 4
    assert "closed mesh" in error


def test_a_folder_of_one_mesh_or_none_is_too_few(folder, capsys):
    for path in folder.iterdir():
        if path.name not in ("0.ply", "notes.txt"):
            path.unlink()
    assert "one mesh is too few" in fails(folder, capsys)
    (folder / "0.ply").unlink()
    assert "no mesh files" in fails(folder, capsys)


@pytest.mark.parametrize("model", ["deep-sdf", "landmarks"])
@pytest.mark.parametrize("words", [["mesh", "."], ["query", ".", "points.npy"], ["fit", "--resume", "."]])
def test_what_is_for_fits_says_how_a_training_is_used(model, words, capsys):
    Path("config.yaml").write_text(f"version: 2\nkind: train {model}\n")
    assert main(words) == 2
    error = capsys.readouterr().err
    assert f"is the folder of diffshape train {model}, not of a fit" in error
    assert "diffshape.models.load('.')" in error
    assert error.count("\n") == 1
