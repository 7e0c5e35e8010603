"""Losses inside a training loop, between a network's forward and backward pass, in the process that a user has.

    python -m benchmarks.speed.in_a_loop [--threads 1 2] [--before SRC]

A small network moves points on a torus; the loss compares them with another cloud on it, and its gradient goes back
through the network, as in every training. Each engine has a process of its own, as PyTorch's idle threads, and those
of a peer, spin for a while and take the cores from whatever comes next. The processes take turns of a few steps on the
same clouds, so that other load on the machine falls on all alike. A time is that of the loss, forward and backward to
the points the network moved; a ratio is the peer's time over ours, above 1 where ours is faster. "default" is an
environment without any setting of OpenMP, "passive" has OMP_WAIT_POLICY=PASSIVE, which sends idle threads to sleep.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from benchmarks.measure import RESULTS, ROOT, append_row, environment

CHAMFER = ["256", "1,000", "2,048", "10,000", "100,000", "32 x 512", "32 x 1,024", "32 x 2,048"]
OTHERS = {"earth mover": "8 x 256", "Sinkhorn": "512", "hash grid": "16,384", "winding numbers": "4,096"}
PEERS = ("pykdtree", "cKDTree")
WARM, STEPS, TURNS, SECONDS = 2, 6, 9, 8.0
"""Steps of a turn that find cold caches and threads asleep, and those that count; turns of a case, and seconds after
which none begins."""


def numbers(size: str) -> list[int]:
    """The batch size and the number of points in "32 x 2,048" or "2,048"."""
    return [int(each) for each in size.replace(",", "").split("x")]


def loss_of(engine: str, problem: str) -> Callable[[Any, Any], Any]:
    """The loss of an engine on a problem."""
    if engine in PEERS:
        from benchmarks.chamfer_peers import tree_chamfer

        return tree_chamfer(engine)
    import torch

    from diffshape import data, fields, losses, ops

    if problem == "winding numbers":
        vertices, faces = map(torch.from_numpy, data.procedural_object("torus").mesh(64))
        index = ops.TriangleIndex(vertices.float(), faces)
        return lambda x, y: x.sum() * 0 + index.winding_number(x.detach()).float().mean()
    if problem == "hash grid":
        grid = fields.HashGrid()
        return lambda x, y: grid(x - 0.5).square().mean()
    return {
        "Chamfer": losses.chamfer_distance,
        "earth mover": losses.earth_mover_distance,
        "Sinkhorn": losses.sinkhorn_divergence,
    }[problem]


class Loop:
    """A training: a network that moves the points of one cloud, and a loss against another."""

    def __init__(self, engine: str, problem: str, size: str) -> None:
        import numpy as np
        import torch

        from benchmarks.clouds import torus

        generator = np.random.default_rng(0)
        shape = (*numbers(size), 3)
        count = int(np.prod(shape[:-1]))
        self.start, self.target = (torch.from_numpy(torus(count, generator)).reshape(shape) for _ in range(2))
        torch.manual_seed(0)
        layers = torch.nn.Linear(3, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU()
        self.network = torch.nn.Sequential(*layers, torch.nn.Linear(64, 3))
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=1e-6)
        self.loss = loss_of(engine, problem)

    def step(self) -> tuple[float, float, float]:
        """Milliseconds of the loss and of the whole step, and the loss."""
        began = time.perf_counter()
        moved = self.start + 0.01 * self.network(self.start)
        points = moved.detach().requires_grad_()
        before = time.perf_counter()
        value = self.loss(points, self.target)
        value.backward()
        after = time.perf_counter()
        moved.backward(points.grad)
        self.optimizer.step()
        self.optimizer.zero_grad()
        ended = time.perf_counter()
        return 1e3 * (after - before), 1e3 * (ended - began), value.item()


def serve(engine: str, threads: int) -> None:
    """Run the steps that the parent asks for; it ends the process by closing the pipe."""
    import torch

    torch.set_num_threads(threads)
    loop: Any = None
    asked = None
    for line in sys.stdin:
        case, steps = json.loads(line)
        if case != asked:
            loop, asked = Loop(engine, *case), case
        print(json.dumps([loop.step() for _ in range(steps)]), flush=True)


class Child:
    """The process of an engine."""

    def __init__(self, engine: str, threads: int, wait: str, source: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_", "KMP_"))}
        if threads < (os.cpu_count() or 1):
            kept["OMP_NUM_THREADS"] = str(threads)  # as a user would: peers read nothing else
        if wait == "passive":
            kept["OMP_WAIT_POLICY"] = "PASSIVE"
        kept["PYTHONPATH"] = os.pathsep.join([str(source), str(ROOT)])
        command = [sys.executable, "-m", "benchmarks.speed.in_a_loop", "--serve", engine, "--threads", str(threads)]
        pipe = subprocess.PIPE
        self.process: Any = subprocess.Popen(command, env=kept, text=True, cwd=ROOT, stdin=pipe, stdout=pipe)

    def steps(self, problem: str, size: str, count: int) -> list[tuple[float, float, float]]:
        """Let it run some steps."""
        pipe: IO[str] = self.process.stdin
        print(json.dumps([[problem, size], count]), file=pipe, flush=True)
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self.process.stdin.close()
        self.process.wait()


def measure(children: dict[str, Child], problem: str, size: str) -> dict[str, tuple[float, float]]:
    """Median milliseconds of the loss and of the step, by engine."""
    values = {name: child.steps(problem, size, 3)[0][2] for name, child in children.items()}
    if max(values.values()) > (1 + 1e-4) * min(values.values()):
        raise SystemExit(f"{problem} {size}: engines differ: {values}")
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in children}
    began, order = time.perf_counter(), random.Random(0)
    for turn in range(TURNS):
        if turn > 2 and time.perf_counter() - began > SECONDS:
            break
        for name in order.sample(list(children), len(children)):
            found[name] += children[name].steps(problem, size, WARM + STEPS)[WARM:]
    return {name: (_median(steps, 0), _median(steps, 1)) for name, steps in found.items()}


def _median(steps: list[tuple[float, float, float]], place: int) -> float:
    return round(statistics.median(step[place] for step in steps), 3)


def main() -> None:
    """Measure all cases; the results replace the old ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    parser.add_argument("--wait", nargs="+", choices=["default", "passive"], default=["default", "passive"])
    parser.add_argument("--problems", nargs="+", default=["Chamfer", *OTHERS])
    parser.add_argument("--sizes", nargs="+", default=CHAMFER, help="of the Chamfer distance, such as '32 x 512'")
    parser.add_argument("--before", type=Path, help="src folder of another version, measured besides")
    parser.add_argument("--results", type=Path, default=RESULTS / "in_a_loop.jsonl")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.threads[0])
        return
    options.results.unlink(missing_ok=True)
    machine, here = environment(), ROOT / "src"
    for threads in options.threads:
        for wait in options.wait:
            sources = {"diffshape": here, **({"before": options.before} if options.before else {})}
            ours = {name: Child(name, threads, wait, source) for name, source in sources.items()}
            peers = {name: Child(name, threads, wait, here) for name in PEERS if "Chamfer" in options.problems}
            for problem in options.problems:
                for size in options.sizes if problem == "Chamfer" else [OTHERS[problem]]:
                    times = measure({**ours, **peers} if problem == "Chamfer" else ours, problem, size)
                    told = []
                    for name, (loss, step) in times.items():
                        row = {"problem": problem, "size": size, "engine": name, "threads": threads, "wait": wait}
                        row |= {"ms": loss, "step_ms": step}
                        append_row(options.results, {**row, "environment": machine})
                        told.append(f"{name} {loss:.2f} ({loss / times['diffshape'][0]:.2f}, step {step:.1f})")
                    print(f"{threads} {wait:8}{problem} {size}: {', '.join(told)}", flush=True)
            for child in [*ours.values(), *peers.values()]:
                child.close()


if __name__ == "__main__":
    main()
