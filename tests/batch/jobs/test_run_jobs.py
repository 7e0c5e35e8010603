import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from batch_work import do_as_told, job_of
from diffshape.batch.executors.local import Local
from diffshape.batch.executors.serial import Serial
from diffshape.batch.jobs.job import Ending, Job
from diffshape.batch.jobs.records import Record, Records
from diffshape.batch.jobs.run_jobs import Watch, planned, run_jobs

SUPPORT = Path(__file__).parents[2] / "support"


class Heard(Watch):
    """What was told of a batch."""

    def __init__(self):
        self.ends: list[tuple[str, str, bool]] = []

    def ended(self, job: Job, record: Record, *, final: bool):
        self.ends.append((job.name, record.status, final))


def run(jobs: Sequence[Job], executor, *, retries=1, stopped=lambda: False):
    records, heard = Records(jobs[0].batch), Heard()
    whole = run_jobs(jobs, executor, records, retries=retries, watch=heard, stopped=stopped)
    return whole, {record.name: record for record in records.all()}, heard.ends


def plan_of(jobs: Sequence[Job], **options):
    records = Records(jobs[0].batch)
    return planned(jobs, records, records.known(jobs), **options)


def test_a_process_that_is_killed_takes_no_other_job_with_it(tmp_path):
    jobs = [job_of(tmp_path, f"j{number}", "die once" if number == 2 else "work") for number in range(6)]
    whole, records, _ = run(jobs, Local(do_as_told, slots=2))
    assert whole
    assert all(record.status == "done" for record in records.values())
    assert [records[job.name].attempts for job in jobs] == [1, 1, 2, 1, 1, 1]
    assert sorted((tmp_path / "done.txt").read_text().split()) == [job.name for job in jobs]


@pytest.mark.parametrize(("what", "signal"), [("die", "SIGKILL"), ("crash", "SIGSEGV")])
def test_what_kills_every_process_is_recorded_and_not_tried_for_ever(tmp_path, what, signal):
    jobs = [job_of(tmp_path, "poison", what), job_of(tmp_path, "good")]
    whole, records, ends = run(jobs, Local(do_as_told, slots=1), retries=2)
    assert whole
    assert (records["poison"].status, records["poison"].attempts) == ("failed", 3)
    assert records["poison"].error == f"its process died: signal {signal}"
    assert records["good"].status == "done"
    assert [final for name, _, final in ends if name == "poison"] == [False, False, True]


def test_a_group_that_is_killed_is_done_one_by_one_and_what_killed_it_is_given_up(tmp_path):
    jobs = [job_of(tmp_path, f"j{number}", "die" if number == 2 else "work") for number in range(5)]
    records, alike = Records(tmp_path), dict.fromkeys((job.name for job in jobs), "small")
    assert run_jobs(jobs, Local(do_as_told, slots=1), records, retries=1, alike=alike, largest=4)
    known = {record.name: (record.status, record.attempts) for record in records.all()}
    assert known.pop("j2") == ("failed", 2)
    assert known == {"j0": ("done", 2), "j1": ("done", 2), "j3": ("done", 2), "j4": ("done", 1)}


@pytest.mark.parametrize("executor", [Serial(do_as_told), Local(do_as_told, slots=2)], ids=["serial", "local"])
def test_the_jobs_of_a_group_are_done_in_one_process_and_recorded_each(tmp_path, executor):
    jobs = [job_of(tmp_path, "a"), job_of(tmp_path, "bad", "fail"), job_of(tmp_path, "b"), job_of(tmp_path, "other")]
    records, groups = Records(tmp_path), []
    watch = Watch()
    watch.began = lambda group: groups.append([job.name for job in group])
    alike = dict.fromkeys(("a", "bad", "b"), "small")
    assert run_jobs(jobs, executor, records, retries=1, alike=alike, largest=16, watch=watch)
    known = {record.name: record for record in records.all()}
    assert {name: (record.status, record.attempts) for name, record in known.items()} == {
        "a": ("done", 1),
        "b": ("done", 1),
        "other": ("done", 1),
        "bad": ("failed", 2),
    }
    together = next(group for group in groups if len(group) > 1)
    assert len({known[name].metrics["process"] for name in together if name != "bad"}) == 1
    assert groups[-1] == ["bad"]


