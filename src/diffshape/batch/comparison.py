"""Every method on every scan, one fit after another: a run folder each, a row each, tables and pictures.

table.csv, table.md, table.tex   a row for each fit, and the means
pictures/                        of each scan: surfaces, errors, level sets, curves
report.html                      all of it as a page
runs/SCAN/METHOD/                the run folders
scans/                           scans with added noise

A fit that is finished is not made again, one that was stopped is gone on with, and one that failed is tried again.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from diffshape._commands import typed_as
from diffshape._files import atomic_path
from diffshape._sentence import sentence
from diffshape.batch.compared_scan import ComparedScan, with_noise
from diffshape.batch.fit_job import FitJob
from diffshape.data import read_mesh
from diffshape.data.up import Up
from diffshape.fitting import FitSettings
from diffshape.fitting.inputs.inputs import Inputs, read_inputs
from diffshape.fitting.run import Observer
from diffshape.report import ComparisonRow, ComparisonTable, read_comparison
from diffshape.report.comparison.pictures import draw_comparison
from diffshape.report.comparison.report import write_comparison_report
from diffshape.report.comparison.scores import surface_scores
from diffshape.report.page.file import REPORT
from diffshape.training.run_folder import RunFolder

Watch = Callable[[str], AbstractContextManager[Observer | None]]
"""Maker of what hears the steps of a fit, from a description of the fit; entered around it."""
Told = Callable[[ComparisonRow], None]
"""What is told of every row, finished now or earlier."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Fits of several scans by several methods, in one folder."""

    folder: Path
    """Folder of the comparison: new, empty, or that of the same comparison, which goes on."""
    scans: Sequence[ComparedScan]
    """The scans, under different names."""
    methods: Mapping[str, FitSettings]
    """Settings of the fits, by the names of the methods."""
    device: str = "auto"
    """Device to compute on: "auto", "cpu" or "cuda"."""
    max_points: int | None = None
    """Largest number of points that are drawn of a scan; None: all are taken."""
    up: Up | None = None
    """Axis that points up in pictures; None: as files of that kind have it."""

    @property
    def table(self) -> Path:
        """The file of the rows, which says what is finished."""
        return self.folder / "table.csv"

    def run(self, *, watch: Watch = lambda name: nullcontext(), told: Told = lambda row: None) -> ComparisonTable:
        """Make all fits that are not made yet, and write tables and pictures.

        Args:
            watch: Maker of what shows the progress of a fit.
            told: Told of each row as soon as it is known.

        Returns:
            The rows of all fits in the folder; one that failed has a row with the reason.

        Raises:
            ValueError: Another process is at work in the folder, a file in it is no table of a comparison, or a run in
                it was begun with other settings.
            OSError: A file cannot be written.
            KeyboardInterrupt: A fit was interrupted; it is saved, and so are the rows of those before it.
        """
        with RunFolder(self.folder).only_here():
            self._refuse_other_settings()
            rows = {(row.scan, row.method): row for row in self._known()}
            self._write(rows.values())  # which says that the folder is that of a comparison
            for scan in self.scans:
                read = cache(partial(self._inputs, scan))
                for method in self.methods:
                    row, place = rows.get((scan.name, method)), (scan.name, method)
                    if row is None or row.failed or row.truth != _text(scan.truth):
                        row = rows[place] = self._fitted(scan, method, read, watch)
                        self._write(rows.values())
                        self._picture(scan).unlink(missing_ok=True)  # it shows the row as it was
                    told(row)
                if not self._picture(scan).is_file():
                    self._draw(scan, [row for row in rows.values() if row.scan == scan.name], read)
            self._report()
        return ComparisonTable(tuple(rows.values()))

    def run_folder(self, scan: ComparedScan, method: str) -> Path:
        """The run folder of a fit."""
        return self.folder / "runs" / scan.name / method

    def _picture(self, scan: ComparedScan) -> Path:
        """The last of the pictures of a scan that is drawn."""
        return self.folder / "pictures" / f"{scan.name}.png"

    def _known(self) -> tuple[ComparisonRow, ...]:
        return read_comparison(self.folder).rows if self.table.is_file() else ()

    def _refuse_other_settings(self) -> None:
        for scan in self.scans:
            for method, settings in self.methods.items():
                run = RunFolder(self.run_folder(scan, method))
                if run.is_begun and not _is_same(run.read_settings(FitSettings), settings):
                    raise ValueError(
                        f"{run.path} was begun with other settings (see its config.yaml); "
                        "give the options it had, or another folder"
                    )

    def _fitted(self, scan: ComparedScan, method: str, read: Callable[[], Inputs], watch: Watch) -> ComparisonRow:
        """The row of a fit that is made now, or of one that failed."""
        folder = self.run_folder(scan, method)
        row = ComparisonRow(
            scan=scan.name, method=method, noise=scan.noise, folder=str(folder), truth=_text(scan.truth)
        )
        try:
            inputs = read()
            begun = RunFolder(folder).is_begun
            settings = None if begun else self.methods[method]
            job = FitJob(inputs=inputs, settings=settings, folder=folder, device=self.device)
            with watch(f"{scan.name}, {method}") as observer:
                result = job.fit([] if observer is None else [observer])
            row = replace(row, steps=result.step, seconds=round(result.seconds, 2))
            if result.interrupted:
                raise KeyboardInterrupt
            outputs = job.write(result)
            mesh = read_mesh(folder / "mesh.ply")
            facts = {name: outputs.metrics[name] for name in ("faces", "bodies", "watertight")}
            return replace(row, **facts, **surface_scores(mesh, inputs.points(), inputs.truth, outputs.score))
        except Exception as error:  # a table that left out what failed would flatter
            return replace(row, error=sentence(error))

    def _inputs(self, scan: ComparedScan) -> Inputs:
        seed = next(iter(self.methods.values())).seed
        path = with_noise(scan, self.folder / "scans", max_points=self.max_points, seed=seed)
        return read_inputs(path, scan.truth, max_points=self.max_points, seed=seed, as_scan=True, up=self.up)

    def _write(self, rows: Iterable[ComparisonRow]) -> None:
        table = ComparisonTable(tuple(rows))
        texts = {".csv": table.to_csv(), ".md": table.to_markdown(), ".tex": table.to_latex()}
        for suffix, text in texts.items():
            with atomic_path(self.table.with_suffix(suffix)) as temporary:
                temporary.write_text(text, encoding="utf-8")

    def _draw(self, scan: ComparedScan, rows: Sequence[ComparisonRow], read: Callable[[], Inputs]) -> None:
        """The pictures of a scan, unless it could not be read at all."""
        if all(row.failed and row.steps is None for row in rows):
            return
        inputs = read()
        self._picture(scan).parent.mkdir(exist_ok=True)
        draw_comparison(rows, inputs.points(), inputs.truth, self._picture(scan), up=inputs.up)

    def _report(self) -> None:
        try:
            write_comparison_report(self.folder)
        except Exception as error:
            again = typed_as("report", self.folder)
            warnings.warn(f"no {REPORT}: {error}; the fits are whole, and this tries again: {again}", stacklevel=3)


def _is_same(begun: FitSettings, wanted: FitSettings) -> bool:
    """Whether a fit was begun with the settings, a field that they leave open being matched to the scan."""
    return begun == (wanted if wanted.field is not None else replace(wanted, field=begun.field))


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
