"""The table of a comparison: means over the scans, scan by scan, and what failed."""

import csv
import io
import json
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from os import PathLike
from pathlib import Path
from typing import NamedTuple, get_args

from diffshape._arguments import checked
from diffshape._config import from_plain
from diffshape._reprs import one_line
from diffshape._typed import hints_of
from diffshape.report.comparison.layout import WordTable, as_latex, as_markdown, as_text
from diffshape.report.comparison.row import ComparisonRow


class _Column(NamedTuple):
    """How a number is shown."""

    title: str
    factor: float
    form: str
    best: Callable[[Sequence[float]], float] | None = min
    """Which of several is the best; None: none is."""


_EXACT = {
    "chamfer": _Column("Chamfer x1e3", 1e3, ".3f"),
    "normal_deg": _Column("normals deg", 1, ".2f"),
    "hausdorff": _Column("Hausdorff", 1, ".4f"),
    "f_score": _Column("F@0.01", 1, ".4f", max),
    "spurious_share": _Column("spurious %", 100, ".2f"),
    "bodies": _Column("bodies", 1, ".1f", None),
    "seconds": _Column("optimiser s", 1, ".1f", None),
}
"""Columns of the exact scores."""
_PRINTED = {
    f"{prefix}_{name}": _Column(f"{title}{unit}", factor, form)
    for prefix, title in (("sampled", ""), ("offset", "offset "))
    for name, unit, factor, form in (
        ("chamfer", "CD x100", 1e2, ".3f"),
        ("chamfer_squared", "CD2 x1e4", 1e4, ".3f"),
        ("normal_deg", "CA deg", 1, ".1f"),
    )
}
"""Columns of the scores that papers print, as they are and with the offset of the official mesher."""
_EACH = ("chamfer", "normal_deg", "spurious_share")
"""Scores that are shown scan by scan."""
_FLOOR = "floor: truth against truth"


@dataclass(frozen=True, kw_only=True)
class ComparisonMean:
    """Means of one method over the scans of one noise."""

    method: str
    """Name of the method."""
    noise: float | None
    """Noise of the scans, as a share of their longest sides."""
    scans: int
    """Number of scans that were fitted, failures included."""
    failed: int
    """Number of scans of which there is no surface; they are in no mean, as they have no numbers."""
    numbers: Mapping[str, float]
    """Mean of each number over the scans that have it, by its name in :class:`ComparisonRow`."""

    __repr__ = one_line


