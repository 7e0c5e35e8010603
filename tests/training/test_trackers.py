"""TensorBoard's events and the offline files of Weights & Biases, read back; skipped where a package is absent."""

import json
import math
import os
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

import diffshape
from diffshape.losses import LossTerms
from diffshape.training import CsvLog, StepReport, Steps, TensorBoardLog, WandbLog, read_log, train
from diffshape.training.trackers import tracked

needs_tensorboard = pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is not installed")
needs_wandb = pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is not installed")


def report(step, **parts):
    parts = {name: torch.tensor(value) for name, value in parts.items()}
    return StepReport(step, 0.5 * step, Steps(100), 1e-3, LossTerms(torch.tensor(1.0 / step), parts), 0)


def events(folder):
    """Values of each name by step, as TensorBoard shows them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    shown = EventAccumulator(str(folder))
    shown.Reload()
    return {name: {event.step: event.value for event in shown.Scalars(name)} for name in shown.Tags()["scalars"]}


def history(folder):
    """Rows of an offline run: its file is a log of records in blocks of 32 KiB, as LevelDB's."""
    import wandb
    from wandb.proto.wandb_internal_pb2 import Record

    wandb.teardown()  # waits for the process that writes them
    (path,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    data, place, rows, text = path.read_bytes(), 7, [], b""
    while place + 7 <= len(data):
        if 32768 - place % 32768 < 7:
            place += 32768 - place % 32768
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        text += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or its last part
            record, text = Record.FromString(text), b""
            if record.HasField("history"):
                items = record.history.item
                rows.append({"/".join(each.nested_key) or each.key: json.loads(each.value_json) for each in items})
    return rows


@needs_tensorboard
def test_tensorboard_shows_the_rows_of_the_log(tmp_path, regression):
    with TensorBoardLog(tmp_path / "events") as log:
        train(regression(), budget=Steps(25), observers=[log, CsvLog(tmp_path / "log.csv")])
    shown, rows = events(tmp_path / "events"), read_log(tmp_path / "log.csv")
    assert set(shown) == set(rows) - {"step"}
    for name in ("loss", "fit", "size", "lr"):
        assert list(shown[name]) == [1, 10, 20, 25]
        assert list(shown[name].values()) == pytest.approx(rows[name].tolist(), rel=1e-5)


@needs_tensorboard
def test_tensorboard_shows_each_step_of_a_resumed_run_once(tmp_path):
    for steps, value in ((range(1, 31), 1.0), (range(11, 51), 2.0)):
        with TensorBoardLog(tmp_path) as log:
            for step in steps:
                log(report(step, fit=value))
    assert events(tmp_path)["fit"] == {1: 1.0, 10: 1.0, 20: 2.0, 30: 2.0, 40: 2.0, 50: 2.0}


@needs_tensorboard
def test_numbers_that_are_not_finite_are_left_out(tmp_path):
    with TensorBoardLog(tmp_path) as log:
        log(report(10, fit=math.nan, size=3.0))
        log.write(10, {"eval/chamfer": 0.5})
    shown = events(tmp_path)
    assert (shown["size"], shown["eval/chamfer"]) == ({10: 3.0}, {10: 0.5})
    assert "fit" not in shown


@needs_wandb
def test_an_offline_run_of_wandb_has_the_rows_of_the_log_and_the_settings(tmp_path, regression, monkeypatch):
    monkeypatch.delenv("WANDB_MODE", raising=False)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text("kind: fit\nsteps: 25\n")
    with WandbLog(tmp_path / "run") as log:
        train(regression(), budget=Steps(25), observers=[log, CsvLog(tmp_path / "log.csv")])
    kept, rows = history(tmp_path / "run"), read_log(tmp_path / "log.csv")
    assert [row["_step"] for row in kept] == [1, 10, 20, 25]
    for name in ("loss", "fit", "size", "lr"):
        assert [row[name] for row in kept] == pytest.approx(rows[name].tolist(), rel=1e-5)
    with WandbLog(tmp_path / "run") as log:  # as a resumed run does
        log(report(30))
    ids = {path.name.rpartition("-")[2] for path in (tmp_path / "run" / "wandb").glob("offline-run-*")}
    assert len(ids) == 1


@needs_wandb
def test_the_mode_of_wandb_is_offline_unless_something_else_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_MODE", raising=False)
    assert WandbLog(tmp_path).mode == "offline"
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert (WandbLog(tmp_path).mode, WandbLog(tmp_path, mode="online").mode) == ("disabled", "online")


@pytest.mark.parametrize(("name", "module"), [("tensorboard", "tensorboard"), ("wandb", "wandb")])
def test_a_package_that_is_missing_is_named(name, module, tmp_path, monkeypatch):
    for loaded in [each for each in sys.modules if each.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"pip install {module}"), tracked(name, tmp_path):
        pass
    assert not any(tmp_path.iterdir())


def test_a_run_without_a_tracker_has_none_and_imports_none(tmp_path):
    with tracked(None, tmp_path) as trackers:
        assert trackers == []
    program = "import diffshape.training.trackers, sys; print({'tensorboard', 'wandb'} & set(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(Path(diffshape.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "set()"


@needs_tensorboard
def test_a_resumed_run_goes_on_with_the_tracker_that_it_has(tmp_path):
    (tmp_path / "tensorboard").mkdir()
    with tracked(None, tmp_path) as trackers:
        assert [type(each) for each in trackers] == [TensorBoardLog]


def test_the_steps_between_two_entries_are_checked(tmp_path):
    for kind, module in ((TensorBoardLog, "tensorboard"), (WandbLog, "wandb")):
        if find_spec(module):
            with pytest.raises(ValueError, match=f"{kind.__name__}: every must be at least 1, got 0"):
                kind(tmp_path, every=0)
