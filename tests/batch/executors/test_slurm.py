import csv
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import small_slurm
from batch_work import do_as_told, job_of
from diffshape.batch.executors import slurm
from diffshape.batch.executors.serial import Serial
from diffshape.batch.executors.slurm import Named, Slurm
from diffshape.batch.jobs.job import Ending, all_ended
from diffshape.batch.jobs.records import Records
from diffshape.batch.jobs.run_jobs import planned, run_jobs
from diffshape.batch.jobs.table import write_table
from diffshape.cli.batch.together import kinds_of
from diffshape.cli.batch.work import do_jobs
from small_encodings import encodings

pytest.importorskip("submitit")


@pytest.fixture
def quick(monkeypatch):
    """Look often, and give a lost result up soon."""
    monkeypatch.setattr(slurm, "_POLL", 0.05)
    monkeypatch.setattr(slurm, "_GRACE", 1.0)


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """The commands of SLURM."""
    small_slurm.install(tmp_path / "commands")
    monkeypatch.setenv("PATH", f"{tmp_path / 'commands'}{os.pathsep}{os.environ['PATH']}")


def jobs_of(batch, what):
    return [job_of(batch, name, word) for name, word in what.items()]


def known(records):
    return {record.name: (record.status, record.attempts) for record in records.all()}


@pytest.mark.slow
def test_an_array_of_jobs_one_of_which_dies_once(tmp_path, importable_work, quick):
    what = {"good": "work", "weak": "die once", "bad": "fail", "dead": "die"}
    jobs, records = jobs_of(tmp_path, what), Records(tmp_path)
    executor = Slurm(do_as_told, records, slots=2, cluster="local")
    assert run_jobs(jobs, executor, records, retries=1)
    assert known(records) == {"good": ("done", 1), "weak": ("done", 2), "bad": ("failed", 2), "dead": ("failed", 2)}
    dead = records.of(jobs[-1])
    assert re.fullmatch(rf"its task {dead.task} ended as \w+, without a result", dead.error)


@pytest.mark.slow
def test_the_table_of_small_encodings_is_that_of_a_serial_batch(tmp_path, importable_work, quick):
    torch.set_num_threads(1)
    (tmp_path / "damaged.obj").write_text("v 0 0 0\nf 1 2 3\n")
    tables = []
    for name in ("serial", "slurm"):
        jobs, records = encodings(tmp_path, tmp_path / name, 3), Records(tmp_path / name)
        jobs.append(replace(jobs[0], name="damaged", input=str(tmp_path / "damaged.obj")))
        executor = Serial(do_jobs) if name == "serial" else Slurm(do_jobs, records, slots=2, cluster="local")
        assert run_jobs(jobs, executor, records, retries=1, alike=kinds_of(jobs), largest=2)
        write_table(tmp_path / name, records.all())
        with open(tmp_path / name / "table.csv", newline="") as table:
            rows = list(csv.DictReader(table))
        assert [(row.pop("folder"), float(row.pop("seconds")) > 0)[1] for row in rows] == [True] * 4
        tables.append(rows)
    assert tables[0] == tables[1]
    assert [(row["name"], row["status"], row["attempts"]) for row in tables[0]] == [
        ("damaged", "failed", "2"),
        *((f"mesh{number}", "done", "1") for number in range(3)),
    ]


@pytest.mark.slow
def test_what_outlived_its_driver_is_not_begun_twice_and_what_was_lost_is_tried_again(
    tmp_path, importable_work, quick, commands
):
    what = {"short": "work", "long": "be let go", "lost": "die once"}  # the first two as one task
    jobs, records = jobs_of(tmp_path, what), Records(tmp_path)
    script = Path(small_slurm.__file__).with_name("batch_driver.py")
    words = [f"{name}={word}" for name, word in what.items()]
    with subprocess.Popen([sys.executable, str(script), "slurm", str(tmp_path), *words]) as driver:
        until = time.monotonic() + 60
        while not all((tmp_path / f"{name}.begun").exists() for name in what) and time.monotonic() < until:
            time.sleep(0.05)
        driver.kill()
    executor = Slurm(do_as_told, records, slots=3)
    known_before = records.known(jobs)
    assert known_before["short"].task == known_before["long"].task != known_before["lost"].task
    with pytest.raises(ValueError, match=r"tasks of SLURM's .* go on with --executor slurm"):
        planned(jobs, records, known_before, retries=0, running=Serial(do_as_told).rejoin(jobs, known_before))
    plan = planned(jobs, records, known_before, retries=0, running=executor.rejoin(jobs, known_before))
    assert jobs[1] in plan.running
    (tmp_path / "go").touch()
    assert run_jobs(plan.open, executor, records, retries=1, running=plan.running)
    assert known(records) == {"short": ("done", 1), "long": ("done", 1), "lost": ("done", 2)}
    assert sorted((tmp_path / "done.txt").read_text().split()) == ["long", "lost", "short"]


@pytest.mark.slow
def test_tasks_that_are_told_to_stop_are_interrupted_whether_they_save_themselves_or_not(
    tmp_path, importable_work, quick, commands
):
    jobs, records = jobs_of(tmp_path, {"polite": "wait", "deaf": "be let go"}), Records(tmp_path)
    executor = Slurm(do_as_told, records, slots=2)
    marks = [tmp_path / f"{job.name}.begun" for job in jobs]
    assert not run_jobs(jobs, executor, records, retries=1, stopped=lambda: all(mark.exists() for mark in marks))
    assert known(records) == {"polite": ("interrupted", 0), "deaf": ("interrupted", 0)}
    assert not (tmp_path / "done.txt").exists()


def test_a_task_that_no_record_names_does_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(slurm, "_PATIENCE", 0.0)
    monkeypatch.setenv("SUBMITIT_EXECUTOR", "local")
    monkeypatch.setenv("SUBMITIT_LOCAL_JOB_ID", "7")
    job, records, done = job_of(tmp_path, "a"), Records(tmp_path), []

    def work(group):
        done.extend(group)
        return all_ended(group, Ending(status="done"))

    records.begin(job)
    assert "does not name task 7" in Named(work)((job,))["a"].error
    records.hand_over(job, "8")
    assert "does not name task 7" in Named(work)((job,))["a"].error
    assert not done
    records.hand_over(job, "7")
    assert Named(work)((job,))["a"].status == "done"
    assert done == [job]
    records.end(job, Ending(status="interrupted"))
    assert Named(work)((job,))["a"].status == "failed"
    assert done == [job]


def test_a_machine_without_slurm_is_told(tmp_path):
    with pytest.raises(RuntimeError, match="slurm"):
        Slurm(do_as_told, Records(tmp_path), slots=1)
