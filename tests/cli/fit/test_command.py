import json
import os
import shutil
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

import diffshape
from diffshape.cli.main import main
from diffshape.data import read_mesh, write_mesh, write_points
from diffshape.fitting.inputs.inputs import remembered_inputs
from diffshape.ops import isosurface
from diffshape.training import read_log

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(diffshape.__file__).parents[1]), "OMP_NUM_THREADS": "1"}


def fit(*words, code=0):
    assert main(["fit", *map(str, words)]) == code


@pytest.fixture
def truth(tmp_path):
    vertices, faces = isosurface(lambda x: x.norm(dim=-1) - 0.5, resolution=24, bounds=(-0.8, 0.8))
    write_mesh(tmp_path / "truth.ply", 4 * vertices.numpy() + [5, 0, 0], faces.numpy())
    return tmp_path / "truth.ply"


def test_a_fit_leaves_its_files_and_tells_of_them(scan, truth, capsys, tiny):
    fit(scan, "--truth", truth, *tiny)
    out = capsys.readouterr().out.splitlines()
    folder = Path(out[0])
    assert folder.parent == Path("outputs/ball/diffcd")
    assert {"mesh.ply", "preview.png", "metrics.json", "field.safetensors"} <= {path.name for path in folder.iterdir()}
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["steps"] == 5
    assert metrics["score"]["chamfer"] < 0.2  # in the truth's coordinates, so the mesh is in those of the input
    assert any(line.startswith("score, where the longest side is 1: chamfer") for line in out)
    assert f"diffshape query {folder}" in out[-2]


def test_a_surface_in_closed_form_is_told_as_such(scan, capsys):
    fit(scan, "--resolution", 48)
    out = capsys.readouterr().out
    folder = Path(out.splitlines()[0])
    assert "\nfound in closed form: " in out
    assert "log.csv" not in out
    assert not (folder / "log.csv").exists()
    assert json.loads((folder / "metrics.json").read_text())["steps"] == 0


def test_an_open_fit_carries_colors_and_stays_open_as_a_config(tmp_path, ball, tiny):
    dome = ball(1500)
    dome = dome[dome[:, 2] > 0]
    colors = np.where(dome[:, :1] > 5, [[200, 0, 9]], [[0, 100, 9]]).astype(np.uint8)
    write_points(tmp_path / "dome.ply", dome, attributes={"colors": colors})
    fit(tmp_path / "dome.ply", "--open", "--out", tmp_path / "run", *tiny, "--steps", 60, "--quiet")
    mesh = read_mesh(tmp_path / "run" / "mesh.ply")
    assert mesh.vertices[:, 2].min() > -0.5
    clear = np.abs(mesh.vertices[:, 0] - 5) > 0.5
    east = mesh.vertices[clear, 0] > 5
    np.testing.assert_array_equal(mesh.attributes["colors"][clear], np.where(east[:, None], [200, 0, 9], [0, 100, 9]))
    assert 0 < mesh.attributes["confidence"].min() <= mesh.attributes["confidence"].max() <= 1
    config = tmp_path / "run" / "config.yaml"
    fit(tmp_path / "dome.ply", "--config", config, "--steps", 5, "--out", tmp_path / "again", "--quiet")
    assert yaml.safe_load((tmp_path / "again" / "config.yaml").read_text())["open"] is True


def test_json_is_all_of_stdout(scan, tmp_path, capsys, tiny):
    fit(scan, "--out", tmp_path / "run", *tiny, "--json")
    assert json.loads(capsys.readouterr().out)["folder"] == str(tmp_path / "run")


def test_the_config_of_a_run_fits_again(finished, scan, tmp_path):
    fit(scan, "--config", finished / "config.yaml", "--out", tmp_path / "again", "--resolution", 48, "--quiet")
    first, second = (load_file(folder / "field.safetensors") for folder in (finished, tmp_path / "again"))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((1, 3)), "1 distinct point"),
        (np.ones((50, 3)), "are the same point"),
        (np.random.default_rng(0).random((50, 2)), "must have shape (N, 3), got (50, 2)"),
    ],
)
def test_no_shape_is_one_sentence_and_1(rows, message, tmp_path, capsys, tiny):
    np.save(tmp_path / "bad.npy", rows)
    fit(tmp_path / "bad.npy", *tiny, code=1)
    error = capsys.readouterr().err
    assert message in error
    assert "bad.npy" in error
    assert error.count("\n") == 1
    assert not Path("outputs").exists()


