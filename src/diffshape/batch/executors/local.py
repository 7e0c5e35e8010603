"""Jobs in processes of this machine, each of which may die without harm to the others."""

import os
import signal
import time
from collections.abc import Sequence
from multiprocessing import connection, get_context
from pathlib import Path

from diffshape.batch.executors.executor import Executor
from diffshape.batch.executors.worker import OLD, serve
from diffshape.batch.jobs.job import Ending, Endings, Group, Work, all_ended

_PATIENCE = 60.0
"""Seconds that a job has to save itself when it is told to stop."""
_POLL = 0.25
"""Longest time in seconds between two looks at the memory and time of the jobs."""


class _Worker:
    """A process that does groups of jobs, and the one that it does now."""

    def __init__(self, work: Work) -> None:
        context = get_context("spawn")  # a forked child of a process that used threads is killed by their library
        self.jobs, theirs = context.Pipe()
        life, self._life = context.Pipe(duplex=False)
        self.process = context.Process(target=serve, args=(work, theirs, life), daemon=True)
        self.process.start()
        theirs.close()
        life.close()
        self.group: Group | None = None
        self.begun = 0.0
        self.done = 0
        self.ended_for = ""  # reason for which the pool killed it

    def start(self, group: Group) -> None:
        self.group, self.begun = group, time.monotonic()
        self.jobs.send(group)

    def memory(self) -> int:
        """Bytes of memory that the process holds; 0 where the system does not tell."""
        try:
            resident = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return 0
        return resident * os.sysconf("SC_PAGE_SIZE")

    def kill(self, reason: str) -> None:
        self.ended_for = reason
        self.process.kill()

    def close(self) -> None:
        """End the process, which does nothing."""
        self._life.close()
        self.jobs.close()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class Local(Executor):
    """Processes of this machine, started once and used for many groups."""

    def __init__(
        self, work: Work, *, slots: int, memory: float | None = None, job_seconds: float | None = None
    ) -> None:
        """
        Args:
            work: What is done with a group.
            slots: Number of processes.
            memory: Largest memory of a group in GB, beyond which its process is killed; None: no limit. Known on Linux.
            job_seconds: Longest time of a group in seconds; None: no limit.
        """
        self._work, self._slots = work, slots
        self._memory, self._job_seconds = memory, job_seconds
        self._workers: list[_Worker] = []
        self._stopping: float | None = None

    @property
    def slots(self) -> int:
        """Number of processes."""
        return self._slots

    def start(self, group: Group) -> None:
        """Give the group to a process that has none, or to a new one."""
        worker = next((each for each in self._workers if each.group is None), None)
        if worker is not None and (worker.done >= OLD or not worker.process.is_alive()):
            self._retire(worker)
            worker = None
        if worker is None:
            worker = _Worker(self._work)
            self._workers.append(worker)
        worker.start(group)

    def wait(self, seconds: float) -> Sequence[tuple[Group, Endings]]:
        """Endings of groups, among them those whose process was killed or died."""
        until = time.monotonic() + seconds
        while True:
            busy = [worker for worker in self._workers if worker.group is not None]
            left = max(0.0, until - time.monotonic())
            channels = [channel for worker in busy for channel in (worker.jobs, worker.process.sentinel)]
            ready = connection.wait(channels, min(left, _POLL)) if busy else []
            ended = [self._ending(worker) for worker in busy if {worker.jobs, worker.process.sentinel} & set(ready)]
            if ended or left == 0.0 or not busy:
                return ended
            self._enforce_limits(busy)

    def stop(self) -> None:
        """Send SIGTERM to every process that is at work, once."""
        if self._stopping is not None:
            return
        self._stopping = time.monotonic()
        for worker in self._workers:
            if worker.group is not None and worker.process.is_alive():
                worker.process.terminate()

    def __exit__(self, *error: object) -> None:
        """End the processes, also those that are at work."""
        for worker in list(self._workers):
            self._retire(worker)

    def _ending(self, worker: _Worker) -> tuple[Group, Endings]:
        group = worker.group
        assert group is not None
        try:
            endings = worker.jobs.recv()
            worker.group, worker.done = None, worker.done + len(group)
        except (EOFError, OSError):
            worker.process.join()
            endings = all_ended(group, self._of_the_dead(worker))
            self._retire(worker)
        return group, endings

    def _of_the_dead(self, worker: _Worker) -> Ending:
        """The ending of jobs whose process is gone."""
        seconds = time.monotonic() - worker.begun
        if self._stopping is not None:
            return Ending(status="interrupted", seconds=seconds)
        code = worker.process.exitcode or 0
        by = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return Ending(status="failed", error=worker.ended_for or f"its process died: {by}", seconds=seconds)

    def _enforce_limits(self, busy: Sequence[_Worker]) -> None:
        now = time.monotonic()
        for worker in busy:
            if self._stopping is not None and now - self._stopping > _PATIENCE:
                worker.kill("")
            elif self._job_seconds is not None and now - worker.begun > self._job_seconds:
                worker.kill(f"it took longer than {self._job_seconds:g} seconds")
            elif self._memory is not None and worker.memory() > self._memory * 1e9:
                worker.kill(f"it needed more than {self._memory:g} GB of memory")

    def _retire(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.close()
