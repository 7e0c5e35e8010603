"""A batch of fits whose processes, nodes and driver are killed on the way, against the same fits undisturbed.

    python -m benchmarks.batches.failures [--count 40] [--ways local driver ray several groups] [--folder DIR]

local: a worker process is killed with SIGKILL after a tenth of the fits. driver: the batch itself is killed after a
third, and the same command is typed again. ray: on a cluster of three local nodes a worker and then a node are killed.
several: on such a cluster, with one damaged scan more among the inputs, a worker after an eighth of the fits, another
after a quarter, and a node after a half. groups: as ray, with encodings of small meshes, four trained together. Of each
way: how many results there are, how many were made twice (by the logs of the jobs), how many jobs failed for good, and
how many results differ in a bit from those of a serial batch, in which every mesh is encoded by itself.
"""

import argparse
import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from benchmarks.measure import RESULTS, Row, append_row, environment
from diffshape import data

BATCH = [sys.executable, "-m", "diffshape.cli.main", "batch"]
JOB = "ray::do_jobs"
"""Name of a process of Ray's that has a job."""
SMALL = {
    "scans": ["--method", "igr", "--steps", "50", "--resolution", "32"],
    "meshes": ["--steps", "50", "--resolution", "32"],
}
"""Options of small fits, by the folder of their inputs."""


def write_scans(folder: Path, count: int, points: int = 1000) -> None:
    """Scans of ellipsoids, with a little noise."""
    for number in range(count):
        draws = np.random.default_rng(number)
        directions = draws.standard_normal((points, 3))
        radii = draws.uniform(0.5, 1.5, 3)
        surface = radii * directions / np.linalg.norm(directions, axis=1, keepdims=True)
        data.write_points(folder / f"scan{number:03}.ply", surface + 0.005 * draws.standard_normal(surface.shape))


def write_meshes(folder: Path, count: int) -> None:
    """Meshes of ellipsoids."""
    ball = data.icosphere(2)
    for number in range(count):
        radii = np.random.default_rng(number).uniform(0.5, 1.5, 3)
        data.write_mesh(folder / f"mesh{number:03}.ply", radii * np.asarray(ball.vertices), ball.faces)


def finished(out: Path) -> int:
    """How many records say that their fit is done."""
    return sum('"status": "done"' in path.read_text() for path in (out / "batch" / "records").glob("*.json"))


