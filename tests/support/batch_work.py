"""Work of jobs that processes of a pool can be given: what a job does is the word that is its input."""

import os
import signal
import time
from pathlib import Path

from diffshape.batch.jobs.job import Ending, Endings, Group, Job


def job_of(batch: Path, name: str, what: str = "work") -> Job:
    """A job that does what its input says."""
    return Job(name=name, verb="test", input=what, batch=batch)


def do_as_told(group: Group) -> Endings:
    """Do what each job says."""
    return {job.name: _do(job) for job in group}


def _do(job: Job) -> Ending:
    """Work, fail, die, crash, die once, hang once, hold memory, wait until SIGTERM, or wait to be let go."""
    mark = job.batch / f"{job.name}.begun"
    before = mark.exists()
    mark.touch()
    if job.input == "fail":
        return Ending(status="failed", error="it was told to")
    if job.input == "die" or (job.input == "die once" and not before):
        os.kill(os.getpid(), signal.SIGKILL)
    if job.input == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if job.input == "hang once" and not before:
        time.sleep(60)
    if job.input == "hold memory":
        held = bytearray(400_000_000)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(60)
    if job.input == "wait":
        return _waited()
    if job.input == "be let go":
        _seen(job.batch / "go")
    with open(job.batch / "done.txt", "a") as done:
        done.write(f"{job.name}\n")
    return Ending(status="done", metrics={"process": os.getpid()})


def _seen(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.01)


def _waited() -> Ending:
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    until = time.monotonic() + 60
    while not stopped and time.monotonic() < until:
        time.sleep(0.01)
    return Ending(status="interrupted" if stopped else "done")
