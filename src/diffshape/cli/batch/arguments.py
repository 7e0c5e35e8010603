"""Arguments of ``diffshape batch``, of which some are those of the command that it runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from diffshape._bounds import check_number, check_whole
from diffshape.batch.jobs.records import FOLDER
from diffshape.cli.device import check_threads
from diffshape.cli.errors import UsageError, usage_errors
from diffshape.cli.folders import fresh_folder
from diffshape.cli.parsing.options import OptionalFloat, OptionalInt, OptionalPath, VerbOptions
from diffshape.cli.parsing.verbs import command
from diffshape.cli.parsing.words import Option, options_of, split_words
from diffshape.data.formats.mesh_formats import MESH_SUFFIXES
from diffshape.data.formats.point_formats import POINT_SUFFIXES

Passed = Literal["fit", "clean", "eval", "sample"]
SUFFIXES = {"fit": POINT_SUFFIXES, "clean": POINT_SUFFIXES, "eval": MESH_SUFFIXES, "sample": ()}
ITS_OWN = ("out", "resume", "json", "quiet", "debug", "vis")
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
    """Number of jobs that run at once. Default: the number of processors that may be used, divided by --threads; with
    ray, what the cluster has room for; with slurm, 64."""
    gpus: float = 0.0
    """GPUs of each job with ray, where 0.25 puts four jobs on one, or whole ones with slurm."""
    partition: Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")] = None
    """Partition of SLURM's."""
    group: int = 16
    """Largest number of small encodings that are trained in one program, which takes less time for each. They have no
    checkpoints there. With 1, with --retries 0 and with limits of a job, each is encoded by itself."""
    threads: int = 1
    """Number of CPU threads of each job; the bits of the results depend on it, but not on where they are made."""
    retries: int = 1
    """How often a job that failed is tried again."""
    retry_failed: bool = False
    """Try anew what failed in an earlier run of the batch."""
    job_seconds: OptionalFloat = None
    """Longest time of a job in seconds, after which it counts as failed."""
    job_memory: OptionalFloat = None
    """Largest memory of a job in GB, above which it is ended and counts as failed; with ray, memory that is set aside
    for it."""
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
    own, others = options_of(Batch, None), passed_options(verb, words)
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
        check_whole("--group", arguments.group, 1)
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


def _verb(words: Sequence[str]) -> str:
    """The command that is typed by --verb, before the words are read."""
    for place, word in enumerate(words):
        label, _, bound = word.partition("=")
        if label == "--verb":
            verb = bound or next(iter(words[place + 1 :]), "")
            if verb in SUFFIXES:
                return verb
            raise UsageError(f"--verb must be one of {', '.join(SUFFIXES)}, got {verb!r}")
    return "fit"


def passed_options(verb: str, words: Sequence[str]) -> dict[str, Option]:
    """The options of a command that a batch passes on."""
    _, _, _, kind, default = command([verb, *words])
    own = {f"--{name}" for name in (*ITS_OWN, "threads", "truth")}
    return {label: option for label, option in options_of(kind, default).items() if label not in own}
