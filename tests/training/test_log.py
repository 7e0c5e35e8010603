"""The log: columns, resume, new parts, torn rows, full disks."""

import csv
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffshape.losses import LossTerms
from diffshape.training import CsvLog, StepReport, Steps, read_log, train

BUDGET = Steps(100)


def report(step, **parts):
    parts = {name: torch.tensor(value) for name, value in (parts or {"fit": 0.5}).items()}
    return StepReport(step, 0.1 * step, BUDGET, 1e-3, LossTerms(torch.tensor(1.0 / step), parts), 0)


def write(log, steps, **parts):
    for step in steps:
        log(report(step, **parts))


def test_columns_and_rows(tmp_path, regression):
    path = tmp_path / "new" / "log.csv"
    train(regression(), budget=Steps(25), observers=[CsvLog(path, every=10)])
    with path.open() as file:
        assert next(csv.reader(file)) == ["step", "seconds", "lr", "loss", "fit", "size"]
    log = read_log(path)
    assert log["step"].tolist() == [1, 10, 20, 25]
    assert log["lr"].tolist() == [1e-3] * 4
    np.testing.assert_allclose(log["loss"], log["fit"] + log["size"], rtol=1e-6)


def test_rows_are_on_disk_at_once(tmp_path):
    log = CsvLog(tmp_path / "log.csv", every=1)
    for step in (1, 2, 3):
        log(report(step))
        assert read_log(tmp_path / "log.csv")["step"].tolist() == list(range(1, step + 1))


def test_resume_drops_the_rows_made_again(tmp_path):
    write(CsvLog(tmp_path / "log.csv", every=10), range(1, 58), fit=1.0)
    write(CsvLog(tmp_path / "log.csv", every=10), range(31, 101), fit=2.0)
    log = read_log(tmp_path / "log.csv")
    assert log["step"].tolist() == [1, *range(10, 101, 10)]
    assert log["fit"].tolist() == [1.0] * 4 + [2.0] * 7


def test_a_new_part_adds_a_column_and_a_missing_one_leaves_a_gap(tmp_path):
    log = CsvLog(tmp_path / "log.csv", every=1)
    log(report(1, critic=1.0))
    log(report(2, generator=2.0))
    log(report(3, critic=3.0, generator=4.0))
    table = read_log(tmp_path / "log.csv")
    assert list(table) == ["step", "seconds", "lr", "loss", "critic", "generator"]
    np.testing.assert_array_equal(table["critic"], [1.0, math.nan, 3.0])
    np.testing.assert_array_equal(table["generator"], [math.nan, 2.0, 4.0])


@pytest.mark.parametrize("torn", [b"4", b"4,0.4", b"4,0.400,0.001,0.25,0."])
def test_a_torn_last_row_is_left_out_and_mended(torn, tmp_path):
    path = tmp_path / "log.csv"
    write(CsvLog(path, every=1), [1, 2, 3])
    with path.open("ab") as file:
        file.write(torn)
    assert read_log(path)["step"].tolist() == [1, 2, 3]
    write(CsvLog(path, every=1), [4, 5])
    assert read_log(path)["step"].tolist() == [1, 2, 3, 4, 5]


def test_a_full_disk_warns_once_and_rows_come_back_with_the_space(tmp_path, monkeypatch):
    path = tmp_path / "log.csv"
    log = CsvLog(path, every=1)
    write(log, [1])
    real = type(path).open

    def full(self, *args, **kwargs):
        with real(self, "ab") as file:
            file.write(b"2,0.")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "open", full)
    with pytest.warns(UserWarning, match=r"no row for step 2 .*No space left") as caught:
        write(log, [2, 3])
    monkeypatch.setattr(type(path), "open", real)
    assert len(caught) == 1
    write(log, [4])
    assert read_log(path)["step"].tolist() == [1, 4]


def test_numbers_and_names_survive(tmp_path):
    row = replace(report(7, **{"a, b": 0.1, "größe": math.nan}), lr=1 / 3)
    CsvLog(tmp_path / "log.csv", every=7)(row)
    log = read_log(tmp_path / "log.csv")
    assert log["a, b"].tolist() == pytest.approx([0.1])
    assert np.isnan(log["größe"]).all()
    assert log["lr"].tolist() == pytest.approx([1 / 3], rel=1e-5)


def test_what_is_no_log(tmp_path):
    with pytest.raises(FileNotFoundError, match="read_log: no such file"):
        read_log(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="first column must be 'step'"):
        read_log(tmp_path / "other.csv")
    (tmp_path / "empty.csv").touch()
    assert read_log(tmp_path / "empty.csv") == {}
    with pytest.raises(ValueError, match="every must be at least 1, got 0"):
        CsvLog(tmp_path / "log.csv", every=0)
