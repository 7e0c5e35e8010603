import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from diffshape import data
from diffshape._tensor_files import read_tensors
from diffshape.batch.jobs.job import Ending, Job
from diffshape.cli.batch import command, together, work
from diffshape.cli.batch.arguments import Batch
from diffshape.cli.batch.together import kinds_of
from diffshape.cli.main import main
from diffshape.training import read_log
from diffshape.training.run_folder import RunFolder


def job_of(path, *options, batch=Path("runs"), name=""):
    return Job(name=name or path.stem, verb="fit", input=str(path), options=options, batch=batch)


@pytest.fixture(scope="module")
def meshes(tmp_path_factory):
    """Two balls, a damaged mesh and a cloud of points."""
    folder = tmp_path_factory.mktemp("meshes")
    for number in range(2):
        ball = data.icosphere(1 + number)
        data.write_mesh(folder / f"ball{number}.ply", ball)
    (folder / "damaged.obj").write_text("v 0 0 0\nf 1 2 3\n")
    data.write_points(folder / "cloud.ply", np.asarray(data.icosphere(1).vertices))
    return folder


def encoded(meshes, out, *words):
    files = [str(meshes / name) for name in ("ball0.ply", "damaged.obj", "ball1.ply")]
    settings = ["--steps", "20", "--resolution", "16", "--supervised.pool", "5000", "--supervised.fresh", "50"]
    return main(["batch", *files, "--out", str(out), *settings, "--quiet", *words])


def same_bits(here, there):
    one, other = read_tensors(here).tensors, read_tensors(there).tensors
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.slow
def test_a_group_has_the_folders_bits_and_rows_of_encodings_one_by_one(meshes, tmp_path, capsys):
    torch.set_num_threads(1)
    assert encoded(meshes, tmp_path / "alone", "--executor", "serial", "--group", "1") == 3
    assert encoded(meshes, tmp_path / "group", "--executor", "local", "--jobs", "1") == 3
    assert "trained together: ball0, damaged, ball1" in (tmp_path / "group/batch/logs/ball1.txt").read_text()
    assert "together" not in (tmp_path / "alone/batch/logs/ball1.txt").read_text()
    for name in ("ball0", "ball1"):
        alone, group = (tmp_path / way / name for way in ("alone", "group"))
        assert {path.name for path in group.iterdir()} | {"checkpoints"} == {path.name for path in alone.iterdir()}
        assert same_bits(group / "field.safetensors", alone / "field.safetensors")
        assert (group / "mesh.ply").read_bytes() == (alone / "mesh.ply").read_bytes()
        assert RunFolder(group).read_metrics()["score"] == RunFolder(alone).read_metrics()["score"]
        one, other = read_log(group / "log.csv"), read_log(alone / "log.csv")
        assert all(np.array_equal(one[column], other[column]) for column in ("step", "lr", "loss", "mape", "error"))
    rows = []
    for way in ("alone", "group"):
        with open(tmp_path / way / "table.csv", newline="") as table:
            rows.append([(row["name"], row["status"], row["attempts"], row["error"]) for row in csv.DictReader(table)])
    assert rows[0] == rows[1]
    assert [row[:3] for row in rows[0]] == [("ball0", "done", "1"), ("ball1", "done", "1"), ("damaged", "failed", "2")]
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "group").glob("ball*/*")}
    assert encoded(meshes, tmp_path / "group", "--executor", "local", "--jobs", "1") == 3
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "group").glob("ball*/*")} == before


def test_small_meshes_with_the_same_settings_go_together_whatever_they_are_scored_against(meshes):
    ball = meshes / "ball0.ply"
    jobs = [
        job_of(ball, "--seed=1", name="a"),
        job_of(ball, "--seed=1", "--truth", "b.ply", name="b"),
        job_of(meshes / "damaged.obj", "--seed=1"),
    ]
    kinds = kinds_of(jobs)
    assert sorted(kinds) == ["a", "b", "damaged"]
    assert len(set(kinds.values())) == 1
    assert kinds_of([job_of(ball, "--seed=2", name="a")])["a"] != kinds["a"]
    assert kinds_of([job_of(ball, "--seed=1", "--device=cpu", name="a")])["a"] != kinds["a"]


@pytest.mark.parametrize(
    "options",
    [
        ("--seconds=3",),
        ("--as-scan",),
        ("--mesh-every=5",),
        ("--log=tensorboard",),
        ("--field=siren",),
        ("--preset=fine",),
        ("--method=igr",),
        ("--supervised.pool=2000000",),
    ],
)
def test_what_is_not_small_or_writes_along_the_way_goes_alone(meshes, options):
    assert not kinds_of([job_of(meshes / "ball0.ply", *options)])


def test_scans_large_meshes_and_other_commands_go_alone(meshes, monkeypatch):
    score = Job(name="score", verb="eval", input=str(meshes / "ball0.ply"), batch=Path("runs"))
    assert not kinds_of([job_of(meshes / "cloud.ply"), score])
    monkeypatch.setattr(together, "_BYTES", 10)
    assert not kinds_of([job_of(meshes / "ball0.ply")])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, True),
        ({"group": 1}, False),
        ({"retries": 0}, False),
        ({"job_seconds": 9.0}, False),
        ({"job_memory": 1.0}, False),
    ],
)
def test_limits_of_a_job_and_single_attempts_forbid_groups(options, expected):
    assert command._may_be_together(Batch(inputs=(), **options)) is expected


@pytest.fixture
def group(meshes, tmp_path, monkeypatch):
    """Two jobs, of which only the training together is real."""
    monkeypatch.setattr(work, "_do_job", lambda job: Ending(status="done", seconds=1.0))
    options = ("--steps=500", "--supervised.pool=5000")
    return tuple(job_of(meshes / f"ball{number}.ply", *options, batch=tmp_path) for number in range(2))


def test_a_group_that_is_told_to_stop_leaves_runs_that_go_on(group, monkeypatch):
    from diffshape.training.loop import Interrupts

    monkeypatch.setattr(Interrupts, "requested", property(lambda self: True, lambda self, value: None), raising=False)
    assert {ending.status for ending in work.do_jobs(group).values()} == {"interrupted"}
    for job in group:
        assert RunFolder(job.folder).is_begun
        assert not RunFolder(job.folder).holds_weights
        assert work.command_words(job)[:2] == ["fit", "--resume"]


@pytest.mark.parametrize("error", [ValueError("no"), MemoryError("no"), RuntimeError("no")])
def test_a_group_that_cannot_be_trained_is_done_one_by_one(group, monkeypatch, error):
    def broken(jobs):
        raise error

    monkeypatch.setattr(work, "train_together", broken)
    assert {ending.status for ending in work.do_jobs(group).values()} == {"done"}
    assert "fitted one by one: no" in work.log_path(group[1]).read_text()


def test_ctrl_c_while_the_meshes_are_read_interrupts_all(group, monkeypatch):
    def interrupted(jobs):
        raise KeyboardInterrupt

    monkeypatch.setattr(work, "train_together", interrupted)
    assert {ending.status for ending in work.do_jobs(group).values()} == {"interrupted"}


def test_after_an_interruption_the_rest_of_a_group_is_interrupted_too(group, monkeypatch):
    monkeypatch.setattr(work, "train_together", lambda jobs: True)
    monkeypatch.setattr(work, "_do_job", lambda job: Ending(status="interrupted" if job is group[0] else "done"))
    assert [ending.status for ending in work.do_jobs(group).values()] == ["interrupted"] * 2