@pytest.mark.parametrize("content", [b"", b"ply\nformat ascii 1.0\nelement vertex 5\n", b"\x00\x01nonsense"])
def test_an_unreadable_ply_is_one_sentence_and_1(content, tmp_path, capsys, tiny):
    (tmp_path / "bad.ply").write_bytes(content)
    fit(tmp_path / "bad.ply", *tiny, code=1)
    error = capsys.readouterr().err
    assert "bad.ply" in error
    assert error.count("\n") == 1


def test_a_bad_truth_stops_before_the_fit(scan, tmp_path, capsys, tiny):
    fit(scan, "--truth", tmp_path / "none.ply", *tiny, code=1)
    assert "none.ply: no such file" in capsys.readouterr().err
    assert not Path("outputs").exists()


def test_rows_that_are_not_finite_are_counted(tmp_path, capsys, tiny, ball):
    rows = ball()
    rows[:7, 1] = np.nan
    np.save(tmp_path / "holes.npy", rows)
    fit(tmp_path / "holes.npy", *tiny)
    assert "7 of 1,500 points were dropped" in capsys.readouterr().out


def test_ten_points_work_or_say_why(tmp_path, capsys, tiny, ball):
    np.save(tmp_path / "few.npy", ball(10))
    code = main(["fit", str(tmp_path / "few.npy"), *tiny])
    shown = capsys.readouterr()
    assert code == 0 or "surface" in shown.err
    assert "Traceback" not in shown.err


@pytest.mark.slow
def test_many_points_are_thinned_and_a_mesh_sampled(tmp_path, truth, capsys, tiny, ball):
    fit(truth, "--as-scan", "--max-points", 900, *tiny)
    assert "900 points were drawn from it" in capsys.readouterr().out
    np.save(tmp_path / "many.npy", ball(5000).astype(np.float32))
    fit(tmp_path / "many.npy", "--max-points", 800, *tiny)
    assert "800 of 5,000 points were drawn" in capsys.readouterr().out


def test_out_must_be_new_or_empty(scan, finished, tmp_path, capsys, tiny):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    fit(scan, "--out", tmp_path / "full", *tiny, code=2)
    assert "is not empty" in capsys.readouterr().err
    fit(scan, "--out", finished, *tiny, code=2)
    assert "already holds a finished run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give a file of points"),
        (["a.ply", "--steps", "3", "--seconds", "2"], "exclude each other"),
        (["--resume", "nowhere"], "no such folder"),
        (["--resume", "nowhere", "--preset", "standard"], "leave out --preset"),
        (["--resume", "nowhere", "--field.width", "64"], "leave out --field.width"),
        (["a.ply", "--resume", "nowhere"], "leave out POINTS"),
        (["a.ply", "--config", __file__], "is not the config.yaml of a fit"),
        (["a.ply", "--steps", "0"], "--steps must be at least 1"),
        (["a.ply", "--mesh-every", "0"], "--mesh-every must be at least 1"),
        (["a.ply", "--eval-every", "-3"], "--eval-every must be at least 1"),
    ],
)
def test_what_cannot_be_meant_is_2(words, message, capsys):
    fit(*words, code=2)
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_1(scan, tmp_path, tiny):
    limited = (
        "import resource, sys; from diffshape.cli.main import main\n"
        "import diffshape.fitting.fit_points, diffshape.report\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000)); sys.exit(main(sys.argv[1:]))"
    )
    words = ["fit", scan, "--out", tmp_path / "run", *tiny, "--quiet"]
    done = subprocess.run([sys.executable, "-c", limited, *words], env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"{tmp_path / 'run' / 'target.safetensors'}: file too large" in done.stderr
    assert "nothing is saved yet; type the same again" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_saves_and_tells_how_to_go_on(scan, tmp_path, capsys, monkeypatch, tiny):
    stop_at(3, signal.SIGINT, monkeypatch)
    fit(scan, "--out", tmp_path / "run", *tiny, code=130)
    assert f"diffshape fit --resume {tmp_path / 'run'}" in capsys.readouterr().err
    assert (tmp_path / "run" / "mesh.ply").is_file()
    fit(scan, "--out", tmp_path / "run", *tiny, code=2)
    assert "--resume" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_it_prepares_a_fit_says_so_and_is_begun_again(number, scan, tmp_path, capsys, monkeypatch, tiny):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(
            import_module("diffshape.fitting.fit_points"), "prepare_scan", lambda *_, **__: os.kill(os.getpid(), number)
        )
        fit(scan, "--out", run, *tiny, code=130)
    assert f"nothing is saved yet; type the same again, with --out {run}" in capsys.readouterr().err
    (run / ".lock").touch()  # as a kill leaves it
    (run / ".target-0a1b2c3d.safetensors").touch()
    fit("--resume", run, code=2)
    begin = f"begin it again, with the options it had: diffshape fit {scan} --out {run}"
    assert begin in capsys.readouterr().err
    fit(scan, "--out", run, *tiny, "--quiet")
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]


