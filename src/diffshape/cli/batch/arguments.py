"""Arguments of ``diffshape batch``, and the jobs that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from diffshape._bounds import check_number, check_whole
from diffshape._did_you_mean import did_you_mean
from diffshape.batch.compared_scan import truth_of
from diffshape.batch.jobs.batch_inputs import BatchInput, batch_inputs
from diffshape.batch.jobs.job import Job
from diffshape.batch.jobs.records import FOLDER
from diffshape.cli.device import check_threads
from diffshape.cli.errors import UsageError, usage_errors
from diffshape.cli.folders import fresh_folder
from diffshape.cli.main import parse
from diffshape.cli.parsing.options import OptionalFloat, OptionalInt, OptionalPath, VerbOptions
from diffshape.cli.parsing.verbs import command
from diffshape.cli.parsing.words import Option, options_of, split_words
from diffshape.data.formats.mesh_formats import MESH_SUFFIXES
from diffshape.data.formats.point_formats import POINT_SUFFIXES

Passed = Literal["fit", "clean", "eval", "sample"]
_SUFFIXES = {"fit": POINT_SUFFIXES, "clean": POINT_SUFFIXES, "eval": MESH_SUFFIXES, "sample": ()}
_ITS_OWN = ("out", "resume", "json", "quiet", "debug", "vis")
"""Options of the command that a batch sets itself."""


@dataclass(frozen=True, kw_only=True)
class Batch(VerbOptions):
    """Run one command on many inputs, several at once; what is finished is not made again, what was stopped goes on.

    Options that are not listed here are those of the command, such as --preset quick for fits.
    """

    inputs: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="INPUTS...", help_behavior_hint="")]
    """Files, folders, patterns in quotes such as 'scans/*.ply', or CSV manifests: a column "input", and, as there is
    need, "name" and options of the command, a row for each job."""
    verb: Passed = "fit"
    """Command that is run on every input."""
    out: OptionalPath = None
    """Folder to write to: new, empty, or that of the same batch, which goes on where it was. Default:
    outputs/batch/TIME."""
    truth: OptionalPath = None
    """True surface of all inputs, or a folder of such, in which spot.ply is that of spot.ply, spot_0.005.ply and so
    on."""
    executor: Literal["local", "serial", "ray", "slurm"] = "local"
    """Where the jobs run. local: in processes of this machine. serial: one after another in this process. ray: on the
    Ray cluster of RAY_ADDRESS, or on one that is started here. slurm: as arrays of SLURM's."""
    jobs: OptionalInt = None
    """Number of jobs that run at once. Default: the number of processors, divided by --threads; with ray, what the
    cluster has room for; with slurm, 64."""
    gpus: float = 0.0
    """GPUs of each job with ray, where 0.25 puts four jobs on one, or whole ones with slurm."""
    partition: Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")] = None
    """Partition of SLURM's."""
    threads: int = 1
    """Number of CPU threads of each job; the bits of the results depend on it, but not on where they are made."""
    retries: int = 1
    """How often a job that failed is tried again."""
    retry_failed: bool = False
    """Try anew what failed in an earlier run of the batch."""
    job_seconds: OptionalFloat = None
    """Longest time of a job in seconds, after which it counts as failed."""
    job_memory: OptionalFloat = None
    """Largest memory of a job in GB, above which it is ended and counts as failed."""
    shard: Annotated[str | None, tyro.conf.arg(metavar="I/N", help_behavior_hint="")] = None
    """Run the I-th of N equal parts of the jobs, such as 2/8, so that machines which share the folder divide them."""
    json: bool = False
    """Print the rows as JSON, and nothing else, to stdout."""
    quiet: bool = False
    """Print the folder and nothing else."""
    options: tyro.conf.Suppress[tyro.conf.Fixed[tuple[str, ...]]] = ()
    """Options of the command, as they were typed."""


def taken_apart(words: Sequence[str]) -> tuple[list[str], Batch]:
    """The words of the batch itself, and the arguments before these are read, which hold the words of its command.

    Raises:
        UsageError: An option is known to neither, or has no value.
    """
    verb = _verb(words)
    own, others = options_of(Batch, None), _options_of(verb, words)
    kept, passed = split_words("batch", words, own, others)
    return kept, Batch(inputs=(), options=tuple(passed))


def check(arguments: Batch) -> None:
    """Check the numbers.

    Raises:
        UsageError: One is out of range.
    """
    with usage_errors():
        check_threads(arguments.threads)
        check_whole("--retries", arguments.retries, 0)
        if arguments.jobs is not None:
            check_whole("--jobs", arguments.jobs, 1)
        limits = {
            "--job-seconds": arguments.job_seconds,
            "--job-memory": arguments.job_memory,
            "--gpus": arguments.gpus,
        }
        for option, value in limits.items():
            if value is not None:
                check_number(option, value, 0)
    without = {"gpus": ("ray", "slurm"), "partition": ("slurm",), "job_seconds": ("local", "slurm")}
    without |= {"job_memory": ("local", "ray", "slurm"), "jobs": ("local", "slurm")}
    for name, executors in without.items():
        if name in arguments.typed and arguments.executor not in executors:
            raise UsageError(f"--{name.replace('_', '-')} has no effect with --executor {arguments.executor}")
    if arguments.executor == "slurm" and arguments.gpus != int(arguments.gpus):
        raise UsageError(f"--gpus must be a whole number with --executor slurm, got {arguments.gpus:g}")


