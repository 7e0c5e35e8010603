"""A run that is killed and resumed ends with the same bits; folders that cannot be gone on with are refused."""

import errno
import os
import random
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from diffshape.training import (
    Adam,
    CheckpointFolder,
    CsvLog,
    Seconds,
    Steps,
    TrainingError,
    WarmupCosine,
    read_checkpoint,
    read_log,
    train,
)
from diffshape.training.saver import capture
from diffshape.training.update import Updater

SETTINGS = {"budget": Steps(60), "schedule": WarmupCosine()}


def assert_same(left, right):
    assert left.keys() == right.keys()
    assert [name for name in left if not torch.equal(left[name], right[name])] == []


def uninterrupted(regression, folder):
    task = regression()
    saved = train(task, checkpoints=CheckpointFolder(folder / "whole"), **SETTINGS).checkpoint
    return task, read_checkpoint(saved).tensors


@pytest.mark.parametrize("pieces", [(30,), (1, 2, 59)])
def test_stopped_and_resumed_gives_the_same_bits(pieces, regression, tmp_path):
    """Weights, buffers, moments, pool, both random states: everything in the last checkpoint."""
    whole, expected = uninterrupted(regression, tmp_path)
    folder = CheckpointFolder(tmp_path / "pieces", every=Steps(1))
    for stop in pieces:

        def leave(step, stop=stop):
            if step == stop:
                raise InterruptedError

        task = regression(seed=0 if stop == pieces[0] else 5, on_step=leave)  # what a resumed run starts from is lost
        with pytest.raises(InterruptedError):
            train(task, checkpoints=folder, resume=True, **SETTINGS)
    last = regression(seed=9)
    torch.manual_seed(1234)
    outcome = train(last, checkpoints=folder, resume=True, **SETTINGS)
    assert_same(last.tensors(), whole.tensors())
    assert_same(read_checkpoint(outcome.checkpoint).tensors, expected)
    assert last.progress == whole.progress[pieces[-1] :]


