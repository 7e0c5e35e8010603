"""What is shown of a batch while it runs."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from diffshape.batch.jobs.job import Job
from diffshape.batch.jobs.records import Record
from diffshape.cli.batch.watch import BatchWatch

JOBS = [Job(name=name, verb="fit", input=f"{name}.ply", batch=Path("runs")) for name in "abcdef"]


def ended(watch, job, status, seconds=0.0, *, final=True):
    record = Record(name=job.name, verb=job.verb, input=job.input, status=status, attempts=1, seconds=seconds, error="")
    watch.ended(job, record, final=final)


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("diffshape.cli.batch.watch.time.monotonic", lambda: now[0])
    return now


def table_of(watch):
    console = Console(width=100, record=True, file=StringIO())
    console.print(watch._table())
    return console.export_text()


def test_the_time_left_counts_groups_not_their_jobs(clock):
    watch = BatchWatch(total=6, quiet=True)
    watch.began((JOBS[0],))
    ended(watch, JOBS[0], "done", 10.0)
    watch.began(tuple(JOBS[1:3]))
    clock[0] = 5.0
    assert watch.left() == 3 * 10 + 2 * 10 - 5


def test_the_time_left_is_that_of_what_runs_side_by_side_and_none_before_the_first_result(clock):
    watch = BatchWatch(total=6, quiet=True)
    for job in JOBS[:3]:
        watch.began((job,))
    assert watch.left() is None
    clock[0] = 10.0
    ended(watch, JOBS[0], "done", 10.0)
    watch.began((JOBS[3],))
    assert watch.left() == (2 * 10.0 + 0 + 0 + 10.0) / 3
    clock[0] = 100.0  # one that takes longer than all others before it is no reason to promise less than nothing
    assert watch.left() == 2 * 10.0 / 3


def test_the_table_counts_what_ended_runs_and_waits(clock):
    watch = BatchWatch(total=6, quiet=True)
    for job in JOBS[:4]:
        watch.began((job,))
    clock[0] = 30.0
    ended(watch, JOBS[0], "done", 30.0)
    ended(watch, JOBS[1], "failed")
    ended(watch, JOBS[2], "failed", final=False)
    first, *others = table_of(watch).splitlines()
    assert first.split("  ")[0] == "1 done, 1 failed, 1 running, 3 waiting"
    assert "0:30 so far" in first
    assert "about 1:30 left" in first
    assert [line.split() for line in others] == [["d", "0:30"]]


def test_elsewhere_than_on_a_terminal_every_ending_is_a_line(capsys):
    watch = BatchWatch(total=2, quiet=False)
    with watch:
        watch.began((JOBS[0],))
        ended(watch, JOBS[0], "done", 3.0)
    assert capsys.readouterr().err == "1 of 2  a: done in 3 s\n"
