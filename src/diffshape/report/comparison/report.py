"""The page of a comparison: what failed, tables that can be sorted, and the pictures of every scan."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from diffshape._arguments import checked
from diffshape._commands import typed_as
from diffshape.report.comparison.layout import WordTable
from diffshape.report.comparison.row import ComparisonRow
from diffshape.report.comparison.table import LEGEND, ComparisonTable, read_comparison
from diffshape.report.page.agreement import agreement_table
from diffshape.report.page.document import Section, document
from diffshape.report.page.html import Html, element, joined
from diffshape.report.page.picture_file import picture_figure
from diffshape.report.page.table import columns_table

REPORT = "report.html"
"""Name of the report in the folder of what it reports on."""
_PICTURES = {
    "": "The scan, the true surface if it is known, and the surface of each method.",
    "_errors": "Distance of each surface from the true one; dark red: 1 % of the longest side, or more.",
    "_levels": "Each field on the plane y = 0 of the unit frame, and the length of its gradient.",
    "_curves": "The loss and its parts along the fits.",
}
"""Captions of the pictures of a scan, by the end of the file's name."""


@checked
def comparison_page(folder: str | Path) -> str:
    """The report of a comparison as one page of HTML, of what there is of it so far.

    Args:
        folder: Folder of ``diffshape compare``.

    Raises:
        FileNotFoundError: The folder has no table.csv.
        ValueError: Its table.csv is that of something else.
    """
    path = Path(folder)
    table = read_comparison(path)
    return document(_title(path), list(_sections(path, table)), lead=_lead(table), scripts=["sorting.js"])


def _title(folder: Path) -> str:
    return f"Comparison: {folder.resolve().name}"


def _lead(table: ComparisonTable) -> str:
    scans, methods = ({getattr(row, name) for row in table.rows} for name in ("scan", "method"))
    failed = sum(row.failed for row in table.rows)
    return (
        f"{len(table.rows)} fits of {len(scans)} {'scan' if len(scans) == 1 else 'scans'} by {len(methods)} "
        f"{'method' if len(methods) == 1 else 'methods'}, {failed or 'none'} of which failed."
    )


def _sections(folder: Path, table: ComparisonTable) -> Iterator[Section]:
    failed = [row for row in table.rows if row.failed]
    if failed:
        yield Section("What failed", _failures(folder, failed))
    yield Section("Means", joined(element("p", _SORT, class_="note"), *map(_words, table.mean_tables())))
    yield Section("Every fit", _fits(folder, table))
    if tables := table.scan_tables():
        yield Section("Scan by scan", joined(*map(_words, tables)))
    scans = dict.fromkeys(row.scan for row in table.rows)
    pictures = [_pictures(folder, scan, [row for row in table.rows if row.scan == scan]) for scan in scans]
    if any(pictures):
        yield Section("Pictures", joined(*pictures))
    if agreement := agreement_table(table.numbers(), "fits of one scan"):
        yield Section("Do the metrics agree?", agreement)
    yield Section("What the numbers are", element("p", LEGEND))


_SORT = "A click on a heading sorts a table by that column; bold: the best."


def _failures(folder: Path, failed: Sequence[ComparisonRow]) -> Html:
    rows = [[row.scan, row.method, element("span", row.error, class_="sentence")] for row in failed]
    again = element("p", "The same command tries them again: ", element("code", typed_as("compare", "...")), ", with ")
    return joined(columns_table(["scan", "method", "why"], rows), again)


def _words(table: WordTable) -> Html:
    """A table of words under its title."""
    rows = [
        [element("b", word) if (line, column) in table.best else word for column, word in enumerate(words)]
        for line, words in enumerate(table.lines)
    ]
    return joined(element("h3", table.title), columns_table(table.head, rows))


def _fits(folder: Path, table: ComparisonTable) -> Html:
    words = table.fit_table()
    rows = [
        [scan, _linked(folder, row), *numbers] for (scan, _, *numbers), row in zip(words.lines, table.rows)
    ]
    return columns_table(words.head, rows)


def _linked(folder: Path, row: ComparisonRow) -> Html | str:
    """The method of a fit, with a link to its report if there is one, relative to the folder, which can be moved."""
    report = Path(row.folder, REPORT)
    if not report.is_file():
        return row.method
    return element("a", row.method, href=quote(report.relative_to(folder).as_posix()))


def _pictures(folder: Path, scan: str, rows: Sequence[ComparisonRow]) -> Html | None:
    """The pictures of a scan that are there."""
    files = {end: folder / "pictures" / f"{scan}{end}.png" for end in _PICTURES}
    figures = [
        picture_figure(files[end], caption)
        for end, caption in _PICTURES.items()
        if files[end].is_file()
    ]
    reports = [link for link in (_linked(folder, row) for row in rows) if isinstance(link, Html)]
    links = element("p", "Reports: ", *(part for link in reports for part in (link, " "))) if reports else None
    return joined(element("h3", scan), links, *figures) if figures else None
