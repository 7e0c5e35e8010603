import csv
import json
import os
import signal
import threading

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from diffshape import data
from diffshape.batch.jobs.job import Ending, Endings, Group, all_ended
from diffshape.cli.batch import command
from diffshape.cli.main import main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scans")
    for number in range(2):
        directions = np.random.default_rng(number).standard_normal((400, 3))
        points = (1 + number) * directions / np.linalg.norm(directions, axis=1, keepdims=True)
        data.write_points(folder / f"ball{number}.ply", points)
    return folder


@pytest.fixture(scope="module")
def truths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("truths")
    for number in range(2):
        ball = data.icosphere(3)
        data.write_mesh(folder / f"ball{number}.ply", (1 + number) * 2 * np.asarray(ball.vertices), ball.faces)
    return folder


def rows_of(folder):
    with open(folder / "table.csv", newline="") as text:
        return {row["name"]: row for row in csv.DictReader(text)}


@pytest.fixture(scope="module")
def fitted(scans, truths, tmp_path_factory):
    """A batch of two fits in processes."""
    folder = tmp_path_factory.mktemp("batch") / "runs"
    words = ["batch", str(scans), "--out", str(folder), "--truth", str(truths), "--resolution", "24"]
    torch.set_num_threads(1)
    assert main(words) == 0
    return folder, words


def test_every_scan_has_a_run_folder_and_a_row_with_its_score(fitted):
    folder, _ = fitted
    rows = rows_of(folder)
    assert sorted(rows) == ["ball0", "ball1"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "2 runs, 2 of which finished." in page
    for name, row in rows.items():
        assert (folder / name / "mesh.ply").is_file()
        assert f'href="{name}/report.html"' in page
        assert (row["status"], row["attempts"]) == ("done", "1")
        assert float(row["score.iou"]) > 0.9


def test_what_is_finished_is_not_made_again(fitted, capsys):
    folder, words = fitted
    before = {path: path.stat().st_mtime_ns for path in folder.glob("ball*/*")}
    assert main(words) == 0
    assert "2 finished, 0 to run" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in folder.glob("ball*/*")} == before


def test_other_options_for_the_same_folder_are_refused(fitted, capsys):
    _, words = fitted
    assert main([*words, "--seed", "3"]) == 2
    assert "with other options" in capsys.readouterr().err


def test_a_fit_in_this_process_has_the_same_bits(fitted, scans, tmp_path):
    folder, _ = fitted
    out = tmp_path / "serial"
    words = [str(scans / "ball0.ply"), "--out", str(out), "--executor", "serial", "--resolution", "24"]
    assert main(["batch", *words]) == 0
    assert (out / "ball0/mesh.ply").read_bytes() == (folder / "ball0/mesh.ply").read_bytes()
    here, there = (load_file(each / "ball0/field.safetensors") for each in (out, folder))
    assert here.keys() == there.keys()
    assert all(torch.equal(here[name], there[name]) for name in here)


