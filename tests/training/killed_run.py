"""Run by test_snapshot: train for 60 steps into a folder, and die by SIGKILL at a step or in the middle of a save.

Usage: killed_run.py FOLDER loss|save STEP. With "save", half of the next checkpoint is on disk when the process dies.
"""

import os
import re
import signal
import sys
from pathlib import Path

from diffshape.training import CheckpointFolder, CsvLog, Steps, WarmupCosine, train


def main(folder: Path, where: str, at: int) -> None:
    from conftest import Regression

    write_bytes = Path.write_bytes

    def die(step):
        if step == at and where == "loss":
            os.kill(os.getpid(), signal.SIGKILL)

    def write_half(path, content):
        step = re.match(r"\.step_(\d+)", path.name)
        if step and int(step[1]) >= at and where == "save":
            write_bytes(path, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write_bytes(path, content)

    Path.write_bytes = write_half
    train(
        Regression(on_step=die),
        budget=Steps(60),
        schedule=WarmupCosine(),
        checkpoints=CheckpointFolder(folder / "checkpoints", every=Steps(7)),
        observers=[CsvLog(folder / "log.csv", every=3)],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
