import csv

import pytest

from diffshape.batch.jobs.records import Record
from diffshape.batch.jobs.table import table_rows, write_table

RECORDS = [
    Record(
        name="a",
        verb="fit",
        input="a.ply",
        status="done",
        attempts=1,
        seconds=1.234,
        metrics={"faces": 12, "score": {"chamfer": 0.5}, "volume": None, "notes": ["x"]},
    ),
    Record(name="b", verb="fit", input="b.ply", status="failed", attempts=2, error="no points, at all"),
]


def test_nested_numbers_become_columns():
    first, second = table_rows(RECORDS)
    assert first == {
        "name": "a",
        "input": "a.ply",
        "status": "done",
        "attempts": 1,
        "seconds": 1.23,
        "error": "",
        "faces": 12,
        "score.chamfer": 0.5,
    }
    assert second["error"] == "no points, at all"


def test_the_csv_reads_back_and_failures_have_their_own(tmp_path):
    write_table(tmp_path, RECORDS)
    with open(tmp_path / "table.csv", newline="") as text:
        first, second = csv.DictReader(text)
    assert (first["score.chamfer"], second["score.chamfer"], second["error"]) == ("0.5", "", "no points, at all")
    with open(tmp_path / "failures.csv", newline="") as text:
        assert [row["name"] for row in csv.DictReader(text)] == ["b"]
    write_table(tmp_path, RECORDS[:1])
    assert not (tmp_path / "failures.csv").exists()


def test_the_parquet_has_the_numbers_of_the_csv(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_table(tmp_path, RECORDS)
    rows = parquet.read_table(tmp_path / "table.parquet").to_pylist()
    assert [(row["name"], row["faces"], row["score.chamfer"]) for row in rows] == [("a", 12, 0.5), ("b", None, None)]
