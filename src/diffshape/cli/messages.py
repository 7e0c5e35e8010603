"""Messages of a run: to stdout, or to stderr where stdout is for JSON; only the folder if the run is quiet."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffshape._commands import typed_as
from diffshape.cli.errors import DONE, INTERRUPTED
from diffshape.training.run_folder import RunFolder


@dataclass(frozen=True, kw_only=True)
class Messages:
    """The messages of one run."""

    verb: str
    """Command that began the run, such as "fit"."""
    json: bool
    """Whether stdout is for JSON."""
    quiet: bool
    """Whether only the folder is printed."""

    def __call__(self, text: str) -> None:
        """Print a line, unless quiet."""
        if not self.quiet:
            self._print(text)

    def folder(self, path: Path) -> None:
        """Print the first line, the folder of the run."""
        self._print(str(path))

    def notes(self, notes: Iterable[str]) -> None:
        """Print notes on the input, a line each."""
        for note in notes:
            self(f"  {note.rstrip('.')}")

    def finished(self, path: Path, advice: str = "") -> int:
        """Print that the run is finished already; returns the exit code."""
        self.folder(path)
        if self.json:
            self.metrics(path, RunFolder(path).read_metrics())
        self(f"already finished; nothing was changed{advice}")
        return DONE

    def interrupted(self, path: Path, step: int) -> int:
        """Print how to go on; returns the exit code."""
        way_on = typed_as(self.verb, "--resume", path)
        print(f"interrupted after step {step} and saved; go on with: {way_on}", file=sys.stderr)
        return INTERRUPTED

    def metrics(self, path: Path, metrics: Mapping[str, Any]) -> None:
        """Print the folder and the metrics as JSON to stdout."""
        print(json.dumps({"folder": str(path), **metrics}))

    def files(self, files: Mapping[str, str]) -> None:
        """Print the files of the run and their contents."""
        self("")
        for name, meaning in files.items():
            self(f"  {name:<20} {meaning}")

    def _print(self, text: str) -> None:
        print(text, file=sys.stderr if self.json else sys.stdout, flush=True)
