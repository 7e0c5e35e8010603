"""The runs in a folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffshape.training.run_folder import RunFolder

_DEEPEST = 5
"""Folders below the one that is searched, such as compare/TIME/runs/SCAN/METHOD in outputs."""


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
