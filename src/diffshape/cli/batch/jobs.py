"""The jobs of a batch: a command for each input, checked before anything is run."""

from collections.abc import Mapping
from pathlib import Path

from diffshape._did_you_mean import did_you_mean
from diffshape.batch.compared_scan import truth_of
from diffshape.batch.jobs.batch_inputs import BatchInput, batch_inputs, in_one_sentence
from diffshape.batch.jobs.job import Job
from diffshape.batch.jobs.records import FOLDER
from diffshape.cli.batch.arguments import ITS_OWN, SUFFIXES, Batch, passed_options
from diffshape.cli.errors import UsageError, usage_errors
from diffshape.cli.main import parse
from diffshape.cli.parsing.words import Option


def jobs_of(arguments: Batch, folder: Path) -> list[Job]:
    """The jobs of the batch, or of its shard, each of whose commands can be read.

    Raises:
        UsageError: An input is not there, two have one name, or a row of a manifest or an option cannot be meant; all
            wrong inputs are named, before anything is run.
    """
    known = passed_options(arguments.verb, arguments.options)
    with usage_errors():
        inputs = batch_inputs(arguments.inputs, SUFFIXES[arguments.verb], runs=arguments.verb == "sample")
    jobs, wrong, checked = [], [], set()
    for item in inputs:
        try:
            job = _job(arguments, item, folder, known)
            if job.options not in checked:
                _check(job)
                checked.add(job.options)
            jobs.append(job)
        except (UsageError, OSError, ValueError) as error:  # noqa: PERF203
            wrong.append(f"{item.place or item.path}: {error}")
    if wrong:
        count = "one input is" if len(wrong) == 1 else f"{len(wrong)} inputs are"
        raise UsageError(f"nothing was run, as {count} wrong. {in_one_sentence(wrong)}")
    first, parts = _shard(arguments.shard)
    return jobs[first - 1 :: parts]


def _check(job: Job) -> None:
    """Read the job's command as if it were typed.

    Raises:
        UsageError: It cannot be meant.
    """
    module, arguments = parse([job.verb, job.input, *job.options])
    if hasattr(module, "check"):
        module.check(arguments)


def _job(arguments: Batch, item: BatchInput, folder: Path, known: Mapping[str, Option]) -> Job:
    """The job of one input."""
    if item.wrong:
        raise UsageError(item.wrong)
    if not item.path.exists():
        raise UsageError(f"there is no file {item.path}" if item.place else "there is no such file")
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
    if label not in known or name in ITS_OWN:
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


def _shard(text: str | None) -> tuple[int, int]:
    """Which part of how many."""
    if text is None:
        return 1, 1
    first, _, parts = text.partition("/")
    if not (first.isdecimal() and parts.isdecimal() and 1 <= int(first) <= int(parts)):
        raise UsageError(f"--shard must be I/N with I from 1 to N, such as 2/8, got {text!r}")
    return int(first), int(parts)
