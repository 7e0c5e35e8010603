"""Small encodings of a batch, in groups whose process is killed once while they are trained together."""

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np

from diffshape import data
from diffshape.batch.jobs.job import Endings, Group, Job
from diffshape.cli.batch.work import do_jobs

OPTIONS = ("--steps=20", "--resolution=16", "--supervised.pool=5000", "--supervised.fresh=50")


def encodings(meshes: Path, batch: Path, count: int) -> list[Job]:
    """Jobs that encode ellipsoids, whose files are written if they are not there."""
    ball, jobs = data.icosphere(1), []
    for number in range(count):
        path = meshes / f"mesh{number}.ply"
        if not path.exists():
            data.write_mesh(path, np.asarray(ball.vertices) * [1, 1, 1 + 0.1 * number], ball.faces)
        jobs.append(Job(name=path.stem, verb="fit", input=str(path), options=OPTIONS, batch=batch))
    return jobs


def encode_and_die_once(group: Group) -> Endings:
    """Encode the meshes of a group; the first process that trains one is killed on the way.

    Where a group was begun is left in ``NODE.node``, empty files in the folder of the batch.
    """
    import ray  # type: ignore[import-not-found]

    batch = group[0].batch
    (batch / f"{ray.get_runtime_context().get_node_id()}.node").touch()
    try:
        (batch / "died").touch(exist_ok=False)
    except FileExistsError:
        return do_jobs(group)
    threading.Thread(target=_die_after, args=(group[0].folder / "log.csv",), daemon=True).start()
    return do_jobs(group)


def _die_after(log: Path) -> None:
    while not log.exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)