def test_a_finished_run_is_not_touched_and_an_unfinished_end_is_made(finished, tmp_path, capsys):
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in finished.iterdir()}
    fit("--resume", finished, "--resolution", 32)
    assert f"already finished; nothing was changed. Mesh it anew with: diffshape mesh {finished}" in (
        capsys.readouterr().out
    )
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in finished.iterdir()} == before
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    for name in ("metrics.json", "mesh.ply"):
        (run / name).unlink()
    fit("--resume", run, "--quiet")
    assert (run / "mesh.ply").read_bytes() == (finished / "mesh.ply").read_bytes()
    assert json.loads((run / "metrics.json").read_text())["resolution"] == 48


def test_a_folder_in_use_is_refused_and_nothing_in_it_changes(scan, tmp_path, capsys, monkeypatch, tiny):
    from diffshape.training import folder_lock

    (tmp_path / "run").mkdir()
    monkeypatch.setitem(folder_lock._held, (tmp_path / "run").resolve(), (os.getpid(), -1))
    fit(scan, "--out", tmp_path / "run", *tiny, code=1)
    assert f"{tmp_path / 'run'} is in use" in capsys.readouterr().err
    assert not any((tmp_path / "run").iterdir())


def test_a_disk_full_at_the_end_names_the_file_and_the_way_on(finished, tmp_path, capsys, monkeypatch):
    resource = pytest.importorskip("resource")
    from diffshape.fitting import FitResult

    run, mesh = Path(shutil.copytree(finished, tmp_path / "run")), FitResult.mesh
    for name in ("metrics.json", "mesh.ply"):
        (run / name).unlink()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(result, resolution):
        surface = mesh(result, resolution)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        return surface

    with monkeypatch.context() as patch:
        patch.setattr(FitResult, "mesh", fill)
        try:
            fit("--resume", run, "--quiet", code=1)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    error = capsys.readouterr().err
    assert f"{run / 'mesh.ply'}: file too large" in error
    assert f"what was learnt is saved; finish its outputs with: diffshape fit --resume {run}" in error
    fit("--resume", run, "--quiet")
    assert (run / "mesh.ply").is_file()


def test_inputs_of_another_type_are_one_sentence(finished, tmp_path, capsys):
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    (run / "metrics.json").unlink()
    for content in ('{"points": 3}', '{"seed": "x"}', "[]", "[" * 3000):
        (run / "inputs.json").write_text(content)
        fit("--resume", run, code=1)
        error = capsys.readouterr().err
        assert f"{run / 'inputs.json'} is damaged" in error
        assert error.count("\n") == 1


@pytest.mark.slow
def test_what_is_written_along_the_way_goes_on_after_a_stop(scan, truth, tmp_path, capsys, monkeypatch, tiny):
    run, wanted = tmp_path / "run", ["--mesh-every", 2, "--eval-every", 1, "--keep-samples"]
    with monkeypatch.context() as patch:
        stop_at(3, signal.SIGINT, patch)
        fit(scan, "--truth", truth, "--out", run, *tiny, *wanted, code=130)
    fit("--resume", run)
    assert sorted(path.name for path in (run / "meshes").iterdir()) == [f"step_00000{step}.ply" for step in (2, 4, 5)]
    assert read_log(run / "eval_metrics.csv")["step"].tolist() == [1, 2, 3, 4, 5]
    assert (np.load(run / "train_points.npy").shape[1], np.load(run / "local_sigma.npy").ndim) == (3, 1)
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in ("meshes", "eval_metrics.csv", "train_points.npy", "local_sigma.npy"))


def test_scores_along_the_way_need_a_true_surface(scan, capsys):
    fit(scan, "--eval-every", 5, code=2)
    shown = capsys.readouterr()
    assert shown.err == "diffshape: --eval-every needs --truth, the true surface to score against\n"
    assert not shown.out
    assert not Path("outputs").exists()


@pytest.mark.parametrize("package", ["tensorboard", "wandb"])
def test_a_package_that_a_log_needs_is_named_before_the_fit(package, scan, capsys, monkeypatch):
    for module in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    fit(scan, "--log", package, "--out", "run", code=1)
    assert f"pip install {package}" in capsys.readouterr().err
    assert not Path("run").exists()


