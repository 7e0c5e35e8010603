import csv
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from diffshape.cli.main import main
from diffshape.data import spine_phantoms
from diffshape.models import LandmarkUNetConfig, load, train_landmarks

SMALL = ["--unet.widths", "8", "8", "8", "--steps", "4", "--training.batch", "2"]
DRAWN = [*SMALL, "--images", "4", "--test-images", "3"]


def train(*words, code=0):
    assert main(["train", "landmarks", *map(str, words)]) == code


@pytest.fixture
def folder(tmp_path):
    """Drawn images in the row layout of BUU-LSPINE."""
    drawn = spine_phantoms(5)
    (tmp_path / "scans").mkdir()
    for number, (image, points) in enumerate(zip(drawn.images, drawn.landmarks)):
        np.save(tmp_path / "scans" / f"{number}.npy", image[0].numpy())
        with (tmp_path / "scans" / f"{number}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([*row, 0] for row in points.reshape(-1, 4).tolist())
    return tmp_path / "scans"


def test_a_training_leaves_its_files_and_tells_its_score(capsys):
    train(*DRAWN)
    out = capsys.readouterr().out
    run = Path(out.splitlines()[0])
    assert run.parent == Path("outputs/landmarks/phantoms-lateral")
    names = {path.name for path in run.iterdir()}
    assert names >= {"config.yaml", "log.csv", "metrics.json", "overlay.png", "model", "checkpoints", "report.html"}
    for start in ("MRE ", "SDR ", "order ", "sure "):
        assert any(line.startswith(start) for line in out.splitlines())
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["steps"] == 4
    assert set(metrics["score"]["error"]["detection_rates"]) == {"2.0", "2.5", "3.0", "4.0"}
    assert load(run).detect(torch.rand(1, 1, 128, 128)).landmarks.shape == (1, 22, 2)


def test_a_folder_is_told_in_millimetres(folder, tmp_path, capsys):
    train(folder, "--size", "128", "96", "--spacing", "0.5", "--out", tmp_path / "run", *SMALL, "--json")
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["score"]["unit"] == "mm"
    assert metrics["score"]["images"] == 1
    assert metrics["score"]["error"]["count"] <= 22


def test_json_and_quiet_say_nothing_else(tmp_path, capsys):
    train(*DRAWN, "--out", tmp_path / "a", "--json")
    assert json.loads(capsys.readouterr().out)["folder"] == str(tmp_path / "a")
    train(*DRAWN, "--out", tmp_path / "b", "--quiet")
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "b")]


def test_ctrl_c_saves_and_resume_ends_with_the_same_bits(tmp_path, capsys, monkeypatch):
    from diffshape.training import Progress

    train(*DRAWN, "--out", tmp_path / "whole", "--quiet")
    with monkeypatch.context() as patch:
        patch.setattr(
            Progress, "__call__", lambda self, report: report.step == 2 and os.kill(os.getpid(), signal.SIGINT)
        )
        train(*DRAWN, "--out", tmp_path / "run", "--quiet", code=130)
    assert f"diffshape train landmarks --resume {tmp_path / 'run'}" in capsys.readouterr().err
    train(*DRAWN, "--out", tmp_path / "run", code=2)
    assert f"go on with it: diffshape train landmarks --resume {tmp_path / 'run'}" in capsys.readouterr().err
    train("--resume", tmp_path / "run", "--quiet")
    whole, resumed = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "run"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()}
    assert tmp_path / "run" / "overlay.png" in files
    capsys.readouterr()
    train("--resume", tmp_path / "run")
    assert "already finished; nothing was changed" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()} == files


def test_seconds_are_a_budget_too(tmp_path):
    small = ["--unet.widths", "8", "8", "8", "--training.batch", "2", "--images", "4", "--test-images", "3"]
    train(*small, "--seconds", "0.2", "--out", tmp_path / "run", "--quiet")
    plain = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert (plain["steps"], plain["seconds"]) == (None, 0.2)
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["seconds"] >= 0.2


def test_a_training_begun_from_python_goes_on_there(tmp_path, capsys):
    train_landmarks(spine_phantoms(2), LandmarkUNetConfig(widths=(8, 8, 8)), steps=1, folder=tmp_path)
    train("--resume", tmp_path, code=2)
    error = capsys.readouterr().err
    assert f"go on with it there: diffshape.models.resume_training('{tmp_path}', data)" in error
    assert error.count("\n") == 1


def test_a_library_that_is_missing_is_told_before_a_folder_is_made(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    train("--images", "4", "--test-images", "3", "--network", "transformer", code=1)
    assert "its backbone comes from timm, which cannot be imported here" in capsys.readouterr().err
    assert not Path("outputs").exists()


def test_a_killed_beginning_is_begun_again(tmp_path, capsys):
    run = tmp_path / "run"
    run.mkdir()
    (run / ".lock").touch()
    (run / ".config-0a1b2c3d.yaml").touch()
    train("--resume", run, code=2)
    assert f"begin it again, with the options it had: diffshape train landmarks --out {run}" in capsys.readouterr().err
    train(*DRAWN, "--out", run, "--quiet")
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere: there is no such folder of images"),
        (["--resume", "nowhere"], "no such folder"),
        (["--resume", "."], "has no config.yaml"),
        (["--resume", ".", "--steps", "3"], "leave out --steps"),
        (["--steps", "0"], "steps must be at least 1"),
        (["--seconds", "0"], "seconds must be a positive number"),
        (["--steps", "3", "--seconds", "3"], "--steps and --seconds exclude each other"),
        (["--phantom.width", "100"], "multiples of 32"),
        (["--spacing", "0.5"], "--spacing has no effect where no FOLDER of images is given"),
        ([".", "--images", "9"], "--images has no effect where a FOLDER of images is given"),
        (["--transformer.heads", "4"], "--transformer.heads has no effect where the network is --network unet"),
        (["--threads", "0"], "--threads must be at least 1"),
        (["--phantom.slip", "2"], "slip must be a share"),
        (["--objective.heatmap", "magic"], "magic"),
        (["--objective.sigma", "-1"], "sigma and scale must be positive"),
        (["--stepps", "3"], "stepps"),
    ],
)
def test_what_cannot_be_meant_is_2(words, message, capsys):
    train(*words, code=2)
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not Path("outputs").exists()


def test_a_folder_without_points_is_one_sentence_and_1(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    train(tmp_path / "empty", code=1)
    error = capsys.readouterr().err
    assert "no image" in error
    assert error.count("\n") == 1


def test_a_wrong_row_is_one_sentence_and_1(folder, capsys):
    (folder / "3.csv").write_text("1,2,3,4\nfive,6,7,8\n")
    train(folder, *SMALL, code=1)
    error = capsys.readouterr().err
    assert "3.csv: row 2 must begin x1,y1,x2,y2" in error
    assert error.count("\n") == 1
    assert not Path("outputs").exists()


def test_a_model_that_does_not_exist_is_2(capsys):
    assert main(["train", "cats"]) == 2
    assert "landmarks" in capsys.readouterr().err
    assert main(["train"]) == 2