def folder_of(arguments: Batch) -> Path:
    """The folder of the batch: that of one which goes on, or a new one."""
    if arguments.out is not None and (arguments.out / FOLDER).is_dir():
        return arguments.out
    return fresh_folder(arguments.out, Path("outputs") / "batch")


def jobs_of(arguments: Batch, folder: Path) -> list[Job]:
    """The jobs of the batch, or of its shard, each of whose commands can be read.

    Raises:
        UsageError: An input is not there, two have one name, or a row of a manifest or an option cannot be meant; all
            wrong inputs are named, before anything is run.
    """
    known = _options_of(arguments.verb, arguments.options)
    with usage_errors():
        inputs = batch_inputs(arguments.inputs, _SUFFIXES[arguments.verb], runs=arguments.verb == "sample")
    jobs, wrong, checked = [], [], set()
    for item in inputs:
        try:
            job = _job(arguments, item, folder, known)
            if job.options not in checked:
                parse([job.verb, job.input, *job.options])
                checked.add(job.options)
            jobs.append(job)
        except (UsageError, OSError, ValueError) as error:  # noqa: PERF203
            wrong.append(f"{item.place or item.path}: {error}")
    if wrong:
        more = f"; and {len(wrong) - 10} more" if len(wrong) > 10 else ""
        raise UsageError(f"nothing was run, as {len(wrong)} inputs are wrong. " + "; ".join(wrong[:10]) + more)
    first, parts = _shard(arguments.shard)
    return jobs[first - 1 :: parts]


def _job(arguments: Batch, item: BatchInput, folder: Path, known: Mapping[str, Option]) -> Job:
    """The job of one input."""
    if not item.path.exists():
        raise UsageError("there is no such file")
    if item.name in (FOLDER, ".", "..") or "/" in item.name or item.name.startswith("."):
        raise UsageError(f"{item.name!r} cannot be the name of a job; give it another in the column 'name'")
    words = [word for name, cell in item.cells.items() for word in _typed(name, cell, known, item)]
    truth = None if "truth" in item.cells or arguments.truth is None else truth_of(item.path, arguments.truth)
    if truth is not None:
        words += ["--truth", str(truth.absolute())]
    options = [*(_absolute(word, known) for word in arguments.options), *words]
    if arguments.verb == "eval":
        place = options.index("--truth") if "--truth" in options else None
        if place is None:
            raise UsageError("eval needs --truth, or the column 'truth' of a manifest")
        options = [options[place + 1], *options[:place], *options[place + 2 :]]
    return Job(
        name=item.name,
        verb=arguments.verb,
        input=str(item.path.absolute()),
        options=tuple(options),
        batch=folder,
        threads=arguments.threads,
    )


def _typed(name: str, cell: str, known: Mapping[str, Option], item: BatchInput) -> list[str]:
    """A cell of a manifest as an option is typed; paths are relative to the manifest."""
    label = f"--{name}"
    if name == "truth":
        return [label, str(_beside(item, cell))]
    if label not in known or name in _ITS_OWN:
        raise UsageError(f"there is no option for the column {name!r}{did_you_mean(label, known)}")
    hint = known[label].hint
    if hint is bool:
        if cell.lower() not in ("yes", "no", "true", "false", "1", "0"):
            raise UsageError(f"the column {name!r} must be yes or no, got {cell!r}")
        return [label] if cell.lower() in ("yes", "true", "1") else []
    return [f"{label}={_beside(item, cell) if _is_path(hint) else cell}"]


def _absolute(word: str, known: Mapping[str, Option]) -> str:
    """A word that was typed, in which a path holds in every folder and on every machine that sees the files."""
    label, _, value = word.partition("=")
    path = value and label in known and _is_path(known[label].hint)
    return f"{label}={Path(value).expanduser().absolute()}" if path else word


def _beside(item: BatchInput, cell: str) -> Path:
    path = (Path(item.place.rpartition(", line ")[0]).parent / Path(cell).expanduser()).absolute()
    if not path.exists():
        raise UsageError(f"{path}: there is no such file")
    return path


def _is_path(hint: object) -> bool:
    return hint is Path or Path in getattr(hint, "__args__", ())


def _verb(words: Sequence[str]) -> str:
    """The command that is typed by --verb, before the words are read."""
    for place, word in enumerate(words):
        label, _, bound = word.partition("=")
        if label == "--verb":
            verb = bound or next(iter(words[place + 1 :]), "")
            if verb in _SUFFIXES:
                return verb
            raise UsageError(f"--verb must be one of {', '.join(_SUFFIXES)}, got {verb!r}")
    return "fit"


def _options_of(verb: str, words: Sequence[str]) -> dict[str, Option]:
    """The options of a command that a batch passes on."""
    _, _, _, kind, default = command([verb, *words])
    own = {f"--{name}" for name in (*_ITS_OWN, "threads", "truth")}
    return {label: option for label, option in options_of(kind, default).items() if label not in own}


def _shard(text: str | None) -> tuple[int, int]:
    """Which part of how many."""
    if text is None:
        return 1, 1
    first, _, parts = text.partition("/")
    if not (first.isdecimal() and parts.isdecimal() and 1 <= int(first) <= int(parts)):
        raise UsageError(f"--shard must be I/N with I from 1 to N, such as 2/8, got {text!r}")
    return int(first), int(parts)