def test_a_closed_form_has_no_way_and_says_so(scan, capsys):
    fit(scan, "--resolution", 48, "--mesh-every", 5, "--out", "run")
    assert "without steps: nothing was written along the way" in capsys.readouterr().out
    assert not Path("run/meshes").exists()


def stop_at(step, number, monkeypatch):
    from diffshape.training import Progress

    monkeypatch.setattr(Progress, "__call__", lambda self, report: report.step == step and os.kill(os.getpid(), number))


@pytest.mark.slow
def test_killed_and_resumed_ends_with_the_same_bits(scan, finished, tmp_path, tiny):
    program = (
        "import os, signal, sys\n"
        "from diffshape.cli.main import main\n"
        "from diffshape.training.run_folder import RunFolder\n"
        "from diffshape.training import CheckpointFolder, Progress, Steps\n"
        "RunFolder.checkpoints = property(lambda run: CheckpointFolder(run.path / 'checkpoints', every=Steps(2)))\n"
        "Progress.__call__ = lambda self, report: report.step == 4 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "main(sys.argv[1:])"
    )
    words = ["fit", scan, "--out", tmp_path / "run", *tiny, "--threads", "1"]
    done = subprocess.run([sys.executable, "-c", program, *words], env=ENVIRONMENT, capture_output=True)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "run" / "checkpoints" / "step_000002.safetensors").is_file()
    fit("--resume", tmp_path / "run", "--quiet")
    killed, whole = (load_file(folder / "field.safetensors") for folder in (tmp_path / "run", finished))
    assert all(torch.equal(killed[name], whole[name]) for name in whole)
    assert (tmp_path / "run" / "mesh.ply").is_file()


SMALL_GRID = ["--field.levels", "3", "--field.finest", "32", "--field.log2-entries", "10", "--resolution", "48"]
SHORT = ["--steps", "600", "--supervised.pool", "20000", "--supervised.batch", "1024", *SMALL_GRID]


def test_a_mesh_is_encoded_and_scored_against_itself(truth, capsys):
    fit(truth, "--steps", 400, "--supervised.pool", 60_000, "--resolution", 48)
    out = capsys.readouterr().out.splitlines()
    folder = Path(out[0])
    assert folder.parent == Path("outputs/truth/supervised")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["distances"]["f1_volume"] > 0.8
    assert metrics["score"]["chamfer"] < 0.1
    assert any(line.startswith("distances, at 100,000 points each") for line in out)
    np.save("points.npy", np.array([[5.0, 0.0, 0.0], [8.0, 0.0, 0.0]]))
    assert main(["query", str(folder), "points.npy", "--out", "distances.npy"]) == 0
    inside, outside = np.load("distances.npy")
    assert inside < 0 < outside


@pytest.mark.slow
def test_the_options_of_a_grid_change_that_of_the_preset(truth, tmp_path):
    fit(truth, *SHORT, "--out", tmp_path / "run", "--quiet")
    field = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["field"]
    assert (field["levels"], field["finest"], field["box"], field["reads_point"]) == (3, 32, [-1.05, 1.05], False)


@pytest.mark.slow
def test_the_config_of_an_encoded_mesh_encodes_again(truth, tmp_path):
    fit(truth, *SHORT, "--out", tmp_path / "one", "--quiet")
    fit(truth, "--config", tmp_path / "one" / "config.yaml", "--resolution", 48, "--out", tmp_path / "two", "--quiet")
    first, second = (load_file(tmp_path / name / "field.safetensors") for name in ("one", "two"))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--preset", "paper"], "--preset paper is not for a mesh"),
        (["--method.batch", "7"], "--method.* has no effect on a mesh"),
        (["--max-points", "100"], "--max-points has no effect on a mesh"),
        (["--open"], "--open has no effect on a mesh"),
    ],
)
def test_what_is_for_scans_is_refused_for_a_mesh(truth, words, message, capsys):
    fit(truth, *words, code=2)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--preset", "fine"], "--preset fine is not for a scan"),
        (["--supervised.batch", "7"], "--supervised.* has no effect on a scan"),
    ],
)
def test_what_is_for_meshes_is_refused_for_a_scan(scan, words, message, capsys):
    fit(scan, *words, code=2)
    assert message in capsys.readouterr().err


def test_what_is_up_is_remembered(finished, tmp_path):
    assert json.loads((finished / "metrics.json").read_text())["up"] == "z"
    inputs = json.loads((finished / "inputs.json").read_text())
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "inputs.json").write_text(json.dumps(inputs | {"up": "-y"}))
    assert remembered_inputs(tmp_path / "run", truth=None).up == "-y"
    assert remembered_inputs(tmp_path / "run", truth=None, up="x").up == "x"
