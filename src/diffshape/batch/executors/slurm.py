"""Jobs of a SLURM cluster, submitted as arrays, which outlive the driver."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from diffshape.batch.executors.executor import Executor, ending_without_result
from diffshape.batch.jobs.job import Ending, Job, Work
from diffshape.batch.jobs.records import Records

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
    """Work that a task does only if the record of the job names this task, and no ending.

    A driver that is killed between a submission and the record of it leaves tasks of which nobody knows; the next
    driver submits their jobs again, and such a task finds another one named, or none.
    """

    work: Work

    def __call__(self, job: Job) -> Ending:
        """Wait until the record names this task, and work."""
        import submitit  # type: ignore[import-not-found]

        mine, until = submitit.JobEnvironment().job_id, time.monotonic() + _PATIENCE
        while (record := Records(job.batch).of(job)) is None or (record.status, record.task) != ("begun", mine):
            if time.monotonic() > until:
                return Ending(status="failed", error=f"the record of {job.name} does not name task {mine}")
            time.sleep(_POLL)
        return self.work(job)


class Slurm(Executor):
    """Jobs as elements of SLURM arrays, through submitit, which keeps its files beside the records of the batch."""

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
            work: What is done with a job.
            records: The records of the batch, in a folder that all nodes see.
            slots: Largest number of jobs that run at once.
            threads: Processors of a job.
            gpus: GPUs of a job.
            memory: Memory of a job in GB; None: the cluster's default.
            job_seconds: Time limit of a job; None: an hour.
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
        self._new: list[Job] = []
        self._running: dict[Job, Any] = {}
        self._silent: dict[Job, float] = {}  # since when a task is known to have ended, without a result
        self._stopping = False

    @property
    def slots(self) -> int:
        """Largest number of jobs at once."""
        return self._slots

    def rejoin(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Jobs whose records name a task of SLURM's and no ending; ``wait`` finds out whether it runs or has ended."""
        for job in jobs if self._executor.cluster == "slurm" else ():
            record = self._records.of(job)
            if record is not None and record.status == "begun" and record.task:
                self._running[job] = self._rejoined(record.task)
        return list(self._running)

    def start(self, job: Job) -> None:
        """Put the job into the next array."""
        self._new.append(job)

    def wait(self, seconds: float) -> Sequence[tuple[Job, Ending]]:
        """Submit what was started as one array; give the endings of what has ended."""
        if self._new:
            self._submit()
        until = time.monotonic() + seconds
        while not (ended := self._ended()) and time.monotonic() < until:
            time.sleep(min(_POLL, seconds))
        for job in ended:
            del self._running[job]
            self._silent.pop(job, None)
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
        for job, task in zip(self._new, tasks):
            self._records.hand_over(job, task.job_id)
            self._running[job] = task
        self._new = []

    def _ended(self) -> dict[Job, Ending]:
        if self._stopping and self._running:  # submitit asks SLURM as rarely as every ten minutes
            next(iter(self._running.values())).done(force_check=True)
        endings = {job: self._ending(job, task) for job, task in self._running.items()}
        return {job: ending for job, ending in endings.items() if ending is not None}

    def _ending(self, job: Job, task: Any) -> Ending | None:
        """How a task ended; None while it has not, or while its result may be on its way."""
        if not task.done():
            return None
        if not task.paths.result_pickle.exists():
            now = time.monotonic()
            if now - self._silent.setdefault(job, now) < _GRACE:
                return None
            if self._stopping:
                return Ending(status="interrupted")
            return Ending(status="failed", error=f"its task {task.job_id} ended as {task.state}, without a result")
        try:
            return task.result()
        except Exception as error:
            return ending_without_result(error, stopping=self._stopping)