def run_batch(
    inputs: Path,
    out: Path,
    words: Sequence[str],
    disturb: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> int:
    """Run the command of a batch, with a disturbance beside it; returns the exit code."""
    command = [*BATCH, str(inputs), "--out", str(out), *SMALL[inputs.name], "--retries", "3", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        if disturb is not None:
            disturb(process)
        return process.wait()


def wait_for(out: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until so many fits are done."""
    while finished(out) < count and process.poll() is None:
        time.sleep(0.2)


def at_work(pid: int, word: str) -> int:
    """A process that another or its children started, by a word of its command, once there is one."""
    while not (workers := [each for each, command in descendants(pid) if word in command]):
        time.sleep(0.05)
    return workers[0]


def descendants(pid: int) -> list[tuple[int, str]]:
    """Processes that a process and its children started, and their commands."""
    listing = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,args="], capture_output=True, text=True).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()]
    found, parents = [], [str(pid)]
    while parents:
        parent = parents.pop()
        children = [row for row in rows if row[1] == parent]
        found += [(int(row[0]), row[2]) for row in children]
        parents += [row[0] for row in children]
    return found


def times_made(out: Path, name: str) -> int:
    """How often the job of a name came to its end, by its log; one that was found finished was not made again."""
    log = (out / "batch" / "logs" / f"{name}.txt").read_text()
    _, *commands = re.split(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  diffshape ", log, flags=re.MULTILINE)
    return sum("already finished" not in command for command in commands)


def compared(out: Path, serial: Path, name: str, count: int, seconds: float) -> Row:
    """The row of one way."""
    with open(out / "table.csv", newline="") as text:
        rows = list(csv.DictReader(text))
    done = [row for row in rows if row["status"] == "done"]
    other = sum(not same_bits(out / row["name"], serial / row["name"]) for row in done)
    return {
        "way": name,
        "fits": count,
        "results": len(done),
        "twice": sum(times_made(out, row["name"]) > 1 for row in done),
        "failed": sum(row["status"] == "failed" for row in rows),
        "tried again": sum(int(row["attempts"]) > 1 for row in rows),
        "other bits": other,
        "seconds": round(seconds, 1),
    }


def same_bits(first: Path, second: Path) -> bool:
    """Whether two fits have the same surface and the same field."""
    if (first / "mesh.ply").read_bytes() != (second / "mesh.ply").read_bytes():
        return False
    here, there = (load_file(folder / "field.safetensors") for folder in (first, second))
    return here.keys() == there.keys() and all(np.array_equal(here[name], there[name]) for name in here)


def local(scans: Path, out: Path, count: int) -> None:
    """Kill a worker of the local pool."""

    def disturb(process: subprocess.Popen[bytes]) -> None:
        wait_for(out, count // 10, process)
        os.kill(at_work(process.pid, "spawn_main"), signal.SIGKILL)

    run_batch(scans, out, ["--job-memory", "4"], disturb)


def driver(scans: Path, out: Path, count: int) -> None:
    """Kill the batch, and type the same again."""

    def disturb(process: subprocess.Popen[bytes]) -> None:
        wait_for(out, count // 3, process)
        process.kill()

    run_batch(scans, out, [], disturb)
    run_batch(scans, out, [])


@contextmanager
def three_nodes() -> Iterator[tuple[Any, Any]]:
    """A cluster of three local nodes, and one of them that is not its head."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    os.environ["RAY_ADDRESS"] = str(cluster.address)
    try:
        yield cluster, nodes[0]
    finally:
        del os.environ["RAY_ADDRESS"]
        cluster.shutdown()


def ray(inputs: Path, out: Path, count: int, words: Sequence[str] = ()) -> None:
    """Kill a worker and a node of a cluster."""
    with three_nodes() as (cluster, node):

        def disturb(process: subprocess.Popen[bytes]) -> None:
            wait_for(out, count // 10, process)
            os.kill(at_work(os.getpid(), JOB), signal.SIGKILL)
            wait_for(out, count // 3, process)
            at_work(node.all_processes["raylet"][0].process.pid, JOB)
            cluster.remove_node(node, allow_graceful=False)

        run_batch(inputs, out, ["--executor", "ray", *words], disturb)


def several(scans: Path, out: Path, count: int) -> None:
    """Kill two workers and a node of a cluster whose inputs hold a damaged scan."""
    damaged = out.with_name("damaged.ply")
    damaged.write_bytes((scans / "scan000.ply").read_bytes()[:1000])
    with three_nodes() as (cluster, node):

        def disturb(process: subprocess.Popen[bytes]) -> None:
            for part in (8, 4):
                wait_for(out, count // part, process)
                os.kill(at_work(os.getpid(), JOB), signal.SIGKILL)
            wait_for(out, count // 2, process)
            at_work(node.all_processes["raylet"][0].process.pid, JOB)
            cluster.remove_node(node, allow_graceful=False)

        run_batch(scans, out, [str(damaged), "--executor", "ray"], disturb)


def groups(meshes: Path, out: Path, count: int) -> None:
    """The same with small meshes, which are trained together."""
    ray(meshes, out, count, ["--group", "4"])


WAYS = {"local": local, "driver": driver, "ray": ray, "several": several, "groups": groups}


def main() -> None:
    """Make the serial batch and the disturbed ones, and append a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--folder", type=Path, default=Path("outputs/batch-failures"))
    parser.add_argument("--results", type=Path, default=RESULTS / "batch_failures.jsonl")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    scans, meshes = options.folder / "scans", options.folder / "meshes"
    for folder, write in ((scans, write_scans), (meshes, write_meshes)):
        folder.mkdir(parents=True, exist_ok=True)
        write(folder, options.count)
    for name in options.ways:
        inputs, out = meshes if name == "groups" else scans, options.folder / name
        serial = options.folder / f"serial-{inputs.name}"
        run_batch(inputs, serial, ["--executor", "serial", "--group", "1"])
        shutil.rmtree(out, ignore_errors=True)
        begun = time.monotonic()
        WAYS[name](inputs, out, options.count)
        row = compared(out, serial, name, options.count, time.monotonic() - begun)
        append_row(options.results, row | {"environment": environment()})
        print(row, flush=True)


if __name__ == "__main__":
    main()
