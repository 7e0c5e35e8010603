"""A batch of scans: the local pool against as many shells started by hand, and one process for all.

    python -m benchmarks.batches.speed [--count 24] [--points 10000] [--folder DIR]

Every way fits the same scans by the same settings on one thread a fit, start-up and imports included; kernels are
compiled before. shells: as many shells as processors, each with its part of the commands ``diffshape fit``, one after
another. serial: a batch in one process, of which also the memory after every tenth of the fits is kept.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.batches.failures import write_scans
from benchmarks.measure import RESULTS, Row, append_row, environment

FIT = [sys.executable, "-m", "diffshape.cli.main"]


def pool(scans: Path, out: Path, executor: str) -> None:
    """The command of a batch."""
    command = [*FIT, "batch", str(scans), "--out", str(out), "--executor", executor]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def shells(scans: Path, out: Path) -> None:
    """As many shells as processors, each with its part of the fits."""
    files, count = sorted(scans.glob("*.ply")), os.cpu_count() or 1
    running = []
    for first in range(count):
        lines = [
            f"{' '.join(FIT)} fit {path} --out {out / path.stem} --threads 1 > /dev/null 2>&1"
            for path in files[first::count]
        ]
        running.append(subprocess.Popen(["sh", "-c", "\n".join(lines)]))
    for shell in running:
        shell.wait()


def resident(pid: int) -> float:
    """Megabytes that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def memory_along(scans: Path, out: Path, count: int) -> list[float]:
    """Memory of a serial batch after every tenth of its fits."""
    command = [*FIT, "batch", str(scans), "--out", str(out), "--executor", "serial"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen: list[float] = []
    while process.poll() is None:
        finished = len(list(out.glob("*/metrics.json")))
        if finished >= count * (len(seen) + 1) / 10:
            seen.append(round(resident(process.pid)))
        time.sleep(0.05)
    return seen


def main() -> None:
    """Run every way, and append a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path("outputs/batch-speed"))
    parser.add_argument(
        "--ways", nargs="+", choices=("local", "shells", "memory"), default=["local", "shells", "memory"]
    )
    parser.add_argument("--results", type=Path, default=RESULTS / "batch.jsonl")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    shutil.rmtree(options.folder, ignore_errors=True)
    scans = options.folder / "scans"
    scans.mkdir(parents=True)
    write_scans(scans, options.count, options.points)
    for way in options.ways:
        out, begun = options.folder / way, time.perf_counter()
        row: Row = {"way": way, "fits": options.count, "points": options.points, "processes": os.cpu_count()}
        if way == "memory":
            row["megabytes"] = memory_along(scans, out, options.count)
        elif way == "local":
            pool(scans, out, "local")
        else:
            shells(scans, out)
        row["seconds"] = round(time.perf_counter() - begun, 1)
        append_row(options.results, row | {"environment": environment()})
        print(row, flush=True)


if __name__ == "__main__":
    main()