def test_one_bad_file_among_good_ones_is_exit_code_3(scans, tmp_path, capsys):
    broken = tmp_path / "broken.ply"
    broken.write_text("ply\nno")
    out = tmp_path / "runs"
    words = [str(broken), str(scans / "ball0.ply"), "--out", str(out), "--executor", "serial", "--resolution", "24"]
    assert main(["batch", *words, "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["failed"] == 1
    rows = rows_of(out)
    assert (rows["broken"]["status"], rows["broken"]["attempts"], rows["ball0"]["status"]) == ("failed", "2", "done")
    assert "1 of which finished. 1 job failed." in (out / "report.html").read_text(encoding="utf-8")
    assert "broken.ply" in rows["broken"]["error"]


def test_a_batch_of_which_all_failed_is_exit_code_1(tmp_path, capsys):
    broken = tmp_path / "broken.ply"
    broken.write_text("ply\nno")
    assert main(["batch", str(broken), "--out", str(tmp_path / "runs"), "--executor", "serial"]) == 1
    assert "0 done, 1 failed" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_batch_that_is_told_to_stop_ends_with_130_and_goes_on(scans, tmp_path, capsys, monkeypatch, number):
    def work(group: Group) -> Endings:
        if not (tmp_path / "told").exists():
            (tmp_path / "told").touch()
            os.kill(os.getpid(), number)
        return all_ended(group, Ending(status="done"))

    monkeypatch.setattr(command, "do_jobs", work)
    out = tmp_path / "runs"
    words = ["batch", str(scans / "ball0.ply"), str(scans / "ball1.ply"), "--out", str(out), "--executor", "serial"]
    assert main(words) == 130
    assert "go on with the same command" in capsys.readouterr().err
    assert sorted(rows_of(out)) == ["ball0"]
    assert main(words) == 0
    assert {name: row["attempts"] for name, row in rows_of(out).items()} == {"ball0": "1", "ball1": "1"}


def test_a_page_of_too_many_runs_is_left_to_its_command(scans, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "do_jobs", lambda group: all_ended(group, Ending(status="done")))
    monkeypatch.setattr(command, "_LARGEST_PAGE", 1)
    out = tmp_path / "runs"
    balls = [str(scans / f"ball{number}.ply") for number in range(2)]
    assert main(["batch", *balls, "--out", str(out), "--executor", "serial"]) == 0
    assert f"no report.html of 2 runs; this writes it: diffshape report {out}" in capsys.readouterr().err


def test_surfaces_are_scored_against_those_of_their_names(truths, tmp_path):
    out = tmp_path / "scores"
    words = [str(truths), "--truth", str(truths), "--out", str(out), "--executor", "serial", "--samples", "500"]
    assert main(["batch", "--verb", "eval", *words]) == 0
    assert float(rows_of(out)["ball1"]["iou"]) == pytest.approx(1.0)


def test_shards_divide_the_jobs(truths, tmp_path):
    out = tmp_path / "scores"
    words = ["batch", "--verb=eval", str(truths), "--truth", str(truths), "--out", str(out), "--executor", "serial"]
    assert main([*words, "--samples", "500", "--shard", "2/2"]) == 0
    assert sorted(rows_of(out)) == ["ball1"]
    assert main([*words, "--samples", "500", "--shard", "1/2"]) == 0
    assert sorted(rows_of(out)) == ["ball0", "ball1"]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ([], [], 1),
        ([], ["--shard", "2/2"], 1),
        (["--shard", "1/2"], [], 1),
        (["--shard", "1/2"], ["--shard", "1/3"], 1),
        (["--shard", "1/2"], ["--executor", "local"], 1),
        (["--shard", "1/2"], ["--shard", "2/2"], 0),
    ],
)
def test_no_job_has_two_drivers_whichever_parts_they_are_given(
    scans, tmp_path, capsys, monkeypatch, first, second, code
):
    out, codes = tmp_path / "runs", []
    words = ["batch", str(scans / "ball0.ply"), str(scans / "ball1.ply"), "--out", str(out), "--executor", "serial"]

    def work(group: Group) -> Endings:
        if not codes:  # of the first driver, while it has its jobs
            other = threading.Thread(target=lambda: codes.append(main([*words, *second])))
            codes.append(None)
            other.start()
            other.join()
        return all_ended(group, Ending(status="done"))

    monkeypatch.setattr(command, "do_jobs", work)
    assert main([*words, *first]) == 0
    assert codes == [None, code]
    refused = f"{out} is in use: process {os.getpid()} on"
    assert (refused in capsys.readouterr().err) == bool(code)
    assert main(words) == 0
    assert {row["attempts"] for row in rows_of(out).values()} == {"1"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("input,steps\nball0.ply,many\nball1.ply,3\n", "line 2: --steps must be a whole number, got 'many'"),
        ("input,stesp\nball0.ply,3\n", "line 2: there is no option for the column 'stesp'; did you mean --steps"),
        ("input\nball7.ply\n", "line 2: there is no file /"),
        ("input\nball7.ply\n", "/ball7.ply"),
        ("input,name\nball0.ply,a\nball1.ply,a\n", "two inputs are called a"),
        (
            "input,steps,name\nball0.ply,3\n,3,\nball7.ply,3,\nball0.ply,0,x\nball0.ply,3,b\nball1.ply,3,b\n",
            (
                "as 6 inputs are wrong",
                "2 cells for 3",
                "'input' is empty",
                "no file",
                "at least 1",
                "two inputs are called b",
            ),
        ),
        ("input,name\nball0.ply,../a\n", "line 2: '../a' cannot be the name of a job"),
        ("input,open\nball0.ply,perhaps\n", "line 2: the column 'open' must be yes or no"),
    ],
)
def test_a_bad_row_is_told_before_anything_runs(scans, tmp_path, capsys, rows, said):
    (scans / "jobs.csv").write_text(rows)
    out = tmp_path / "runs"
    assert main(["batch", str(scans / "jobs.csv"), "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert all(part in told for part in ([said] if isinstance(said, str) else said))
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out"], "--out needs a value"),
        (["--resume", "x"], "there is no option --resume"),
        (["--stpes", "3"], "there is no option --stpes; did you mean --steps"),
        (["--shard", "3/2"], "--shard must be I/N"),
        (["--steps", "-3"], "--steps must be at least 1, got -3"),
        (["--gpus", "1"], "--gpus has no effect with --executor local"),
        (["--jobs", "0"], "--jobs must be at least 1"),
        (["--verb", "demo"], "--verb must be one of fit, clean, eval, sample"),
    ],
)
def test_options_that_cannot_be_meant(scans, capsys, words, said):
    assert main(["batch", str(scans / "ball0.ply"), *words]) == 2
    assert said in capsys.readouterr().err
