"""Which driver has which jobs of a batch: no job is one of two, whichever parts and inputs these were given.

A driver keeps a folder ``driver-ID`` beside the records until it ends, with the names of its jobs and a lock. The lock
is that of the operating system, so what a driver that was killed leaves is told from a claim, and removed by the next.
Where there are no such locks (see :mod:`diffshape.training.folder_lock`), jobs are not guarded.
"""

import os
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from diffshape._files import read_json, write_json
from diffshape.batch.jobs.job import Job
from diffshape.batch.jobs.records import FOLDER
from diffshape.training.folder_lock import FolderInUseError, only_here

_NAMES = "jobs.json"
"""File, in the folder of a driver, of its name and those of its jobs."""
_POLL = 0.05
"""Seconds between two attempts to be alone."""
_PATIENCE = 600.0
"""Longest time in seconds to wait for another driver, which has the records for as long as it takes to read them."""


@contextmanager
def claimed(batch: Path, jobs: Sequence[Job]) -> Iterator[None]:
    """While entered, no other driver is given one of the jobs.

    Raises:
        FolderInUseError: A driver that is at work has one of them.
        OSError: Nothing can be written in the folder of the batch.
    """
    mine, names = batch / FOLDER / f"driver-{uuid4().hex}", [job.name for job in jobs]
    with ExitStack() as until_done:
        with alone(batch):
            for claim in _claims(batch):
                _refuse_common(batch, names, claim)
            until_done.enter_context(only_here(mine))
            until_done.callback((mine / _NAMES).unlink, missing_ok=True)
            write_json(mine / _NAMES, {"driver": f"process {os.getpid()} on {socket.gethostname()}", "jobs": names})
        yield


@contextmanager
def alone(batch: Path) -> Iterator[None]:
    """While entered, no other driver of the batch is in here; waits for one that is.

    Raises:
        FolderInUseError: Another driver did not leave within ten minutes.
    """
    until = time.monotonic() + _PATIENCE
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(only_here(batch / FOLDER))
                break
            except FolderInUseError:
                if time.monotonic() > until:
                    raise
            time.sleep(_POLL)
        yield


def _claims(batch: Path) -> Iterator[dict[str, Any]]:
    """What drivers that are at work have; the folders of those that were killed are removed."""
    for folder in (batch / FOLDER).glob("driver-*"):
        try:
            claim = read_json(folder / _NAMES)
            with only_here(folder):
                pass
        except FolderInUseError:
            yield claim
            continue
        except (FileNotFoundError, ValueError):  # it is just ending, or was killed before it had written them
            pass
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_common(batch: Path, names: Sequence[str], claim: dict[str, Any]) -> None:
    theirs = set(claim["jobs"])
    if common := [name for name in names if name in theirs]:
        some = f"{common[0]} of these jobs" if len(common) == 1 else f"{len(common)} of these jobs, {common[0]} first"
        raise FolderInUseError(
            f"{batch} is in use: {claim['driver']} has {some}; wait until it has ended, or choose other jobs"
        )
