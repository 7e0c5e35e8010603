"""The inputs of a batch: files, folders and patterns that were typed, or the rows of a CSV manifest."""

import csv
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from glob import glob, has_magic
from pathlib import Path

from diffshape.training.run_folder import RunFolder

_COLUMN = "input"
"""Column that makes a CSV file a manifest: points of a scan have none of that name."""
_TWICE = "two inputs are called {}; give them names in the column 'name' of a manifest"
"""What is wrong with an input whose name another one has."""


@dataclass(frozen=True, kw_only=True)
class BatchInput:
    """One input of a batch."""

    name: str
    """Name of the job and of its folder."""
    path: Path
    """File, or folder of a run."""
    cells: Mapping[str, str] = field(default_factory=dict)
    """Values of options of its own, by their names without dashes."""
    place: str = ""
    """Where it was read, such as "manifest.csv, line 3"; empty for one that was typed."""
    wrong: str = ""
    """Reason for which it cannot be run, as far as that is known without its file; empty: there is none."""


def batch_inputs(typed: Sequence[str], suffixes: Sequence[str], *, runs: bool = False) -> list[BatchInput]:
    """The inputs that the words of a command line name.

    Args:
        typed: Files; folders, of which every file of a known kind is taken; patterns such as ``scans/*.ply``; CSV
            manifests, whose rows are taken (see :func:`read_manifest`).
        suffixes: Endings of the files that are taken of a folder.
        runs: Whether folders of runs are wanted, in place of files.

    Raises:
        ValueError: Nothing was found where something was named, or a manifest has no rows that can be told apart.
        OSError: A file or folder is not there, or cannot be read.
    """
    found: list[BatchInput] = []
    paths: list[Path] = []
    for word in typed:
        path = Path(word).expanduser()
        if path.is_file() and _is_manifest(path):
            found += read_manifest(path)
        else:
            paths += _paths(path, suffixes, runs)
    names = _names(list(dict.fromkeys(paths)))
    found += [BatchInput(name=name, path=path) for path, name in names.items()]
    count = Counter(item.name for item in found if not item.wrong)
    return [replace(item, wrong=_TWICE.format(item.name)) if count[item.name] > 1 else item for item in found]


def read_manifest(path: Path) -> list[BatchInput]:
    """The rows of a CSV manifest.

    The first line names the columns: ``input``, a path relative to the manifest; ``name``, that of the job, if it is
    not to be that of the file; and options of the command, such as ``truth`` or ``method.scan.passes``. An empty cell
    leaves the option as the command line has it. Blank lines and lines that begin with # are skipped. A row that cannot
    be meant is there too, with what is wrong with it.

    Raises:
        ValueError: The file is not in UTF-8, two columns have one name, or there are no rows.
        OSError: The file cannot be read.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as text:
            lines = [(number, line) for number, line in enumerate(text, 1) if line.strip() and not line.startswith("#")]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text in UTF-8 ({error.reason}); save it as one") from error
    rows = list(csv.reader(line for _, line in lines))
    header = [cell.strip().lstrip("-").replace("_", "-") for cell in rows[0]]
    if repeated := [name for name, count in Counter(header).items() if count > 1]:
        raise ValueError(f"{path}: the column {repeated[0]!r} is there twice")
    if not rows[1:]:
        raise ValueError(f"{path} has no row below its header")
    wrong, found = [], []
    for (number, _), row in zip(lines[1:], rows[1:]):
        place = f"{path}, line {number}"
        cells = dict(zip(header, (cell.strip() for cell in row)))
        if len(row) != len(header):
            wrong.append(_wrong(path, place, f"{len(row)} cells for {len(header)} columns"))
        elif not cells[_COLUMN]:
            wrong.append(_wrong(path, place, "the cell of 'input' is empty"))
        else:
            found.append((place, cells))
    paths = [path.parent / Path(cells[_COLUMN]).expanduser() for _, cells in found]
    names = _names(paths)
    return wrong + [
        BatchInput(
            name=cells.get("name") or names[source],
            path=source,
            cells={option: cell for option, cell in cells.items() if option not in (_COLUMN, "name") and cell},
            place=place,
        )
        for source, (place, cells) in zip(paths, found)
    ]


def _wrong(manifest: Path, place: str, what: str) -> BatchInput:
    """The row of a manifest that names no input."""
    return BatchInput(name="", path=manifest, place=place, wrong=what)


def in_one_sentence(wrong: Sequence[str]) -> str:
    """What is wrong with several inputs: the first ten of them, and how many more there are."""
    more = f"; and {len(wrong) - 10} more" if len(wrong) > 10 else ""
    return "; ".join(wrong[:10]) + more


def _is_manifest(path: Path) -> bool:
    if path.suffix.lower() != ".csv":
        return False
    with open(path, newline="", encoding="utf-8-sig", errors="replace") as text:
        first = next((line for line in text if line.strip() and not line.startswith("#")), "")
    return _COLUMN in [cell.strip() for cell in first.split(",")]


def _paths(path: Path, suffixes: Sequence[str], runs: bool) -> list[Path]:
    """The files or runs that one word names."""
    if has_magic(str(path)) and not path.exists():
        found = [Path(each) for each in sorted(glob(str(path), recursive=True))]
        if not found:
            raise ValueError(f"{path}: no file matches this pattern")
        return found
    if not path.is_dir() or RunFolder(path).is_begun:
        return [path]
    there = sorted(each for each in path.iterdir() if not each.name.startswith("."))
    found = [each for each in there if (RunFolder(each).is_begun if runs else _is_file_of(each, suffixes))]
    if not found:
        wanted = "run" if runs else f"file of a kind that is read ({', '.join(suffixes)})"
        raise ValueError(f"{path}: the folder holds no {wanted}")
    return found


def _is_file_of(path: Path, suffixes: Sequence[str]) -> bool:
    return path.is_file() and path.suffix.lower() in suffixes


def _names(paths: Sequence[Path]) -> dict[Path, str]:
    """A name for each path: its stem; where that is not enough, with folders before it and its ending behind it."""
    stems = Counter(path.stem for path in paths)
    if all(count == 1 for count in stems.values()) or not paths:
        return {path: path.stem for path in paths}
    common = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    longer = {path: "_".join(path.absolute().relative_to(common).with_suffix("").parts) for path in paths}
    count = Counter(longer.values())
    return {path: name if count[name] == 1 else f"{name}_{path.suffix[1:]}" for path, name in longer.items()}
