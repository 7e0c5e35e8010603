"""The queue of a batch: jobs one by one, and those that may go together in groups."""

import math
from collections import deque
from collections.abc import Hashable, Mapping, Sequence

from diffshape.batch.jobs.job import Group, Job


class Waiting:
    """Jobs that wait to be begun, those that are alike side by side where the first of them stood.

    >>> from pathlib import Path
    >>> jobs = [Job(name=name, verb="fit", input=f"{name}.ply", batch=Path("runs")) for name in "abcde"]
    >>> waiting = Waiting(jobs, alike={"a": 1, "c": 1, "d": 1, "e": 1}, largest=3)
    >>> while waiting:
    ...     [job.name for job in waiting.take(slots=2)]
    ['a', 'c', 'd']
    ['e']
    ['b']
    """

    def __init__(self, jobs: Sequence[Job], alike: Mapping[str, Hashable], largest: int) -> None:
        """
        Args:
            jobs: The jobs.
            alike: What jobs that may go together have in common, by their names; the others go alone.
            largest: Largest number of jobs in a group.
        """
        self._alike, self._largest = dict(alike), largest
        places: dict[Hashable, int] = {}
        self._jobs = deque(sorted(jobs, key=lambda job: places.setdefault(self._kind(job), len(places))))

    def __len__(self) -> int:
        return len(self._jobs)

    def take(self, slots: int) -> Group:
        """The next job with those that go with it, but no more than its share of what is left.

        Args:
            slots: Number of groups that run at once, which are all to have some of the jobs.
        """
        size = min(self._largest, math.ceil(len(self) / slots))
        group = [self._jobs.popleft()]
        while self._jobs and len(group) < size and self._kind(self._jobs[0]) == self._kind(group[0]):
            group.append(self._jobs.popleft())
        return tuple(group)

    def add(self, job: Job) -> None:
        """Put a job that is to be tried again at the end, alone."""
        self._alike.pop(job.name, None)
        self._jobs.append(job)

    def _kind(self, job: Job) -> Hashable:
        return self._alike.get(job.name, job)
