"""What a run says: to stdout, or to stderr where stdout is for JSON; nothing but its folder when it is to be quiet."""

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
    """What was typed to begin it, such as "fit"."""
    json: bool
    quiet: bool

    def __call__(self, text: str) -> None:
        """A line, unless quiet."""
        if not self.quiet:
            self._print(text)

    def folder(self, path: Path) -> None:
        """The first line: where the run is."""
        self._print(str(path))

    def notes(self, notes: Iterable[str]) -> None:
        """What was done to the input, a line each."""
        for note in notes:
            self(f"  {note.rstrip('.')}")

    def finished(self, path: Path, advice: str = "") -> int:
        """That there is nothing to go on with; the exit code."""
        self.folder(path)
        if self.json:
            self.metrics(path, RunFolder(path).read_metrics())
        self(f"already finished; nothing was changed{advice}")
        return DONE

    def interrupted(self, path: Path, step: int) -> int:
        """How to go on; the exit code."""
        way_on = typed_as(self.verb, "--resume", path)
        print(f"interrupted after step {step} and saved; go on with: {way_on}", file=sys.stderr)
        return INTERRUPTED

    def metrics(self, path: Path, metrics: Mapping[str, Any]) -> None:
        """The folder and what came of the run, as JSON on stdout."""
        print(json.dumps({"folder": str(path), **metrics}))

    def files(self, files: Mapping[str, str]) -> None:
        """What each file is."""
        self("")
        for name, meaning in files.items():
            self(f"  {name:<20} {meaning}")

    def _print(self, text: str) -> None:
        print(text, file=sys.stderr if self.json else sys.stdout, flush=True)
