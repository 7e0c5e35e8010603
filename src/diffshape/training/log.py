"""Numbers of a run as CSV files, by step; those of the loss are step, seconds, lr, loss and each part.

A row is on disk when written. On resume, the rows of steps made again are dropped, so steps are unique and increase. A
column that first appears later is added at the end, empty in the rows before.
"""

import csv
import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._files import atomic_path
from diffshape.training.loop import StepReport


class CsvTable:
    """Rows of a CSV file, of which the first column is "step"; a full disk is a warning, given once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._columns: list[str] = []
        self._warned = False

    def add(self, row: dict[str, str]) -> None:
        """Write a row, texts by column; the first one drops those of its step and later ones that are there."""
        try:
            self._write(row)
        except OSError as error:
            self._columns = []  # the row may be torn: lay the file out anew before the next
            if not self._warned:
                warnings.warn(f"no row for step {row['step']} in {self.path}: {error}", stacklevel=3)
            self._warned = True

    def _write(self, row: dict[str, str]) -> None:
        if not set(row) <= set(self._columns):
            kept = [old for old in _rows(self.path) if int(old["step"]) < int(row["step"])]
            self._columns = list(dict.fromkeys([*(kept[0] if kept else ()), *row]))
            with atomic_path(self.path) as temporary:
                lines = map(self._line, [dict(zip(self._columns, self._columns)), *kept])
                temporary.write_text("".join(lines), encoding="utf-8")
        with self.path.open("a", encoding="utf-8", newline="") as file:
            file.write(self._line(row))

    def _line(self, row: dict[str, str]) -> str:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([row.get(column, "") for column in self._columns])
        return line.getvalue()


class CsvLog:
    """An observer of :func:`train` that writes step 1, every ``every``-th step and the last of a budget."""

    @checked
    def __init__(self, path: str | Path, *, every: int = 10) -> None:
        if every < 1:
            raise ValueError(f"CsvLog: every must be at least 1, got {every}")
        self.path, self.every = Path(path), every
        self._table = CsvTable(self.path)

    def __call__(self, report: StepReport) -> None:
        """Write the step if it is due; a full disk is a warning, given once."""
        if is_due(report, self.every):
            row = {"step": str(report.step), "seconds": f"{report.seconds:.3f}", "lr": f"{report.lr:.6g}"}
            self._table.add(row | {name: f"{value:.8g}" for name, value in report.terms.log().items()})


def is_due(report: StepReport, every: int) -> bool:
    """Whether a step is one that a log keeps: the first, every ``every``-th and the last of a budget."""
    return report.step == 1 or report.step % every == 0 or report.progress >= 1


@checked
def read_log(path: str | Path) -> dict[str, NDArray[np.float64]]:
    """The columns of a log by name, NaN where a step had no such part; a torn last row is left out.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is not a log.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"read_log: no such file: {str(path)!r}")
    rows = _rows(Path(path))
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in (rows[0] if rows else ())}


def _rows(path: Path) -> list[dict[str, str]]:
    """The whole rows of a log; none if there is no file."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    table = list(csv.reader(line for line in lines if line.endswith("\n")))
    if table and table[0][:1] != ["step"]:
        raise ValueError(f"read_log: {path} is not a training log: its first column must be 'step'")
    return [dict(zip(table[0], cells)) for cells in table[1:] if len(cells) == len(table[0])]
