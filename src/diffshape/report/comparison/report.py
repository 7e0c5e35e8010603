"""The report of a comparison: what failed, tables that can be sorted, and the pictures of every scan."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from diffshape._arguments import checked
from diffshape.report.comparison.layout import WordTable
from diffshape.report.comparison.row import ComparisonRow
from diffshape.report.comparison.table import LEGEND, ComparisonTable, read_comparison
from diffshape.report.page.agreement import agreement_table
from diffshape.report.page.document import Section, document
from diffshape.report.page.file import REPORT, link_to, write_page
from diffshape.report.page.html import Html, element, joined
from diffshape.report.page.picture_file import picture_figure
from diffshape.report.page.table import SORTING, columns_table

_PICTURES = {
    "": "The scan, the true surface if it is known, and the surface of each method.",
    "_errors": "Distance of each surface from the true one; dark red: 1 % of the longest side, or more.",
    "_levels": "Each field on the plane y = 0 of the unit frame, and the length of its gradient.",
    "_curves": "The loss and its parts along the fits.",
}
"""Captions of the pictures of a scan, by the end of the file's name."""


@checked
def write_comparison_report(folder: str | Path, path: str | Path | None = None) -> Path:
    """Write the report of a comparison, finished or not: one HTML file that needs no other and no network.

    It has what failed and why, tables that can be sorted by any column, links to the reports of the fits where there
    are some, the pictures of every scan, and how often metrics agree on the better of two fits.

    Args:
        folder: Folder of ``diffshape compare``.
        path: File to write; None: ``report.html`` in the folder.

    Returns:
        The path of the report.

    Raises:
        FileNotFoundError: The folder has no table.csv.
        ValueError: Its table.csv is that of something else.
        OSError: The file cannot be written.
    """
    place = Path(folder)
    table = read_comparison(place)
    sections = list(_sections(place, table))
    page = document(f"Comparison: {place.resolve().name}", sections, lead=_lead(table), scripts=[SORTING])
    return write_page(page, place, path)


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
        yield Section("What failed", _failures(failed))
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


def _failures(failed: Sequence[ComparisonRow]) -> Html:
    rows = [[row.scan, row.method, element("span", row.error, class_="sentence")] for row in failed]
    return joined(columns_table(["scan", "method", "why"], rows), element("p", "The same command tries them again."))


def _words(table: WordTable) -> Html:
    """A table of words under its title."""
    rows = [
        [element("b", word) if (line, column) in table.best else word for column, word in enumerate(words)]
        for line, words in enumerate(table.lines)
    ]
    return joined(element("h3", table.title), columns_table(table.head, rows))


def _fits(folder: Path, table: ComparisonTable) -> Html:
    words = table.fit_table()
    rows = [[scan, _linked(folder, row), *numbers] for (scan, _, *numbers), row in zip(words.lines, table.rows)]
    return columns_table(words.head, rows)


def _linked(folder: Path, row: ComparisonRow) -> Html | str:
    """The method of a fit, with a link to its report if there is one, relative to the folder, which can be moved."""
    report = Path(row.folder, REPORT)
    if not report.is_file():
        return row.method
    return element("a", row.method, href=link_to(report, folder))


def _pictures(folder: Path, scan: str, rows: Sequence[ComparisonRow]) -> Html | None:
    """The pictures of a scan that are there."""
    files = {end: folder / "pictures" / f"{scan}{end}.png" for end in _PICTURES}
    figures = [picture_figure(files[end], caption) for end, caption in _PICTURES.items() if files[end].is_file()]
    reports = [link for link in (_linked(folder, row) for row in rows) if isinstance(link, Html)]
    links = element("p", "Reports: ", *(part for link in reports for part in (link, " "))) if reports else None
    return joined(element("h3", scan), links, *figures) if figures else None