@pytest.fixture
def one_thread():
    """As in the process that is killed: bits are the same for the same number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("where", ["loss", "save"])
@pytest.mark.usefixtures("one_thread")
def test_killed_and_resumed_gives_the_same_bits(where, regression, tmp_path):
    whole, expected = uninterrupted(regression, tmp_path)
    step = random.randrange(14, 60)
    killed = subprocess.run(
        [sys.executable, Path(__file__).with_name("killed_run.py"), tmp_path, where, str(step)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr
    folder = CheckpointFolder(tmp_path / "checkpoints")
    assert 0 < max(folder.paths()) <= step
    task = regression(seed=9)
    log = CsvLog(tmp_path / "log.csv", every=3)
    outcome = train(task, checkpoints=folder, resume=True, observers=[log], **SETTINGS)
    assert_same(task.tensors(), whole.tensors())
    assert_same(read_checkpoint(outcome.checkpoint).tensors, expected)
    assert read_log(tmp_path / "log.csv")["step"].tolist() == [1, *range(3, 61, 3)], f"killed at {step}"
    assert all(path.name.startswith("step_") for path in folder.folder.iterdir()), "rubbish of the killed save"


def test_a_damaged_newest_checkpoint_costs_time_but_no_bits(regression, tmp_path):
    whole, _ = uninterrupted(regression, tmp_path)
    folder = CheckpointFolder(tmp_path / "run", every=Steps(10))
    train(regression(), checkpoints=folder, **SETTINGS)
    newest = folder.path(60)
    newest.write_bytes(newest.read_bytes()[:-100])
    task = regression(seed=9)
    with pytest.warns(UserWarning, match=r"step_000060.* falling back"):
        outcome = train(task, checkpoints=folder, resume=True, **SETTINGS)
    assert outcome.step == 60
    assert len(task.progress) == 10
    assert_same(task.tensors(), whole.tensors())


def test_a_full_disk_warns_once_and_training_goes_on(regression, tmp_path, monkeypatch):
    whole, expected = uninterrupted(regression, tmp_path)
    folder = CheckpointFolder(tmp_path / "run", every=Steps(10))
    write_bytes, full = Path.write_bytes, []

    def write(path, content):
        full.append(int(path.name[len(".step_") :].partition("-")[0]))
        if 20 <= full[-1] < 60:
            write_bytes(path, b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", write)
    task, seen = regression(), []
    watch = [lambda report: seen.append(list(folder.paths()))]
    with pytest.warns(
        UserWarning, match=r"no checkpoint at step 20, training goes on: .*No space left.*step_000020"
    ) as caught:
        outcome = train(task, checkpoints=folder, observers=watch, **SETTINGS)
    assert len(caught) == 1
    assert full == [10, 20, 30, 40, 50, 60]
    assert seen[-1] == [10], "the old checkpoint was lost"
    assert_same(task.tensors(), whole.tensors())
    assert_same(read_checkpoint(outcome.checkpoint).tensors, expected)


def test_a_disk_that_stays_full_is_told_by_the_outcome(regression, tmp_path):
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="no checkpoint at step 3"):
        outcome = train(regression(), budget=Steps(3), checkpoints=CheckpointFolder(tmp_path / "file" / "below"))
    assert (outcome.step, outcome.checkpoint) == (3, None)


def test_the_good_weights_are_saved_when_training_gives_up(regression, tmp_path):
    task = regression(on_step=lambda step: float("nan") if step >= 5 else None)
    with pytest.raises(TrainingError, match="steps 6 to 15"):
        train(task, budget=Steps(100), checkpoints=CheckpointFolder(tmp_path))
    assert_same(CheckpointFolder(tmp_path).newest().section("modules/net"), task.modules["net"].state_dict())
    assert all(v.isfinite().all() for v in CheckpointFolder(tmp_path).newest().tensors.values())


def test_a_finished_run_has_nothing_left(regression, tmp_path):
    train(regression(), budget=Steps(3), checkpoints=CheckpointFolder(tmp_path))
    outcome = train(regression(seed=1), budget=Steps(3), checkpoints=CheckpointFolder(tmp_path), resume=True)
    assert (outcome.step, outcome.terms, outcome.checkpoint) == (3, None, tmp_path / "step_000003.safetensors")


def test_learning_rate_on_resume_is_the_one_asked_for(regression, tmp_path):
    train(regression(), budget=Steps(3), checkpoints=CheckpointFolder(tmp_path))
    rates = []
    train(
        regression(),
        budget=Steps(4),
        optimizer=Adam(lr=0.5),
        checkpoints=CheckpointFolder(tmp_path),
        resume=True,
        observers=[lambda report: rates.append(report.lr)],
    )
    assert rates == [0.5]


def test_resume_where_nothing_is_starts_anew(regression, tmp_path):
    task = regression()
    assert train(task, budget=Steps(2), checkpoints=CheckpointFolder(tmp_path / "new"), resume=True).step == 2


def test_a_run_is_never_mixed_with_another(regression, tmp_path):
    folder = CheckpointFolder(tmp_path)
    train(regression(), budget=Steps(3), checkpoints=folder)
    with pytest.raises(ValueError, match="already holds a run, 3 steps long; pass resume=True"):
        train(regression(), budget=Steps(3), checkpoints=folder)
    other = regression()
    other.modules = {"net": nn.Linear(1, 2), "scale": other.modules["scale"]}
    with pytest.raises(ValueError, match="the checkpoint does not fit module 'net'"):
        train(other, budget=Steps(9), checkpoints=folder, resume=True)
    other.modules = {"scale": other.modules["scale"]}
    with pytest.raises(ValueError, match=r"also holds modules \['net'\], the task has only \['scale'\]"):
        train(other, budget=Steps(9), checkpoints=folder, resume=True)


def test_optimiser_state_of_another_shape_is_refused(regression):
    update = Updater(regression().modules, Adam())
    with pytest.raises(ValueError, match=r"'scale/scale/exp_avg' of shape \(2,\) fits no parameter"):
        update.load_state({"scale/scale/exp_avg": torch.zeros(2)})


def test_state_that_is_no_tensor_is_refused(regression):
    task = regression()
    task.state = lambda: {"epoch": 3}
    with pytest.raises(ValueError, match="holds tensors only, got something else in task/epoch"):
        capture(task, Updater(task.modules, Adam()), 1, 0.0)


def test_saves_when_the_seconds_have_passed(regression, tmp_path, monkeypatch):
    """A step takes 2.5 seconds of a clock of our own; elapsed time goes on where the run stopped."""
    now = [0.0]
    monkeypatch.setattr("diffshape.training.loop.monotonic", lambda: now[0])

    def tick(step):
        now[0] += 2.5

    folder = CheckpointFolder(tmp_path, every=Seconds(6), keep=9)
    first = train(regression(on_step=tick), budget=Seconds(20), checkpoints=folder)
    assert list(folder.paths()) == [3, 6, 8]
    assert (first.step, first.seconds) == (8, 20.0)
    task = regression(on_step=tick)
    now[0] = 500.0
    second = train(task, budget=Seconds(40), checkpoints=folder, resume=True)
    assert (second.step, second.seconds) == (16, 40.0)
    assert task.progress == [0.5 + 2.5 * step / 40 for step in range(8)]


def test_no_warning_without_a_fault(regression, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(regression(), budget=Steps(3), checkpoints=CheckpointFolder(tmp_path, every=Steps(1)))
