"""The work of jobs: the commands they stand for, run in this process, each with its log in a file."""

import io
import json
import shutil
import time
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import replace
from pathlib import Path

from diffshape._commands import typed_as
from diffshape.batch.jobs.job import Ending, Endings, Group, Job, all_ended
from diffshape.batch.jobs.records import FOLDER
from diffshape.cli.batch.together import train_together
from diffshape.cli.device import use_threads
from diffshape.cli.errors import DONE, INTERRUPTED
from diffshape.cli.main import main
from diffshape.cli.way_on import stopped_politely
from diffshape.training.run_folder import RunFolder

_ERROR = "diffshape: "
"""Beginning of the sentence that a command prints when it fails."""


def log_path(job: Job) -> Path:
    """The file of what the job printed."""
    return job.batch / FOLDER / "logs" / f"{job.name}.txt"


def command_words(job: Job) -> list[str]:
    """The words of the job's command: those that go on with it if it was begun and can be gone on with."""
    run = RunFolder(job.folder)
    if job.verb == "fit" and run.is_begun:
        return ["fit", "--resume", str(job.folder), "--json"]
    words = [job.verb, job.input, *job.options]
    if job.verb == "eval":
        return [*words, "--json"]
    if job.verb == "clean":
        return [*words, "--out", str(job.folder / "clean.ply"), "--json"]
    return [*words, "--out", str(job.folder), *(["--json"] if job.verb == "fit" else [])]


def do_jobs(group: Group) -> Endings:
    """Train the fields of a group together, if it is one, and run the command of each job; raises nothing."""
    begun, stopped = time.monotonic(), len(group) > 1 and not _trained(group)
    if stopped:
        return all_ended(group, Ending(status="interrupted"))
    share, endings = (time.monotonic() - begun) / len(group), {}
    for job in group:
        ending = Ending(status="interrupted") if stopped else _do_job(job)
        stopped = ending.status == "interrupted"
        endings[job.name] = replace(ending, seconds=ending.seconds + share)
    return endings


def _trained(group: Group) -> bool:
    """Train the fields of a group together; False after Ctrl-C or SIGTERM. What goes wrong is left to each job."""
    told = io.StringIO()
    try:
        use_threads(group[0].threads)
        with redirect_stdout(told), redirect_stderr(told), stopped_politely():
            whole = train_together(group)
    except KeyboardInterrupt:
        return False
    except Exception as error:  # whatever it is, it may be that of one mesh
        whole = True
        told.write(f"the meshes are fitted one by one: {error}\n")
    with suppress(OSError):
        for job in group:
            _write_log(job, f"trained together: {', '.join(each.name for each in group)}", told.getvalue())
    return whole


def _do_job(job: Job) -> Ending:
    """Run the job's command; raises nothing."""
    begun = time.monotonic()
    printed, told = io.StringIO(), io.StringIO()
    try:
        use_threads(job.threads)
        _make_room(job)
        words = command_words(job)
        with redirect_stdout(printed), redirect_stderr(told):
            code = main(words)
        _write_log(job, typed_as(words[0], *words[1:]), told.getvalue() + printed.getvalue())
    except OSError as error:  # of the log, or of what an earlier attempt left
        return Ending(status="failed", error=str(error), seconds=time.monotonic() - begun)
    seconds = time.monotonic() - begun
    if code == INTERRUPTED:
        return Ending(status="interrupted", seconds=seconds)
    if code != DONE:
        return Ending(status="failed", error=_sentence(told.getvalue(), code), seconds=seconds)
    return Ending(status="done", seconds=seconds, metrics=_metrics(printed.getvalue()))


def _make_room(job: Job) -> None:
    """Remove what an attempt left that cannot be gone on with."""
    if job.verb != "fit" and job.folder.is_dir():
        shutil.rmtree(job.folder)


def _write_log(job: Job, title: str, text: str) -> None:
    path = log_path(job)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as log:
        log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {title}\n{text}")


def _sentence(told: str, code: int) -> str:
    """The sentence that says why a command failed."""
    lines = [line.removeprefix(_ERROR) for line in told.splitlines() if line.startswith(_ERROR)]
    return lines[-1] if lines else f"it ended with exit code {code}"


def _metrics(printed: str) -> dict[str, object] | None:
    lines = [line for line in printed.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else None
