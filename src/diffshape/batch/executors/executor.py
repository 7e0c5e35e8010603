"""What the driver of a batch asks of whatever runs the jobs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from diffshape.batch.jobs.job import Ending, Endings, Group, Job
from diffshape.batch.jobs.records import Record


def ending_without_result(error: Exception, *, stopping: bool) -> Ending:
    """The ending of jobs in whose place a cluster gave an error: their process or node died, or ran out of something.

    Args:
        error: What was raised when the result was asked for.
        stopping: Whether the jobs had been asked to stop.
    """
    if stopping:
        return Ending(status="interrupted")
    first, *_ = str(error).strip().split("\n")
    return Ending(status="failed", error=f"{type(error).__name__}: {first}")


class Executor(ABC):
    """A place where groups of jobs run, several at once; entered before the first one and left after the last."""

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many groups run at once."""

    def rejoin(self, jobs: Sequence[Job], known: Mapping[str, Record]) -> Sequence[Job]:
        """Jobs that an earlier driver began and that outlived it; ``wait`` gives their endings as if begun here.

        Called before the executor is entered, once; where jobs end with their driver, there are none.

        Args:
            jobs: The jobs of the batch.
            known: Their records, by names.
        """
        return []

    @abstractmethod
    def start(self, group: Group) -> None:
        """Begin a group; at most ``slots`` at once."""

    @abstractmethod
    def wait(self, seconds: float) -> Sequence[tuple[Group, Endings]]:
        """Groups that have ended since the last call; waits for the first, but not longer than ``seconds``."""

    @abstractmethod
    def stop(self) -> None:
        """Ask the jobs that run to save themselves and end, once; ``wait`` then gives them as interrupted."""

    def __enter__(self) -> "Executor":
        return self

    @abstractmethod
    def __exit__(self, *error: object) -> None:
        """End what is left without waiting for it."""
