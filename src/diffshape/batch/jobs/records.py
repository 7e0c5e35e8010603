"""What is known of the jobs of a batch: a JSON file each in its folder, which several machines may share.

An attempt is written down before it begins: an input that brings down whatever touches it is not tried for ever.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from diffshape._files import read_json, write_json
from diffshape.batch.jobs.job import Ending, Job

FOLDER = "batch"
"""Folder, in that of a batch, of records and logs; no job may have its name."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known of one job."""

    name: str
    verb: str
    input: str
    options: tuple[str, ...] = ()
    status: str = "begun"
    """begun, done, failed or interrupted."""
    attempts: int = 0
    """How often the job was begun and did not end by being told to stop."""
    error: str = ""
    seconds: float = 0.0
    metrics: dict[str, Any] | None = None
    task: str = ""
    """Identifier that a scheduler gave the attempt, by which a later driver finds it; empty where there is none."""

    def is_of(self, job: Job) -> bool:
        """Whether the record is of the same command on the same input."""
        return (self.verb, self.input, tuple(self.options)) == (job.verb, job.input, job.options)

    @property
    def is_handed_over(self) -> bool:
        """Whether the attempt is a task of a scheduler that has not been seen to end."""
        return self.status == "begun" and bool(self.task)


class Records:
    """The records of a batch."""

    def __init__(self, batch: Path) -> None:
        self.folder = batch / FOLDER / "records"

    def of(self, job: Job) -> Record | None:
        """The record of a job; None if it was never begun.

        Raises:
            ValueError: The file is damaged.
        """
        path = self._path(job.name)
        return _read(path) if path.is_file() else None

    def known(self, jobs: Sequence[Job]) -> dict[str, Record]:
        """The records of those jobs that were ever begun, by names.

        Raises:
            ValueError: A file is damaged.
        """
        return {job.name: record for job in jobs if (record := self.of(job)) is not None}

    def all(self) -> list[Record]:
        """Every record that is there, by name."""
        return [_read(path) for path in sorted(self.folder.glob("*.json")) if not path.name.startswith(".")]

    def begin(self, job: Job) -> None:
        """Count an attempt."""
        attempts = (record.attempts if (record := self.of(job)) else 0) + 1
        fresh = Record(name=job.name, verb=job.verb, input=job.input, options=job.options, attempts=attempts)
        write_json(self._path(job.name), asdict(fresh))

    def hand_over(self, job: Job, task: str) -> None:
        """Write down that the attempt is a task of a scheduler, which outlives this process."""
        write_json(self._path(job.name), asdict(replace(self._begun(job), task=task)))

    def end(self, job: Job, ending: Ending) -> Record:
        """Write down how the attempt ended; one that was told to stop does not count."""
        begun = self._begun(job)
        attempts = begun.attempts - (ending.status == "interrupted")
        known = replace(begun, **asdict(ending), attempts=attempts)
        write_json(self._path(job.name), asdict(known))
        return known

    def forget(self, job: Job) -> None:
        """Remove the record, so that the job is tried as if it were new."""
        self._path(job.name).unlink(missing_ok=True)

    def _begun(self, job: Job) -> Record:
        record = self.of(job)
        if record is None:
            raise ValueError(f"{self._path(job.name)} is missing: the record of {job.name} was removed while it ran")
        return record

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def _read(path: Path) -> Record:
    content: dict[str, Any] = read_json(path)
    try:
        content["options"] = tuple(content["options"])
        return Record(**content)
    except (TypeError, KeyError) as error:
        raise ValueError(f"{path} is not the record of a job: {error}; remove it to run the job again") from error
