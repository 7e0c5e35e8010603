"""One command on one input of a batch, and how it ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Status = Literal["done", "failed", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One command on one input, such as the fit of one scan."""

    name: str
    """Name of the job in its batch, and of its folder."""
    verb: str
    """Command, such as "fit"."""
    input: str
    """The file or run that the command is given first."""
    options: tuple[str, ...] = ()
    """Options of the command as they are typed, such as ("--preset", "quick")."""
    batch: Path
    """Folder of the batch."""
    threads: int = 1
    """Number of CPU threads; the bits of a result depend on it, and on nothing else of where the job runs."""

    @property
    def folder(self) -> Path:
        """Folder of what the command writes."""
        return self.batch / self.name


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a job ended."""

    status: Status
    """done: the result is in its folder. failed: it is not. interrupted: it was asked to stop, and can go on."""
    error: str = ""
    """Reason of a failure in one sentence."""
    seconds: float = 0.0
    """Time that the job took."""
    metrics: dict[str, Any] | None = None
    """What the command printed as JSON."""


Group = tuple[Job, ...]
"""Jobs that one process does as one piece of work: a single one, or small encodings that are trained together."""
Endings = Mapping[str, Ending]
"""How the jobs of a group ended, by their names."""
Work = Callable[[Group], Endings]
"""The work of a group, in whichever process; raises nothing."""


def all_ended(group: Group, ending: Ending) -> Endings:
    """The endings of jobs that all ended in one way, such as by the death of their process."""
    return {job.name: ending for job in group}
