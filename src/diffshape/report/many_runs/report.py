"""The report of a folder of runs: a table for each kind of run, with pictures and links."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from diffshape._arguments import checked
from diffshape.report.many_runs.found import Failure, FoundRun, find_runs, read_failures
from diffshape.report.page.agreement import agreement_table
from diffshape.report.page.document import Section, document
from diffshape.report.page.file import REPORT, link_to, write_page
from diffshape.report.page.html import Child, Html, element
from diffshape.report.page.picture_file import picture
from diffshape.report.page.table import SORTING, columns_table
from diffshape.report.training_report.pictures import pictures_of
from diffshape.report.training_report.score_table import groups_of, is_shown, leaves, number_text, numbers_in
from diffshape.report.training_report.score_words import WORDS, words_of

_FIT_PICTURE = "preview.png"
_THUMBNAIL = 180
"""Largest width of a picture in the table, in pixels."""
_MOST_PICTURES = 500
"""Largest number of runs that have a picture in the table, so that a page stays at a few megabytes."""


@checked
def write_folder_report(folder: str | Path, path: str | Path | None = None) -> Path:
    """Write the report of the runs in a folder: one HTML file that needs no other and no network.

    It has a table for each kind of run, which can be sorted by any column, with a picture of each run and links to the
    runs' own reports where there are some; what failed of a batch, and why; the runs that are not finished; and how
    often metrics agree.

    Args:
        folder: Folder that holds run folders, directly or in folders of its own.
        path: File to write; None: ``report.html`` in the folder.

    Returns:
        The path of the report.

    Raises:
        ValueError: There is no run in the folder.
        OSError: It is no folder, or the file cannot be written.
    """
    place = Path(folder)
    runs = find_runs(place)
    if not runs:
        raise ValueError(
            f"write_folder_report: there is no run in {folder}: no folder in it has the config.yaml of one"
        )
    failures = read_failures(place, runs)
    sections = list(_sections(place, runs, failures))
    page = document(f"Runs: {place.resolve().name}", sections, lead=_lead(runs, failures), scripts=[SORTING])
    return write_page(page, place, path)


def _lead(runs: Sequence[FoundRun], failures: Sequence[Failure]) -> str:
    finished = sum(run.state == "finished" for run in runs)
    failed = f" {len(failures)} {'job' if len(failures) == 1 else 'jobs'} failed." if failures else ""
    return f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}, {finished} of which finished.{failed}"


def _sections(folder: Path, runs: Sequence[FoundRun], failures: Sequence[Failure]) -> Iterator[Section]:
    if failures:
        lines = [[each.name, element("span", each.error, class_="sentence")] for each in failures]
        yield Section("What failed", columns_table(["job", "why"], lines))
    if waiting := [run for run in runs if run.state != "finished"]:
        rows = [[run.name, f"diffshape {run.kind}", run.state] for run in waiting]
        yield Section("What is not finished", columns_table(["run", "command", "state"], rows))
    for kind in dict.fromkeys(run.kind for run in runs):
        of_kind = [run for run in runs if run.kind == kind and run.metrics]
        if not of_kind:
            continue
        yield Section(_title(kind), _table(folder, of_kind))
        if agreement := agreement_table([[_judged(run) for run in of_kind]], "runs"):
            yield Section(f"Do the metrics agree? {_title(kind)}", agreement)


def _title(kind: str) -> str:
    return "Fits" if kind == "fit" else f"Trainings: {kind.removeprefix('train ')}"


def _table(folder: Path, runs: Sequence[FoundRun]) -> Html:
    numbers = [_numbers(run) for run in runs]
    names = [
        name
        for name in dict.fromkeys(name for each in numbers for name in each)
        if any(each.get(name) is not None for each in numbers)
    ]
    rows = [
        [
            _thumbnail(run) if place < _MOST_PICTURES else None,
            _linked(folder, run),
            *(number_text(each.get(name)) for name in names),
        ]
        for place, (run, each) in enumerate(zip(runs, numbers))
    ]
    return columns_table(["", "run", *(words_of(name).title for name in names)], rows)


def _numbers(run: FoundRun) -> dict[str, object]:
    """The numbers of a run: scores, of several groups those of the first, of lists the means; size, steps, time."""
    score = run.metrics.get("score")
    first = next(iter(groups_of(score).values()), {}) if isinstance(score, Mapping) else {}
    scores = dict(leaves(first))
    known = {name: value for name, value in scores.items() if is_shown(name, list(scores)) and name != "unit"}
    known |= {name: value for name, value in run.metrics.items() if name in WORDS}
    return {name: _single(value) for name, value in known.items()}


def _single(value: object) -> object:
    if not isinstance(value, list):
        return value
    numbers = numbers_in(value)
    return sum(numbers) / len(numbers) if numbers else None


def _judged(run: FoundRun) -> dict[str, float]:
    """Numbers of which one can say what is better, by title, larger where worse."""
    signs = {"less": 1.0, "more": -1.0}
    return {
        words_of(name).title: signs[better] * value
        for name, value in _numbers(run).items()
        if isinstance(value, (int, float)) and (better := words_of(name).better)
    }


def _linked(folder: Path, run: FoundRun) -> Child:
    """The name of a run, with a link to its report if there is one."""
    report = run.run.path / REPORT
    return element("a", run.name, href=link_to(report, folder)) if report.is_file() else run.name


def _thumbnail(run: FoundRun) -> Child:
    """The picture of a run, small."""
    path = run.run.path / _FIT_PICTURE
    shown = path if path.is_file() else next((each.file for each in pictures_of(run.run.path)), None)
    return None if shown is None else picture(shown, alt=f"{run.name}: {shown.stem}", width=_THUMBNAIL)
