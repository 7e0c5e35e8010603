"""The table of a batch: a row a job, its numbers in columns, as CSV and Parquet."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from diffshape._files import atomic_path
from diffshape.batch.jobs.records import Record

_FIRST = ("name", "input", "status", "attempts", "seconds", "error")
"""Columns that every batch has, at the left."""


def table_rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    """A row for each record; metrics are columns, nested ones with dots, such as ``score.chamfer``."""
    return [
        {name: getattr(record, name) for name in _FIRST if name != "seconds"}
        | {"seconds": round(record.seconds, 2)}
        | {column: value for column, value in _flat(record.metrics or {}) if column not in _FIRST}
        for record in records
    ]


def write_table(folder: Path, records: Sequence[Record]) -> list[Path]:
    """Write ``table.csv``, ``table.parquet`` where pyarrow is installed, and ``failures.csv`` if something failed.

    Returns:
        The files that were written.

    Raises:
        OSError: A file cannot be written.
    """
    rows = table_rows(records)
    columns = list(dict.fromkeys([*_FIRST, *(column for row in rows for column in row)]))
    failures = [row for row in rows if row["status"] == "failed"]
    written = [_write_csv(folder / "table.csv", columns, rows)]
    if _write_parquet(folder / "table.parquet", columns, rows):
        written.append(folder / "table.parquet")
    if failures:
        written.append(_write_csv(folder / "failures.csv", _FIRST, failures))
    else:
        (folder / "failures.csv").unlink(missing_ok=True)  # that of an earlier run
    return written


def _flat(metrics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif value is not None and not isinstance(value, list):
            yield f"{prefix}{name}", value


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with atomic_path(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")
    return path


def _write_parquet(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Write the table as Parquet; False where pyarrow is not installed."""
    try:
        import pyarrow  # type: ignore[import-not-found]
        from pyarrow import parquet  # type: ignore[import-not-found]
    except ImportError:
        return False
    table = pyarrow.table({column: _one_kind([row.get(column) for row in rows]) for column in columns})
    with atomic_path(path) as temporary:
        parquet.write_table(table, temporary)
    return True


def _one_kind(values: list[Any]) -> list[Any]:
    """The values, as text where they are of several kinds."""
    kinds = {float if type(value) is int else type(value) for value in values if value is not None}
    return values if len(kinds) < 2 else [None if value is None else str(value) for value in values]
