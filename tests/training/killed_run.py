"""Run by test_snapshot: train for 60 steps into a folder, and die by SIGKILL at a step or in the middle of a save.

Usage: killed_run.py FOLDER loss|save STEP. With "save", half of the next checkpoint is on disk when the process dies.
"""

import os
import signal
import sys
from pathlib import Path

from diffshape.training import CheckpointFolder, CsvLog, Steps, WarmupCosine, checkpoint, train


def main(folder: Path, where: str, at: int) -> None:
    from conftest import Regression

    save_file = checkpoint.save_file

    def die(step):
        if step == at and where == "loss":
            os.kill(os.getpid(), signal.SIGKILL)

    def save_half(tensors, path, metadata):
        save_file(tensors, path, metadata=metadata)
        if int(metadata["step"]) >= at and where == "save":
            os.truncate(path, path.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoint.save_file = save_half
    train(
        Regression(on_step=die),
        budget=Steps(60),
        schedule=WarmupCosine(),
        checkpoints=CheckpointFolder(folder / "checkpoints", every=Steps(7)),
        observers=[CsvLog(folder / "log.csv", every=3)],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
