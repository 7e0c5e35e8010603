"""The command line of a training, typed behind torchrun: two processes, one folder, one log, one printout."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from diffshape.training import read_log

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parents[3] / "src"
LAUNCHER = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
STEPS = 12


def typed(*words):
    """What a command prints to stdout; it must end with exit code 0."""
    paths = os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, *map(str, words)], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_two_processes_write_the_folder_and_the_log_of_one(tmp_path):
    train = ["-m", "diffshape", "train", "autoencoder", "--shapes", 8, "--test-shapes", 2, "--steps", STEPS]
    train += ["--model.batch", 4, "--model.network.points", 32, "--device", "cpu", "--json", "--out"]
    together, alone = tmp_path / "together", tmp_path / "alone"
    [line] = typed(*LAUNCHER, *train, together).splitlines()
    typed(*train, alone)
    assert json.loads(line)["steps"] == STEPS
    with open(together / "log.csv", newline="") as log:
        assert [row["step"] for row in csv.DictReader(log)] == ["1", "10", str(STEPS)]
    here, there = read_log(together / "log.csv"), read_log(alone / "log.csv")
    assert here["loss"] == pytest.approx(there["loss"], rel=1e-3)
    folders = [
        {path.relative_to(each) for path in each.rglob("*") if path.parent.name != "checkpoints"}
        for each in (together, alone)
    ]
    assert folders[0] == folders[1]
    newest = max(path.name for path in (together / "checkpoints").iterdir())
    assert newest == f"step_{STEPS:06d}.safetensors"
