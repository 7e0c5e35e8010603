"""Run by test_deep_sdf_training: train for 6 steps into a folder, and die by SIGKILL after the fifth.

Usage: killed_deep_sdf.py FOLDER SETTINGS, the latter as JSON.
"""

import json
import os
import signal
import sys

from diffshape._config import from_plain
from diffshape.data import shape_family
from diffshape.models import DeepSDFConfig, train_deep_sdf
from diffshape.training import CheckpointFolder, Steps
from diffshape.training.run_folder import RunFolder

if __name__ == "__main__":
    often = property(lambda run: CheckpointFolder(run.path / "checkpoints", every=Steps(2)))
    RunFolder.checkpoints = often  # type: ignore[method-assign,assignment]
    train_deep_sdf(
        shape_family("ellipsoid", 3),
        from_plain(DeepSDFConfig, json.loads(sys.argv[2])),
        steps=6,
        folder=sys.argv[1],
        observers=[lambda report: os.kill(os.getpid(), signal.SIGKILL) if report.step == 5 else None],
    )
