"""Jobs in this process, one after another."""

from collections.abc import Sequence

from diffshape.batch.executors.executor import Executor
from diffshape.batch.jobs.job import Ending, Job, Work


class Serial(Executor):
    """Jobs in this process: simple to debug; a job that brings down its process brings down the batch."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._ended: list[tuple[Job, Ending]] = []

    @property
    def slots(self) -> int:
        """One."""
        return 1

    def start(self, job: Job) -> None:
        """Do the job."""
        self._ended.append((job, self._work(job)))

    def wait(self, seconds: float) -> Sequence[tuple[Job, Ending]]:
        """The job that was done."""
        ended, self._ended = self._ended, []
        return ended

    def stop(self) -> None:
        """Nothing runs between two jobs; a signal reaches the one that runs without help."""

    def __exit__(self, *error: object) -> None:
        """Nothing is left."""
