"""The driver of a batch: jobs to an executor, endings to records, what failed once more."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from diffshape.batch.executors.executor import Executor
from diffshape.batch.jobs.job import Ending, Group, Job
from diffshape.batch.jobs.records import Record, Records
from diffshape.batch.jobs.waiting import Waiting

_TOOK_ALL = "each time it was begun, the batch ended before it did"
_TICK = 0.5
"""Seconds between two reports of progress."""


class Watch:
    """What follows a batch; this one shows nothing."""

    def began(self, group: Group) -> None:
        """Jobs were begun in one process."""

    def ended(self, job: Job, record: Record, *, final: bool) -> None:
        """An attempt ended; ``final`` if the job is not tried again."""

    def tick(self) -> None:
        """Time went by."""


@dataclass
class Plan:
    """Jobs of a batch by what is to be done with them."""

    finished: list[tuple[Job, Record]] = field(default_factory=list)
    """Jobs that are done, or failed as often as they are tried."""
    running: list[Job] = field(default_factory=list)
    """Jobs that an earlier driver began and that an executor still has."""
    open: list[Job] = field(default_factory=list)
    """Jobs to run, in their order."""


def planned(
    jobs: Sequence[Job],
    records: Records,
    known: Mapping[str, Record],
    *,
    retries: int,
    retry_failed: bool = False,
    running: Collection[Job] = (),
) -> Plan:
    """What the records say of the jobs.

    Args:
        jobs: The jobs, under different names.
        records: The records of their batch.
        known: What these say of the jobs (see :meth:`Records.known`).
        retries: How often a job that failed is tried again.
        retry_failed: Whether jobs that failed so often are tried anew.
        running: Jobs that an executor still has (see :meth:`Executor.rejoin`).

    Raises:
        ValueError: A job is in the batch already with another input or other options; or a scheduler has it, and the
            executor is another one.
    """
    plan, begun = Plan(), frozenset(running)  # asked for each job of maybe thousands
    for job in jobs:
        record = known.get(job.name)
        if record is not None and not record.is_of(job):
            raise ValueError(
                f"{job.name} was made in {job.batch} from {record.input} with other options "
                f"({' '.join(record.options) or 'none'}); choose another folder, or give what it had"
            )
        if job in begun:
            plan.running.append(job)
            continue
        if record is not None and record.is_handed_over:
            raise ValueError(
                f"{job.name} and maybe others are tasks of SLURM's ({record.task}), which may still run; go on with "
                f"--executor slurm, or, if SLURM has none of them any more, remove {records.folder} and type this again"
            )
        spent = record is not None and record.status != "done" and record.attempts > retries
        if record is None or not (spent or record.status == "done"):
            plan.open.append(job)
        elif spent and retry_failed:
            records.forget(job)
            plan.open.append(job)
        elif record.status == "begun":
            plan.finished.append((job, records.end(job, Ending(status="failed", error=_TOOK_ALL))))
        else:
            plan.finished.append((job, record))
    return plan


def run_jobs(
    jobs: Sequence[Job],
    executor: Executor,
    records: Records,
    *,
    retries: int,
    running: Sequence[Job] = (),
    alike: Mapping[str, Hashable] = MappingProxyType({}),
    largest: int = 1,
    watch: Watch | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> bool:
    """Run jobs until each is done or has failed ``retries + 1`` times, whatever becomes of the processes they run in.

    Args:
        jobs: The jobs to run.
        executor: Where they run; entered here.
        records: Where it is written down.
        retries: How often a job that failed is tried again.
        running: Jobs that the executor has already.
        alike: What jobs that may be begun as one group have in common, by their names; a job tried again is alone.
        largest: Largest number of jobs in a group.
        watch: Told of everything; None: nothing is shown.
        stopped: Asked now and then whether the batch is to stop.

    Returns:
        Whether everything was run; False if it was stopped before.
    """
    watch = watch or Watch()
    waiting, busy, stop = Waiting(jobs, alike, largest), len(running), False
    for job in running:
        watch.began((job,))
    with executor:
        while busy or (waiting and not stop):
            while waiting and busy < executor.slots and not stop:
                group = waiting.take(executor.slots)
                for job in group:
                    records.begin(job)
                watch.began(group)
                executor.start(group)
                busy, stop = busy + 1, stopped()
            for group, endings in executor.wait(_TICK):
                busy -= 1
                for job in group:
                    ending = endings[job.name]
                    record = records.end(job, ending)
                    again = ending.status == "failed" and record.attempts <= retries
                    watch.ended(job, record, final=not again)
                    if again:
                        waiting.add(job)
                    stop = stop or ending.status == "interrupted"
            watch.tick()
            stop = stop or stopped()
            if stop:
                executor.stop()
    return not stop
