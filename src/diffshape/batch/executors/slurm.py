"""Jobs of a SLURM cluster, submitted as arrays, which outlive the driver."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from diffshape.batch.executors.executor import Executor, ending_without_result
from diffshape.batch.jobs.job import Ending, Endings, Group, Job, Work, all_ended
from diffshape.batch.jobs.records import Record, Records

_POLL = 1.0
"""Seconds between two looks at the queue, or at a record."""
_GRACE = 15.0
"""Seconds in which the result of a task that has ended may still be on its way through a file system."""
_PATIENCE = 120.0
"""Seconds in which a task waits for the record of its job to name it."""
_WARNING = 60
"""Seconds before the time limit at which submitit is told that the time is up."""


@dataclass(frozen=True)
class Named:
    """Work that a task does only if the records of its jobs name this task, and no ending.

    A driver that is killed between a submission and the record of it leaves tasks of which nobody knows; the next
    driver submits their jobs again, and such a task finds another one named, or none.
    """

    work: Work

    def __call__(self, group: Group) -> Endings:
        """Wait until the records name this task, and work."""
        import submitit  # type: ignore[import-not-found]

        mine, until = submitit.JobEnvironment().job_id, time.monotonic() + _PATIENCE
        for job in group:
            while (record := Records(job.batch).of(job)) is None or (record.status, record.task) != ("begun", mine):
                if time.monotonic() > until:
                    error = f"the record of {job.name} does not name task {mine}"
                    return all_ended(group, Ending(status="failed", error=error))
                time.sleep(_POLL)
        return self.work(group)


class Slurm(Executor):
    """Groups of jobs as elements of SLURM arrays, through submitit, whose files are beside the records of the batch."""

    def __init__(
        self,
        work: Work,
        records: Records,
        *,
        slots: int,
        threads: int = 1,
        gpus: int = 0,
        memory: float | None = None,
        job_seconds: float | None = None,
        partition: str | None = None,
        cluster: str = "slurm",
    ) -> None:
        """
        Args:
            work: What is done with a group.
            records: The records of the batch, in a folder that all nodes see.
            slots: Largest number of groups that run at once.
            threads: Processors of a group.
            gpus: GPUs of a group.
            memory: Memory of a group in GB; None: the cluster's default.
            job_seconds: Time limit of a group; None: an hour.
            partition: Partition; None: the cluster's default.
            cluster: "slurm", or "local": processes of this machine in place of SLURM's, for trying things out; a second
                driver does not find what the first one left there.

        Raises:
            ImportError: submitit is not installed.
            RuntimeError: There is no SLURM on this machine.
        """
        try:
            import submitit  # type: ignore[import-not-found]
        except ImportError as error:
            raise ImportError(
                '--executor slurm needs submitit; install it by: pip install "diffshape[slurm]"'
            ) from error
        self._work, self._records, self._slots = Named(work), records, slots
        folder = records.folder.with_name("slurm")
        self._executor = submitit.AutoExecutor(folder=folder, cluster=cluster)
        self._rejoined = partial(submitit.SlurmJob, folder)
        minutes = math.ceil(((job_seconds or 3600) + _WARNING) / 60)
        options: dict[str, Any] = {"timeout_min": minutes, "cpus_per_task": threads, "gpus_per_node": gpus}
        if memory is not None:
            options["mem_gb"] = memory
        if partition is not None:
            options["slurm_partition"] = partition
        self._executor.update_parameters(
            name="diffshape", slurm_array_parallelism=slots, slurm_signal_delay_s=_WARNING, **options
        )
        self._new: list[Group] = []
        self._running: dict[Group, Any] = {}
        self._silent: dict[Group, float] = {}  # since when a task is known to have ended, without a result
        self._stopping = False

    @property
    def slots(self) -> int:
        """Largest number of groups at once."""
        return self._slots

    def rejoin(self, jobs: Sequence[Job], known: Mapping[str, Record]) -> Sequence[Job]:
        """Jobs whose records name a task of SLURM's and no ending; ``wait`` finds out whether it runs or has ended."""
        theirs = jobs if self._executor.cluster == "slurm" else ()
        outlived = [job for job in theirs if job.name in known and known[job.name].is_handed_over]
        self._running = {(job,): self._rejoined(known[job.name].task) for job in outlived}
        return outlived

    def start(self, group: Group) -> None:
        """Put the group into the next array."""
        self._new.append(group)

    def wait(self, seconds: float) -> Sequence[tuple[Group, Endings]]:
        """Submit what was started as one array; give the endings of what has ended."""
        if self._new:
            self._submit()
        until = time.monotonic() + seconds
        while not (ended := self._ended()) and time.monotonic() < until:
            time.sleep(min(_POLL, seconds))
        for group in ended:
            del self._running[group]
            self._silent.pop(group, None)
        return list(ended.items())

    def stop(self) -> None:
        """Cancel what runs or waits, once."""
        if not self._stopping:
            self._stopping = True
            self._cancel()

    def __exit__(self, *error: object) -> None:
        """Cancel what is left."""
        self._cancel()

    def _cancel(self) -> None:
        for task in self._running.values():
            task.cancel(check=False)

    def _submit(self) -> None:
        tasks = self._executor.map_array(self._work, self._new)
        for group, task in zip(self._new, tasks):
            for job in group:
                self._records.hand_over(job, task.job_id)
            self._running[group] = task
        self._new = []

    def _ended(self) -> dict[Group, Endings]:
        if self._stopping and self._running:  # submitit asks SLURM as rarely as every ten minutes
            next(iter(self._running.values())).done(force_check=True)
        endings = {group: self._endings(group, task) for group, task in self._running.items()}
        return {group: each for group, each in endings.items() if each is not None}

    def _endings(self, group: Group, task: Any) -> Endings | None:
        """How a task ended; None while it has not, or while its result may be on its way."""
        if not task.done():
            return None
        if not task.paths.result_pickle.exists():
            now = time.monotonic()
            if now - self._silent.setdefault(group, now) < _GRACE:
                return None
            if self._stopping:
                return all_ended(group, Ending(status="interrupted"))
            error = f"its task {task.job_id} ended as {task.state}, without a result"
            return all_ended(group, Ending(status="failed", error=error))
        try:
            return task.result()
        except Exception as error:
            return all_ended(group, ending_without_result(error, stopping=self._stopping))
