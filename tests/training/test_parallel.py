"""Trainings in two processes against the same trainings in one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from diffshape import models
from diffshape.training import parallel, read_log
from trained_together import QUICK, data_of, trainings

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
SUPPORT = TESTS / "support"
STEPS, STOP = 3, 2
NAMES = (
    "autoencoder", "batch_norm", "deep_sdf", "flow", "imnet", "imnet_images", "landmarks", "latent_gan", "occupancy",
    "psgn", "raw_gan", "scan_prior", "vae", "vecset",
)  # fmt: skip


def together(count, *words):
    """The exit code of a program that several processes run as one training."""
    paths = os.pathsep.join([str(TESTS.parent / "src"), str(SUPPORT), os.environ.get("PYTHONPATH", "")])
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", count]
    command = [sys.executable, "-m", *map(str, [*launcher, *words])]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}).returncode


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """Run folders of all trainings, by two processes of which one was told to stop."""
    folder = tmp_path_factory.mktemp("together")
    assert together(2, SUPPORT / "trained_together.py", folder, STEPS, STOP) == 0
    return folder


@pytest.fixture(scope="module")
def known():
    """The trainings by their names."""
    return trainings()


@pytest.fixture(scope="module")
def alone(tmp_path_factory, known):
    """Run folders of all trainings, by this process."""
    folder = tmp_path_factory.mktemp("alone")
    for name, train in known.items():
        train(steps=STEPS, folder=folder / name)
    return folder


def losses_at(folder, step):
    """The loss and its parts at a step, by name."""
    log = read_log(folder / "log.csv")
    row = log["step"].tolist().index(step)
    known = {name: values[row] for name, values in log.items() if name not in ("step", "seconds")}
    return {name: value for name, value in known.items() if not np.isnan(value)}


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_have_the_loss_of_one_and_stop_together(stopped, alone, name):
    assert losses_at(stopped / name, 1) == pytest.approx(losses_at(alone / name, 1), rel=1e-4, abs=1e-6)
    checkpoints = [path.name for path in (stopped / name / "checkpoints").iterdir()]
    assert max(checkpoints) == f"step_{STOP:06d}.safetensors"  # slow machines also save on the way, by the clock
    assert not (stopped / name / "model").exists()


@pytest.mark.parametrize("name", NAMES)
def test_one_process_goes_on_with_a_training_of_two(stopped, alone, known, name):
    result = models.resume_training(stopped / name, data_of(known[name]), **QUICK)
    assert result.step == STEPS
    here, there = losses_at(stopped / name, STEPS), losses_at(alone / name, STEPS)
    assert here == pytest.approx({part: there[part] for part in here}, rel=2e-2, abs=1e-4)


def test_two_processes_go_on_with_a_training_of_one_and_again_when_one_of_them_is_killed(tmp_path, known):
    def stop(report):
        if report.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    alone, folder = tmp_path / "alone", tmp_path / "together"
    known["occupancy"](steps=6, folder=alone)
    assert known["occupancy"](steps=6, folder=folder, observers=[stop]).interrupted
    script = SUPPORT / "trained_together.py"
    assert together(2, script, folder, 6, 4) != 0
    assert not (folder / "model").exists()
    assert together(2, script, folder, 6) == 0
    assert (folder / "model").exists()
    here, there = read_log(folder / "log.csv"), read_log(alone / "log.csv")
    assert here["step"].tolist() == sorted(set(here["step"].tolist()))
    assert losses_at(folder, 6) == pytest.approx(losses_at(alone, 6), rel=2e-2, abs=1e-4)
    assert there["step"][-1] == here["step"][-1] == 6


def test_every_training_is_named(known):
    assert tuple(sorted(known)) == NAMES


def test_alone_nothing_changes():
    rows, gradient = torch.arange(5.0), torch.ones(3)
    parallel.average([gradient])
    assert parallel.own_part(rows) is rows
    assert gradient.tolist() == [1, 1, 1]
    assert type(parallel.share_statistics(torch.nn.BatchNorm1d(3))) is torch.nn.BatchNorm1d
