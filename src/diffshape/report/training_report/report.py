"""The report of the run folder of a training: scores in plain words, curves, pictures, and where they come from."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from diffshape._arguments import checked
from diffshape._files import read_json, read_yaml
from diffshape.report.fit_report.origin import command_of, configuration, environment_table
from diffshape.report.page.curves import curves
from diffshape.report.page.document import Section, document, folded
from diffshape.report.page.file import write_page
from diffshape.report.page.html import Html, element, joined
from diffshape.report.page.picture_file import picture_figure
from diffshape.report.page.table import SORTING, columns_table
from diffshape.report.training_report.pictures import pictures_of
from diffshape.report.training_report.score_table import number_text, numbers_in, score_table
from diffshape.report.training_report.score_words import words_of
from diffshape.training import read_log
from diffshape.training.run_folder import RunFolder

_NOT_LOSS = ("step", "seconds", "lr")
_LISTS = {
    "known": ("recalled",),
    "held_out": ("whole", "half", "nearest"),
    "tested": ("iou", "best", "mean", "diversity"),
}
"""Names of shapes in a metrics.json, and the scores that are a list with a number for each of them."""


@checked
def write_training_report(run: str | Path, path: str | Path | None = None) -> Path:
    """Write the report of a training, finished or not: one HTML file that needs no other and no network.

    It has the scores with what they mean, those of each shape, curves of the loss and its parts, the pictures that the
    run folder holds, settings, versions, and the command.

    Args:
        run: Run folder of a training, as ``diffshape train`` or ``train_deep_sdf`` and others wrote it.
        path: File to write; None: ``report.html`` in the run folder.

    Returns:
        The path of the report.

    Raises:
        ValueError: ``run`` is no folder of a training, or a file in it is damaged.
        OSError: The file cannot be written.

    >>> from tempfile import TemporaryDirectory
    >>> from diffshape import data, models
    >>> with TemporaryDirectory() as folder:
    ...     images, network = data.spine_phantoms(2), models.LandmarkUNetConfig(widths=(8, 8, 8))
    ...     _ = models.train_landmarks(images, network, steps=2, folder=folder)
    ...     write_training_report(folder).name
    'report.html'
    """
    folder = RunFolder(Path(run))
    kind = folder.kind or ""
    if not kind.startswith("train "):
        raise ValueError(f"write_training_report: {run} is not the folder of a training, by its config.yaml")
    metrics, environment = (_read(each) for each in (folder.metrics, folder.path / "environment.json"))
    sections = list(_sections(folder, metrics, environment))
    title = f"{kind}: {folder.path.resolve().name}"
    page = document(title, sections, lead=_lead(folder, metrics), scripts=[SORTING])
    return write_page(page, folder.path, path)


def _lead(run: RunFolder, metrics: Mapping[str, Any]) -> str:
    if not metrics:
        return f"{_examples(run)} The training is not finished; there are no scores yet."
    return f"{_examples(run)} {metrics.get('steps', 0):,} steps in {metrics.get('seconds', 0.0):,.0f} s."


def _examples(run: RunFolder) -> str:
    """What was learnt from, in a sentence."""
    data = read_yaml(run.config).get("data")
    known = data if isinstance(data, Mapping) else {}
    count = known.get("shapes") or known.get("images") or known.get("scans")
    if "family" in known:
        return f"Learnt from {count} drawn shapes of the family {known['family']}."
    if "folder" in known:
        return f"Learnt from {known['folder']}."
    return f"Learnt from {count} that were drawn." if count else ""


def _sections(run: RunFolder, metrics: Mapping[str, Any], environment: Mapping[str, Any]) -> Iterator[Section]:
    scores, shapes = score_table(metrics), _shape_by_shape(metrics)
    if scores:
        yield Section("Scores", joined(scores, folded("Shape by shape", shapes) if shapes else None, _notes(metrics)))
    pictures = [picture_figure(each.file, each.caption) for each in pictures_of(run.path)]
    if pictures:
        yield Section("Pictures", joined(*pictures))
    log = read_log(run.log) if run.log.is_file() else {}
    parts = {name: column for name, column in log.items() if name not in _NOT_LOSS and np.isfinite(column).any()}
    if parts:
        panels = [curves("Loss and its parts", log["step"], parts, "step")]
        panels.append(curves("Learning rate", log["step"], {"lr": log["lr"]}, "step"))
        yield Section("Curves", element("div", *panels, class_="curves"))
    text = run.config.read_text(encoding="utf-8")
    command = element("pre", command_of(environment), class_="wrapped")
    origin = [element("p", "The command that began the run:"), command, configuration(text)]
    yield Section("How to reproduce", joined(*origin, environment_table(environment)))


def _shape_by_shape(metrics: Mapping[str, Any]) -> Html | None:
    """The scores of which there is one for each shape, by the names of the shapes."""
    score, tables = metrics.get("score") or {}, []
    for names, columns in _LISTS.items():
        shapes = metrics.get(names)
        if not isinstance(shapes, list):
            continue
        known = {name: score[name] for name in columns if isinstance(score.get(name), list) and numbers_in(score[name])}
        shown = {name: values for name, values in known.items() if len(values) == len(shapes)}
        rows = [
            [str(shape), *(number_text(values[place]) for values in shown.values())]
            for place, shape in enumerate(shapes)
        ]
        if shown:
            tables.append(columns_table(["shape", *(words_of(name).title for name in shown)], rows))
    return joined(*tables) if tables else None


def _notes(metrics: Mapping[str, Any]) -> Html | None:
    """What the score says about itself, each sentence once."""
    groups = [each for each in (metrics.get("score") or {}).values() if isinstance(each, Mapping)]
    notes = dict.fromkeys(str(note) for group in groups for note in group.get("notes") or ())
    return element("ul", *(element("li", note) for note in notes), class_="note") if notes else None


def _read(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}
