"""``diffshape batch``: one command on many inputs, several at once."""

import json
import os
import sys
from pathlib import Path

from diffshape._commands import typed_as
from diffshape.batch.executors.executor import Executor
from diffshape.batch.executors.local import Local
from diffshape.batch.executors.serial import Serial
from diffshape.batch.jobs.claims import alone, claimed
from diffshape.batch.jobs.records import FOLDER, Record, Records
from diffshape.batch.jobs.run_jobs import Plan, planned, run_jobs
from diffshape.batch.jobs.table import table_rows, write_table
from diffshape.cli.batch.arguments import Batch as Batch
from diffshape.cli.batch.arguments import check, folder_of
from diffshape.cli.batch.arguments import taken_apart as taken_apart
from diffshape.cli.batch.jobs import jobs_of
from diffshape.cli.batch.together import kinds_of
from diffshape.cli.batch.watch import BatchWatch
from diffshape.cli.batch.work import do_jobs
from diffshape.cli.errors import DONE, FAILED, INTERRUPTED, PARTLY_FAILED, usage_errors
from diffshape.cli.messages import Messages
from diffshape.training.interrupt import Interrupts
from diffshape.training.run_folder import RunFolder

_SLURM_JOBS = 64
"""Number of jobs that SLURM runs at once, if none is given."""
_LARGEST_PAGE = 2000
"""Number of runs above which no page of all of them is written: each takes 4 kB of it, and some time of the browser."""
_FILES = {
    "report.html": "the runs on one page, with pictures, scores to sort by, and links to their reports",
    "table.csv": "a row for each job: status, attempts, seconds, and all numbers of its result",
    "table.parquet": "the same for data frames",
    "failures.csv": "what failed, and why",
    f"{FOLDER}/logs": "what the jobs printed",
}
"""Contents of the files of a batch, by their names."""


def run(arguments: Batch) -> int:
    """Run the jobs that are left, write the table, and print what became of them."""
    check(arguments)
    folder = folder_of(arguments).absolute()
    jobs = jobs_of(arguments, folder)
    say = Messages(verb="batch", json=arguments.json, quiet=arguments.quiet)
    records = Records(folder)
    executor = _executor(arguments, records)
    with claimed(folder, jobs):
        with alone(folder), usage_errors():
            known = records.known(jobs)
            plan = planned(
                jobs,
                records,
                known,
                retries=arguments.retries,
                retry_failed=arguments.retry_failed,
                running=executor.rejoin(jobs, known),
            )
        new = [job for job in plan.open if job.name not in known and not RunFolder(job.folder).is_begun]
        say.folder(folder)
        say(_planned(plan))
        watch = BatchWatch(total=len(plan.open) + len(plan.running), quiet=arguments.quiet)
        whole = False
        try:
            with Interrupts() as interrupts, watch:
                whole = run_jobs(
                    plan.open,
                    executor,
                    records,
                    retries=arguments.retries,
                    running=plan.running,
                    alike=kinds_of(new) if _may_be_together(arguments) else {},
                    largest=arguments.group,
                    watch=watch,
                    stopped=lambda: interrupts.requested,
                )
        finally:
            with alone(folder):  # whoever comes last has all rows
                every = records.all()
                write_table(folder, every)
                if whole and arguments.verb == "fit":
                    _write_report(folder, len(every))
    mine = {job.name for job in jobs}
    return _told(say, arguments, folder, [record for record in every if record.name in mine], whole=whole)


def _may_be_together(arguments: Batch) -> bool:
    """Whether small encodings may be trained in one program: what ends it counts as an attempt of each of them."""
    limited = arguments.job_seconds is not None or arguments.job_memory is not None
    return arguments.group > 1 and arguments.retries > 0 and not limited


def _planned(plan: Plan) -> str:
    """What is to be done, in a line."""
    failed = sum(record.status == "failed" for _, record in plan.finished)
    counts = {"finished": len(plan.finished) - failed, "failed before": failed, "begun before": len(plan.running)}
    parts = [f"{count} {what}" for what, count in counts.items() if count or what == "finished"]
    total = len(plan.finished) + len(plan.running) + len(plan.open)
    return f"{total} {'job' if total == 1 else 'jobs'}: {', '.join(parts)}, {len(plan.open)} to run"


def _write_report(folder: Path, runs: int) -> None:
    from diffshape.report import write_report

    if runs > _LARGEST_PAGE:
        print(f"no report.html of {runs} runs; this writes it: {typed_as('report', folder)}", file=sys.stderr)
        return
    try:
        write_report(folder)
    except Exception as error:  # such as that no fit came as far as a folder
        print(f"no report.html: {error}", file=sys.stderr)


def _executor(arguments: Batch, records: Records) -> Executor:
    if arguments.executor == "serial":
        return Serial(do_jobs)
    if arguments.executor == "ray":
        from diffshape.batch.executors.ray import Ray

        return Ray(do_jobs, threads=arguments.threads, gpus=arguments.gpus, memory=arguments.job_memory)
    if arguments.executor == "slurm":
        from diffshape.batch.executors.slurm import Slurm

        return Slurm(
            do_jobs,
            records,
            slots=arguments.jobs or _SLURM_JOBS,
            threads=arguments.threads,
            gpus=int(arguments.gpus),
            memory=arguments.job_memory,
            job_seconds=arguments.job_seconds,
            partition=arguments.partition,
        )
    slots = arguments.jobs or max(1, _processors() // arguments.threads)
    return Local(do_jobs, slots=slots, memory=arguments.job_memory, job_seconds=arguments.job_seconds)


def _processors() -> int:
    """Processors that this process may use: a scheduler may give it fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _told(say: Messages, arguments: Batch, folder: Path, records: list[Record], *, whole: bool) -> int:
    """Print what became of the jobs; returns the exit code."""
    failed = [record for record in records if record.status == "failed"]
    done = sum(record.status == "done" for record in records)
    if arguments.json:
        print(json.dumps({"folder": str(folder), "failed": len(failed), "rows": table_rows(records)}))
    say(f"\n{done} done, {len(failed)} failed")
    for record in failed[:10]:
        say(f"  {record.name}: {record.error}")
    say.files({name: content for name, content in _FILES.items() if (folder / name).exists()})
    if not whole:
        print(f"stopped and saved; go on with the same command and --out {folder}", file=sys.stderr)
        return INTERRUPTED
    return DONE if not failed else PARTLY_FAILED if done else FAILED