@dataclass(frozen=True)
class ComparisonTable:
    """Rows of a comparison; its ``str`` is the table of the means.

    A method that failed on a scan has its means over the others, says on how many, and is never marked as best.

    >>> rows = [ComparisonRow(scan=scan, method="igr", noise=0.0, chamfer=0.001, seconds=9.0) for scan in ("a", "b")]
    >>> table = ComparisonTable((*rows, ComparisonRow(scan="a", method="diffcd", noise=0.0, error="no surface")))
    >>> print(table)
    noise  method  scans   Chamfer x1e3  optimiser s
    0      igr     2              1.000          9.0
    0      diffcd  0 of 1             -            -
    """

    rows: tuple[ComparisonRow, ...]
    """Rows in the order of the fits."""

    __repr__ = one_line

    def __str__(self) -> str:
        return as_text(self._means_table(_EXACT, ""))

    def means(self) -> tuple[ComparisonMean, ...]:
        """Means over the scans, by noise and, within it, by method, in the order of the rows."""
        noises = dict.fromkeys(row.noise for row in self.rows)
        methods = dict.fromkeys(row.method for row in self.rows)
        groups = {
            (noise, method): [row for row in self.rows if (row.noise, row.method) == (noise, method)]
            for noise in sorted(noises, key=lambda noise: -1.0 if noise is None else noise)
            for method in methods
        }
        return tuple(_mean(method, noise, rows) for (noise, method), rows in groups.items() if rows)

    def to_csv(self) -> str:
        """A line for each fit, with every field of :class:`ComparisonRow`; empty where a number is not known."""
        text = io.StringIO()
        writer = csv.DictWriter(text, [item.name for item in fields(ComparisonRow)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row.to_dict() for row in self.rows)
        return text.getvalue()

    @classmethod
    @checked
    def from_csv(cls, text: str) -> "ComparisonTable":
        """The table that ``to_csv`` wrote.

        Raises:
            ValueError: The text is no such table.
        """
        reader = csv.DictReader(io.StringIO(text))
        names = [item.name for item in fields(ComparisonRow)]
        if list(reader.fieldnames or ()) != names:
            raise ValueError(f"ComparisonTable.from_csv: text must have the columns {', '.join(names)}")
        return cls(tuple(from_plain(ComparisonRow, _known(line)) for line in reader))

    def to_markdown(self) -> str:
        """All tables as a page of Markdown, with what failed and a line on each number."""
        failures = [f"- {row.scan}, {row.method}: {row.error}" for row in self.rows if row.failed]
        tables = [*self.mean_tables(), *self.scan_tables()]
        parts = [f"# Comparison of methods\n\n{LEGEND}", *map(as_markdown, tables)]
        if failures:
            parts.append("\n".join(["## What failed", "", *failures]))
        return "\n\n".join(parts) + "\n"

    def to_latex(self) -> str:
        """All tables as LaTeX, which needs the package booktabs."""
        return "\n\n".join(map(as_latex, [*self.mean_tables(), *self.scan_tables()])) + "\n"

    def mean_tables(self) -> list[WordTable]:
        """Means by noise and method: of the exact scores and, where there is a truth, of those that papers print."""
        tables = [self._means_table(_EXACT, "Means over the scans")]
        if any(row.sampled_chamfer is not None for row in self.rows):
            tables.append(self._with_floors(self._means_table(_PRINTED, "As papers print it")))
        return tables

    def scan_tables(self) -> list[WordTable]:
        """Chamfer distance, normals and spurious share, as far as they are known, scan by scan."""
        return [self._scan_table(name) for name in _EACH if self._is_known(name)]

    def fit_table(self) -> WordTable:
        """The exact scores of each fit, a line for each row, and whether it failed."""
        shown = {name: column for name, column in _EXACT.items() if self._is_known(name)}
        lines = [
            [row.scan, row.method, _noise(row.noise)]
            + (["failed"] * len(shown) if row.failed else _cells(row.to_dict(), shown))
            for row in self.rows
        ]
        return WordTable("Every fit", ["scan", "method", "noise", *(each.title for each in shown.values())], lines, 3)

    def numbers(self) -> list[list[dict[str, float]]]:
        """Exact scores of the fits by title, larger where worse, in a list for each scan."""
        judged = {name: column for name, column in _EXACT.items() if column.best is not None}
        scans = dict.fromkeys(row.scan for row in self.rows)
        return [[_judged(row, judged) for row in self.rows if row.scan == scan and not row.failed] for scan in scans]

    def _means_table(self, columns: Mapping[str, _Column], title: str) -> WordTable:
        shown, means = {name: each for name, each in columns.items() if self._is_known(name)}, self.means()
        lines = [[_noise(mean.noise), mean.method, _scans(mean), *_cells(mean.numbers, shown)] for mean in means]
        best = {
            (line, 3 + place)
            for place, (name, column) in enumerate(shown.items())
            for noise in {mean.noise for mean in means}
            for line in _best(
                [mean.numbers.get(name) if mean.noise == noise and not mean.failed else None for mean in means], column
            )
        }
        head = ["noise", "method", "scans", *(column.title for column in shown.values())]
        return WordTable(title, head, lines, labels=3, best=frozenset(best))

    def _with_floors(self, table: WordTable) -> WordTable:
        """The table with a line for each noise on what a perfect surface would score."""
        lines = list(table.lines)
        for noise in dict.fromkeys(mean.noise for mean in self.means()):
            floors = _mean(_FLOOR, noise, [row for row in self.rows if row.noise == noise]).numbers
            sampled = {name.replace("floor", "sampled"): each for name, each in floors.items() if "floor" in name}
            lines.append([_noise(noise), _FLOOR, "", *_cells(sampled, _PRINTED)])
        return table._replace(lines=lines)

    def _scan_table(self, name: str) -> WordTable:
        """One number, scan by scan, a column for each method."""
        methods, scans = (list(dict.fromkeys(getattr(row, key) for row in self.rows)) for key in ("method", "scan"))
        column, found = _EXACT[name], {(row.scan, row.method): row for row in self.rows}
        lines, best = [], set()
        for line, scan in enumerate(scans):
            rows = [found.get((scan, method)) for method in methods]
            numbers = [None if row is None else getattr(row, name) for row in rows]
            best |= {(line, 1 + place) for place in _best(numbers, column)}
            shown = [
                "failed" if row is not None and row.failed else _cell(each, column) for row, each in zip(rows, numbers)
            ]
            lines.append([scan, *shown])
        return WordTable(f"{column.title}, scan by scan", ["scan", *methods], lines, best=frozenset(best))

    def _is_known(self, name: str) -> bool:
        return any(getattr(row, name) is not None for row in self.rows)


LEGEND = """\
Lengths are shares of the longest side of the true surface. Chamfer: mean distance from points to triangles, mean of
both directions; 0 for the truth itself. Normals: mean angle at matched points. Spurious: share of the area farther than
5 spacings from all points of the scan. CD, CD2, CA: mean distance, mean squared distance and mean angle from samples to
samples, 30,000 on each surface, which have a floor; offset: what the same surface would score if the official mesher,
whose grid is off by up to a cell, had made it. Where a method failed, "3 of 4" says on how many scans its means are."""
"""Meaning of the columns of all tables."""


def _known(line: Mapping[str, str]) -> dict[str, object]:
    """The values of a line of CSV that are there: words, and numbers and truth values as JSON has them."""
    words = {name for name, hint in hints_of(ComparisonRow).items() if str in (hint, *get_args(hint))}
    known = {name: text for name, text in line.items() if text}
    return {name: text if name in words else json.loads(text.lower()) for name, text in known.items()}


def _mean(method: str, noise: float | None, rows: Sequence[ComparisonRow]) -> ComparisonMean:
    names = [*_EXACT, *_PRINTED, *(name.replace("sampled", "floor") for name in _PRINTED if "sampled" in name)]
    known = {name: [getattr(row, name) for row in rows if getattr(row, name) is not None] for name in names}
    numbers = {name: statistics.fmean(values) for name, values in known.items() if values}
    return ComparisonMean(
        method=method, noise=noise, scans=len(rows), failed=sum(row.failed for row in rows), numbers=numbers
    )


def _judged(row: ComparisonRow, columns: Mapping[str, _Column]) -> dict[str, float]:
    """Scores by the titles of their columns, with the opposite sign where more is better."""
    known = {name: getattr(row, name) for name in columns if getattr(row, name) is not None}
    return {columns[name].title: -each if columns[name].best is max else each for name, each in known.items()}


def _best(numbers: Sequence[float | None], column: _Column) -> list[int]:
    """Places of the best of the numbers that are known; none if there is nothing to choose from."""
    known = [number for number in numbers if number is not None]
    if column.best is None or len(known) < 2:
        return []
    return [place for place, number in enumerate(numbers) if number == column.best(known)]


def _cells(numbers: Mapping[str, float], columns: Mapping[str, _Column]) -> list[str]:
    return [_cell(numbers.get(name), column) for name, column in columns.items()]


def _cell(number: float | None, column: _Column) -> str:
    return "-" if number is None else format(number * column.factor, column.form)


def _noise(noise: float | None) -> str:
    return "-" if noise is None else f"{noise:g}"


def _scans(mean: ComparisonMean) -> str:
    return f"{mean.scans - mean.failed} of {mean.scans}" if mean.failed else str(mean.scans)


def is_comparison(folder: str | PathLike[str]) -> bool:
    """Whether a folder has the table of a comparison; a batch has a table.csv with other columns."""
    path = Path(folder, "table.csv")
    return path.is_file() and path.read_text(encoding="utf-8").startswith(ComparisonTable(()).to_csv())


@checked
def read_comparison(folder: str | PathLike[str]) -> ComparisonTable:
    """The rows that ``diffshape compare`` left in its folder, wherever that is now, whether it is finished or not.

    Raises:
        FileNotFoundError: The folder has no table.csv.
        ValueError: Its table.csv is that of something else.
    """
    path = Path(folder, "table.csv")
    if not path.is_file():
        raise FileNotFoundError(f"read_comparison: folder {os.fspath(folder)!r} has no table.csv")
    try:
        rows = ComparisonTable.from_csv(path.read_text(encoding="utf-8")).rows
    except ValueError as error:
        raise ValueError(f"{path} is no table of a comparison: {error}") from error
    return ComparisonTable(tuple(replace(row, folder=str(Path(folder, "runs", row.scan, row.method))) for row in rows))
