"""Command lines that cannot be meant, or whose files are not what they should be: exit code, and one sentence."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh

import diffshape
from diffshape.cli.main import main

USAGE, FAILED = 2, 1


@pytest.fixture
def files(tmp_path, scan):
    """What the command lines name, in the working folder."""
    np.save("line.npy", np.arange(30.0)[:, None] * [1, 2, 3])
    np.save("pairs.npy", np.zeros((9, 2)))
    Path("notes.txt").write_text("no points\n")
    Path("empty.ply").touch()
    Path("part.yaml").write_text("field: {widht: 3}\n")
    Path("meshes").mkdir()
    Path("full.ply").mkdir()
    trimesh.creation.box().export("meshes/0.ply")
    trimesh.creation.box().export("box.ply")
    Path("run").mkdir()
    Path("run/config.yaml").write_text("version: 2\nkind: fit\n")
    Path("training").mkdir()
    Path("training/config.yaml").write_text("version: 2\nkind: train deep-sdf\n")


COMMANDS = [
    # verbs
    ("fitt a.ply", USAGE, "there is no verb 'fitt'; did you mean fit?"),
    ("evaluate a b", USAGE, "did you mean eval?"),
    ("box.ply", USAGE, "box.ply is a file, not a verb; type diffshape fit box.ply to fit it"),
    ("train", USAGE, "train: say what to train: diffshape train autoencoder | "),
    ("train landmark", USAGE, "there is no model 'landmark'; did you mean landmarks?"),
    ("info extra", USAGE, "info: unexpected 'extra'; it takes options only"),
    # words
    ("fit", USAGE, "give a file of points or a mesh, or --resume RUN"),
    ("fit a.ply b.ply", USAGE, "unexpected 'b.ply'; it takes POINTS"),
    ("fit a.ply --stepps 3", USAGE, "there is no option --stepps; did you mean --steps?"),
    ("fit a.ply --Steps 3", USAGE, "did you mean --steps?"),
    ("fit a.ply -o out", USAGE, "there is no option -o"),
    ("fit a.ply --steps", USAGE, "--steps needs a value"),
    ("fit a.ply --steps ten", USAGE, "--steps must be a whole number, got 'ten'"),
    ("fit a.ply --steps 1.5", USAGE, "--steps must be a whole number, got '1.5'"),
    ("fit a.ply --seconds soon", USAGE, "--seconds must be a number, got 'soon'"),
    ("fit a.ply --device gpu", USAGE, "--device must be one of auto, cpu, cuda, got 'gpu'"),
    ("fit a.ply --up w", USAGE, "--up must be one of x, y, z, -x, -y, -z, got 'w'"),
    ("fit a.ply --prepare maybe", USAGE, "--prepare must be one of yes, no, got 'maybe'"),
    ("fit a.ply --prepare no --method.scan.agreement 0.9", USAGE, "there is no option --method.scan.agreement"),
    ("fit a.ply --preset paper --method.scan 2", USAGE, "there is no option --method.scan"),
    ("fit a.ply --quiet=yes", USAGE, "--quiet takes no value"),
    ("fit a.ply --out=", USAGE, "--out is empty; give a path"),
    ("mesh", USAGE, "RUN is missing; type diffshape mesh RUN"),
    ("clean", USAGE, "SCAN is missing; type diffshape clean SCAN"),
    ("query run", USAGE, "POINTS is missing; type diffshape query RUN POINTS"),
    ("eval box.ply", USAGE, "TRUTH is missing; type diffshape eval PRED TRUTH"),
    ("train landmarks --size 100", USAGE, "--size takes 2 values"),
    # numbers
    ("fit a.ply --steps 0", USAGE, "--steps must be at least 1, got 0"),
    ("fit a.ply --seconds -1", USAGE, "--seconds must be a positive number, got -1.0"),
    ("fit a.ply --seconds nan", USAGE, "--seconds must be a number, got 'nan'"),
    ("fit a.ply --seconds inf", USAGE, "--seconds must be a positive number, got inf"),
    ("fit a.ply --seed -1", USAGE, "--seed must be at least 0, got -1"),
    ("fit a.ply --seed 4294967296", USAGE, "--seed must be at most 4,294,967,295"),
    ("fit a.ply --threads 0", USAGE, "--threads must be at least 1, got 0"),
    ("fit a.ply --threads 9999", USAGE, f"--threads must be at most {os.cpu_count():,}, got 9999"),
    ("fit a.ply --resolution 8", USAGE, "--resolution must be at least 16, got 8"),
    ("fit a.ply --resolution 9999999", USAGE, "GB of memory are free, got 9999999"),
    ("fit a.ply --max-points 2", USAGE, "--max-points must be at least 4, got 2"),
    ("fit a.ply --steps 3 --seconds 3", USAGE, "--steps and --seconds exclude each other"),
    ("fit a.ply --field.width 0", USAGE, "--field.width must be at least 1, got 0"),
    ("fit a.ply --field.levels 99", USAGE, "--field.levels must be from 1 to 64, got 99"),
    ("fit a.ply --field.log2-entries 60", USAGE, "--field.log2-entries must be from 3 to 24, got 60"),
    ("fit a.ply --field.box 1 -1", USAGE, "--field.box must be (low, high) with low < high"),
    ("fit a.ply --method.batch 0", USAGE, "--method.batch must be at least 1, got 0"),
    ("fit a.ply --method.learning-rate inf", USAGE, "--method.learning-rate must be finite, got inf"),
    ("fit a.ply --supervised.sigma 0", USAGE, "--supervised.sigma must be positive, got 0.0"),
    ("clean ball.npy --noise -1", USAGE, "--noise must be a number of 0 or more, got -1.0"),
    ("clean ball.npy --noise inf", USAGE, "--noise must be a number of 0 or more, got inf"),
    ("clean ball.npy --threads 0", USAGE, "--threads must be at least 1, got 0"),
    ("demo --steps -1", USAGE, "--steps must be at least 1, got -1"),
    ("mesh run --resolution 9999999", USAGE, "GB of memory are free, got 9999999"),
    ("eval box.ply box.ply --samples 0", USAGE, "--samples must be at least 1, got 0"),
    ("eval box.ply box.ply --samples 99999999999999", USAGE, "GB of memory are free"),
    ("train flow", USAGE, "--autoencoder is missing: give the run folder of diffshape train autoencoder"),
    ("train flow --autoencoder nowhere", USAGE, "nowhere: there is no such folder of a training"),
    ("train flow --autoencoder box.ply", USAGE, "box.ply is a file; give a folder of a training"),
    ("train mixture --autoencoder run --seconds 3", USAGE, "--seconds has no effect where a mixture is fitted"),
    ("train latent-gan --model.penalty -1", USAGE, "--model.penalty must be 0 or more, got -1.0"),
    ("train autoencoder --model.solver exact", USAGE, "solver acts only with loss earth_mover"),
    ("train raw-gan nowhere", USAGE, "nowhere: there is no such folder of shapes"),
    ("train deep-sdf --shapes 0", USAGE, "--shapes must be at least 1, got 0"),
    ("train deep-sdf --shapes 99999999999", USAGE, "--shapes must be at most"),
    ("train deep-sdf --seed -1", USAGE, "--seed must be at least 0, got -1"),
    ("train deep-sdf --model.lr inf", USAGE, "--model.lr must be finite, got inf"),
    ("train deep-sdf --model.network.width 0", USAGE, "--model.network.width must be 1 or more, got 0"),
    ("train deep-sdf meshes --holdout 1", USAGE, "--holdout must be a share between 0 and 1, got 1.0"),
    ("train scan-prior --scans 0", USAGE, "--scans must be at least 1, got 0"),
    ("train scan-prior --scans 99999999999", USAGE, "--scans must be at most"),
    ("train scan-prior --config.passes 0", USAGE, "--config.passes must be at least 1, got 0"),
    ("train landmarks --images 99999999999", USAGE, "--images must be at most"),
    ("train landmarks --training.zoom nan", USAGE, "--training.zoom must be a number, got 'nan'"),
    ("train landmarks --phantom.width 100", USAGE, "must be multiples of 32"),
    # what has no effect
    ("fit --resume run --preset standard", USAGE, "leave out --preset"),
    ("fit --resume run --prepare no", USAGE, "leave out --prepare"),
    ("fit box.ply --prepare no", USAGE, "--prepare has no effect on a mesh, which box.ply is"),
    ("fit box.ply --method.batch 4096", USAGE, "--method.* has no effect on a mesh, which box.ply is"),
    ("fit ball.npy --supervised.batch 4096", USAGE, "--supervised.* has no effect on a scan, which ball.npy is"),
    ("train landmarks --holdout 0.2", USAGE, "--holdout has no effect where no FOLDER of images is given"),
    ("train landmarks --transformer.heads 8", USAGE, "--transformer.heads has no effect where the network is"),
    ("train deep-sdf --resume run --seed 0", USAGE, "leave out --seed"),
    # files and folders
    ("fit none.ply", FAILED, "none.ply: no such file or directory"),
    ("fit empty.ply", FAILED, "empty.ply: the file is empty"),
    ("fit meshes", FAILED, "meshes is a folder; give a file, such as meshes/0.ply"),
    ("fit run", FAILED, "run is the folder of a run, not a file; go on with it: diffshape fit --resume run"),
    ("fit notes.txt", FAILED, "notes.txt"),
    ("fit line.npy", FAILED, "line.npy: all points lie on one line; there is no surface to fit to them"),
    ("fit pairs.npy", FAILED, "pairs.npy"),
    ("fit ball.npy --truth meshes", FAILED, "meshes is a folder"),
    ("fit ball.npy --truth none.ply", FAILED, "none.ply: no such file or directory"),
    ("fit ball.npy --out notes.txt", USAGE, "--out notes.txt is a file; give a folder that is new or empty"),
    ("fit ball.npy --out notes.txt/run", USAGE, "notes.txt is a file, not a folder"),
    ("fit ball.npy --out meshes", USAGE, "--out meshes is not empty"),
    ("fit ball.npy --config part.yaml", USAGE, "there is no setting field.widht; did you mean field.width?"),
    ("fit ball.npy --config meshes", USAGE, "meshes is a folder"),
    ("fit ball.npy --config none.yaml", FAILED, "none.yaml: no such file or directory"),
    ("clean none.ply", FAILED, "none.ply: no such file or directory"),
    ("clean empty.ply", FAILED, "empty.ply: the file is empty"),
    ("clean meshes", FAILED, "meshes is a folder; give a file, such as meshes/0.ply"),
    ("clean run", FAILED, "run is the folder of a run, not a file"),
    ("clean ball.npy --out full.ply", USAGE, "--out full.ply is a folder; give the name of a file"),
    ("clean ball.npy --out a.npy", USAGE, "--out a.npy: unknown kind of file; it can be .ply, .pcd, .csv, .xyz"),
    ("clean notes.txt --out ./notes.txt", USAGE, "--out notes.txt is the scan itself; give another file"),
    ("clean ball.npy --out notes.txt/a.ply", USAGE, "notes.txt is a file, not a folder"),
    ("mesh none", USAGE, "none: there is no such folder"),
    ("mesh meshes", USAGE, "meshes is not the folder of a fit"),
    ("mesh run --out full.ply", USAGE, "--out full.ply is a folder; give the name of a file"),
    ("mesh run --out a.vtk", USAGE, "--out a.vtk: unknown kind of file; it can be .ply, .obj, .stl, .off, .glb"),
    ("mesh run --out notes.txt/a.ply", USAGE, "notes.txt is a file, not a folder"),
    ("query run ball.npy --out a.xls", USAGE, "--out a.xls: unknown kind of file; it can be .npy, .csv"),
    ("query run none.npy", FAILED, "none.npy: no such file or directory"),
    ("query run meshes", FAILED, "meshes is a folder"),
    ("eval meshes box.ply", FAILED, "meshes is a folder"),
    ("eval run box.ply", FAILED, "run has no mesh.ply yet; write it with diffshape mesh run --out run/mesh.ply"),
    ("eval training box.ply", USAGE, "training is the folder of diffshape train deep-sdf, not of a fit"),
    ("train deep-sdf box.ply", USAGE, "box.ply is a file; give a folder of meshes"),
    ("train landmarks none", USAGE, "none: there is no such folder of images"),
]


@pytest.mark.parametrize(("line", "code", "message"), COMMANDS, ids=[line for line, _, _ in COMMANDS])
def test_it_is_refused_in_one_sentence_and_nothing_is_written(line, code, message, files, capsys):
    before = sorted(Path().rglob("*"))
    assert main(line.split()) == code
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("diffshape: ")
    assert captured.err.count("\n") == 1
    assert not captured.out
    assert sorted(Path().rglob("*")) == before


@pytest.mark.skipif(importlib.util.find_spec("timm") is not None, reason="timm is there")
def test_a_missing_package_is_missed_before_a_folder_is_begun(capsys):
    assert main(["train", "landmarks", "--network", "transformer", "--images", "2", "--test-images", "1"]) == FAILED
    assert "pip install timm" in capsys.readouterr().err
    assert not Path("outputs").exists()


def test_no_class_is_named_in_what_settings_refuse(capsys):
    for words in (["--field.radius", "-1"], ["--method.start", "2"], ["--supervised.near", "3"]):
        assert main(["fit", "a.ply", *words]) == USAGE
        assert not {"HashGridConfig", "DiffCD", "Supervised"} & set(capsys.readouterr().err.replace(":", "").split())


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_refused_before_the_work(files, capsys):
    Path("locked").mkdir(mode=0o500)
    assert main(["fit", "ball.npy", "--out", "locked/run"]) == FAILED
    assert "nothing may be written there" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--version"], ["-V"], ["version"]])
def test_the_version(words, capsys):
    assert main(words) == 0
    assert capsys.readouterr().out == f"diffshape {diffshape.__version__}\n"


def test_help_is_short_and_the_whole_of_it_is_there(capsys):
    assert main(["fit", "--help"]) == 0
    short = capsys.readouterr().out
    assert main(["fit", "--help-all"]) == 0
    whole = capsys.readouterr().out
    assert "--steps" in short
    assert "--method.batch" not in short
    assert "diffshape fit --help-all" in short
    assert {"--method.batch", "--field.width", "--supervised.loss"} <= set(whole.split())
    for words in ([], ["help"], ["--help"]):
        assert main(words) == 0
        assert "train deep-sdf" in capsys.readouterr().out


def test_who_reads_only_the_first_line_is_not_told_of_a_broken_pipe():
    reader = f"{sys.executable} -m diffshape.cli.main fit --help-all | head -n 1"
    environment = {**os.environ, "PYTHONPATH": str(Path(diffshape.__file__).parents[1])}
    done = subprocess.run(reader, shell=True, capture_output=True, text=True, env=environment)
    assert done.stdout.startswith("usage: diffshape fit")
    assert not done.stderr


def test_paths_begin_at_home_where_a_tilde_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["fit", "~/none.ply"]) == FAILED
    assert f"{tmp_path / 'none.ply'}: no such file" in capsys.readouterr().err
