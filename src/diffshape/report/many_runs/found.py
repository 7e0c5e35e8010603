"""The runs in a folder, and what batches in it could not do."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from diffshape.training.run_folder import RunFolder

_DEEPEST = 5
"""Folders below the one that is searched, such as compare/TIME/runs/SCAN/METHOD in outputs."""
_FAILURES = "failures.csv"
"""File in the folder of a batch: a row for each job that failed, of which there may be no run folder."""


class Failure(NamedTuple):
    """A job of a batch that failed."""

    name: str
    """Path of the folder that its run would have, from the one that was searched, with slashes."""
    error: str
    """Why it failed, in a sentence."""


@dataclass(frozen=True)
class FoundRun:
    """A run that was begun in a folder below the one that is reported on."""

    name: str
    """Path of its folder from the one that was searched, with slashes."""
    run: RunFolder
    """The folder."""
    kind: str
    """Command that began it, such as "fit" or "train flow"."""
    metrics: Mapping[str, Any]
    """Content of its metrics.json; empty if there is none."""
    state: str
    """"finished", "interrupted", or "not finished"."""


def find_runs(folder: Path) -> list[FoundRun]:
    """The runs below a folder, by name. A run within a run, and a saved model, are not among them."""
    return [_read(folder, RunFolder(path)) for path in sorted(_begun(folder, _DEEPEST))]


def read_failures(folder: Path, runs: Sequence[FoundRun]) -> list[Failure]:
    """What failed of the batch that a folder is, and of those that hold some of the runs in it."""
    within = (run.run.path.relative_to(folder).parents for run in runs)
    batches = dict.fromkeys(folder / parent for parents in within for parent in parents)
    return [failure for batch in batches for failure in _failed(folder, batch)]


def _failed(folder: Path, batch: Path) -> Iterator[Failure]:
    path = batch / _FAILURES
    if not path.is_file():
        return
    within = "" if batch == folder else f"{batch.relative_to(folder).as_posix()}/"
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Failure(f"{within}{row.get('name') or '-'}", row.get("error") or "-")


def _begun(folder: Path, deepest: int) -> Iterator[Path]:
    for path in folder.iterdir():
        if not path.is_dir() or path.name.startswith("."):
            continue
        if RunFolder(path).verb is not None:
            yield path
        elif deepest > 1:
            yield from _begun(path, deepest - 1)


def _read(folder: Path, run: RunFolder) -> FoundRun:
    try:
        metrics, state = run.read_metrics(), "finished"
    except FileNotFoundError:
        metrics, state = {}, "not finished"
    except (OSError, ValueError):
        metrics, state = {}, "metrics.json is damaged"
    if metrics.get("interrupted"):
        state = "interrupted"
    return FoundRun(run.path.relative_to(folder).as_posix(), run, run.kind or "", metrics, state)