@pytest.mark.parametrize(
    ("limits", "said"), [({"memory": 0.3}, "more than 0.3 GB"), ({"job_seconds": 3.0}, "longer than 3 seconds")]
)
def test_a_job_beyond_its_limits_is_ended_and_no_other_is_harmed(tmp_path, limits, said):
    jobs = [job_of(tmp_path, "large", "hold memory"), job_of(tmp_path, "beside"), job_of(tmp_path, "after")]
    whole, records, _ = run(jobs, Local(do_as_told, slots=2, **limits), retries=0)
    assert whole
    assert records["large"].status == "failed"
    assert said in records["large"].error
    assert [(records[name].status, records[name].attempts) for name in ("beside", "after")] == [("done", 1)] * 2


def test_a_batch_that_is_stopped_asks_its_jobs_to_and_counts_no_attempt(tmp_path):
    jobs = [job_of(tmp_path, "first", "wait"), job_of(tmp_path, "second", "wait")]
    begun = tmp_path / "first.begun"
    whole, records, _ = run(jobs, Local(do_as_told, slots=1), stopped=begun.exists)
    assert not whole
    assert (records["first"].status, records["first"].attempts) == ("interrupted", 0)
    assert "second" not in records


def test_a_serial_batch_fails_and_goes_on(tmp_path):
    whole, records, ends = run([job_of(tmp_path, "bad", "fail"), job_of(tmp_path, "good")], Serial(do_as_told))
    assert whole
    assert ends == [("bad", "failed", False), ("good", "done", True), ("bad", "failed", True)]
    assert records["bad"].error == "it was told to"


def test_what_is_done_or_failed_often_enough_is_not_run_again(tmp_path):
    jobs = [job_of(tmp_path, name, what) for name, what in (("good", "work"), ("bad", "fail"))]
    run(jobs, Serial(do_as_told))
    new = job_of(tmp_path, "new")
    plan = plan_of([*jobs, new], retries=1)
    assert plan.open == [new]
    assert [(job.name, record.status) for job, record in plan.finished] == [("good", "done"), ("bad", "failed")]
    assert plan_of(jobs, retries=1, retry_failed=True).open == [jobs[1]]
    assert plan_of(jobs, retries=2).open == [jobs[1]]


def test_what_took_its_driver_with_it_is_not_tried_for_ever(tmp_path):
    job, records = job_of(tmp_path, "poison"), Records(tmp_path)
    records.begin(job)
    assert plan_of([job], retries=1).open == [job]
    records.begin(job)
    [(_, record)] = plan_of([job], retries=1).finished
    assert record.status == "failed"
    assert "ended before it did" in record.error


@pytest.mark.slow
def test_a_driver_that_is_killed_and_begun_again_has_every_result_once(tmp_path):
    what = {"a": "work", "b": "hang once", "c": "work", "d": "work"}
    jobs, records = [job_of(tmp_path, name, word) for name, word in what.items()], Records(tmp_path)
    paths = os.pathsep.join([str(SUPPORT), str(SUPPORT.parents[1] / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, SUPPORT / "batch_driver.py", "local", tmp_path, *map("=".join, what.items())]
    with subprocess.Popen(list(map(str, command)), env={**os.environ, "PYTHONPATH": paths}) as driver:
        until = time.monotonic() + 60
        while [record.status for record in records.all()] != ["done", "begun", "done", "done"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        driver.kill()
    plan = plan_of(jobs, retries=1)
    assert plan.open == [jobs[1]]
    assert run_jobs(plan.open, Local(do_as_told, slots=2), records, retries=1)
    assert [(record.status, record.attempts) for record in records.all()] == [("done", 1 + (n == 1)) for n in range(4)]
    assert sorted((tmp_path / "done.txt").read_text().split()) == list(what)


def test_another_input_under_a_name_that_is_taken_is_refused(tmp_path):
    run([job_of(tmp_path, "a")], Serial(do_as_told))
    with pytest.raises(ValueError, match=r"a was made in .* from work with other options"):
        plan_of([job_of(tmp_path, "a", "fail")], retries=1)


def test_the_ending_of_a_job_whose_record_is_gone_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="was removed while it ran"):
        Records(tmp_path).end(job_of(tmp_path, "a"), Ending(status="done"))


def test_a_batch_whose_tasks_slurm_may_still_run_is_refused_elsewhere(tmp_path):
    job, records = job_of(tmp_path, "a"), Records(tmp_path)
    records.begin(job)
    records.hand_over(job, "7_0")
    with pytest.raises(ValueError, match=r"a and maybe others are tasks of SLURM's \(7_0\).*--executor slurm"):
        plan_of([job], retries=1)
    assert plan_of([job], retries=1, running=[job]).running == [job]
    records.end(job, Ending(status="failed"))
    assert plan_of([job], retries=1).open == [job]
