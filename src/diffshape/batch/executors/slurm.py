"""Jobs of a SLURM cluster, submitted as arrays."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from diffshape.batch.executors.executor import Executor, ending_without_result
from diffshape.batch.jobs.job import Ending, Job, Work

_POLL = 1.0
"""Seconds between two looks at the queue."""


class Slurm(Executor):
    """Jobs as elements of SLURM arrays, through submitit, which keeps its files in a folder of the batch."""

    def __init__(
        self,
        work: Work,
        folder: Path,
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
            folder: Folder of submitit's files, which all nodes see.
            slots: Largest number of jobs that run at once.
            threads: Processors of a job.
            gpus: GPUs of a job.
            memory: Memory of a job in GB; None: the cluster's default.
            job_seconds: Time limit of a job; None: an hour.
            partition: Partition; None: the cluster's default.
            cluster: "slurm", or "local": processes of this machine in place of SLURM's, for trying things out.

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
        self._work, self._slots = work, slots
        self._executor = submitit.AutoExecutor(folder=folder, cluster=cluster)
        minutes = math.ceil((job_seconds or 3600) / 60)
        options: dict[str, Any] = {"timeout_min": minutes, "cpus_per_task": threads, "gpus_per_node": gpus}
        if memory is not None:
            options["mem_gb"] = memory
        if partition is not None:
            options["slurm_partition"] = partition
        self._executor.update_parameters(
            name="diffshape", slurm_array_parallelism=slots, slurm_signal_delay_s=60, **options
        )
        self._new: list[Job] = []
        self._running: list[tuple[Job, Any]] = []
        self._stopping = False

    @property
    def slots(self) -> int:
        """Largest number of jobs at once."""
        return self._slots

    def start(self, job: Job) -> None:
        """Put the job into the next array."""
        self._new.append(job)

    def wait(self, seconds: float) -> Sequence[tuple[Job, Ending]]:
        """Submit what was started as one array; give the endings of what has ended."""
        if self._new:
            tasks = self._executor.map_array(self._work, self._new)
            self._running += zip(self._new, tasks)
            self._new = []
        until = time.monotonic() + seconds
        while not (ended := [pair for pair in self._running if pair[1].done()]) and time.monotonic() < until:
            time.sleep(min(_POLL, seconds))
        self._running = [pair for pair in self._running if pair not in ended]
        return [(job, self._ending(task)) for job, task in ended]

    def stop(self) -> None:
        """Cancel what runs or waits, once."""
        if not self._stopping:
            self._stopping = True
            for _, task in self._running:
                task.cancel(check=False)

    def __exit__(self, *error: object) -> None:
        """Cancel what is left."""
        for _, task in self._running:
            task.cancel(check=False)

    def _ending(self, task: Any) -> Ending:
        try:
            return task.result()
        except Exception as error:
            return ending_without_result(error, stopping=self._stopping)
