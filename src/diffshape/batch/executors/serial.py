"""Jobs in this process, one after another."""

from collections.abc import Sequence

from diffshape.batch.executors.executor import Executor
from diffshape.batch.jobs.job import Endings, Group, Work


class Serial(Executor):
    """Jobs in this process: simple to debug; a job that brings down its process brings down the batch."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._ended: list[tuple[Group, Endings]] = []

    @property
    def slots(self) -> int:
        """One."""
        return 1

    def start(self, group: Group) -> None:
        """Do the jobs."""
        self._ended.append((group, self._work(group)))

    def wait(self, seconds: float) -> Sequence[tuple[Group, Endings]]:
        """The group that was done."""
        ended, self._ended = self._ended, []
        return ended

    def stop(self) -> None:
        """Nothing runs between two jobs; a signal reaches the one that runs without help."""

    def __exit__(self, *error: object) -> None:
        """Nothing is left."""
