"""Searches and samplings of points, against what one would write without the library.

    python -m benchmarks.speed.point_operations [--threads 2] [--turns 9]

Each problem is solved by turns in one process by ours and by a peer, on the same float32 clouds; a call that does not
count goes before, in which kernels compile. Times are medians, a ratio is the peer's time over ours (above 1: ours is
faster). Losses are timed forward and backward to both clouds. That both give the same is checked.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # else threads that spin between calls slow the next one

import numpy as np
import torch
from scipy.spatial import cKDTree

from benchmarks.clouds import torus
from benchmarks.measure import RESULTS, append_row, environment
from diffshape import losses, ops

Call = Callable[[], torch.Tensor]


class Problem(NamedTuple):
    """Two calls that must give the same."""

    name: str
    size: str
    peer_name: str
    ours: Call
    peer: Call


def step(loss: Callable[..., torch.Tensor], *tensors: torch.Tensor) -> torch.Tensor:
    """Value of one forward and backward pass."""
    leaves = [each.clone().requires_grad_() for each in tensors]
    value = loss(*leaves)
    value.backward()
    return value.detach()


def manhattan_by_scipy(x: torch.Tensor, y: torch.Tensor, threads: int) -> torch.Tensor:
    """Manhattan Chamfer around SciPy's tree."""

    def one_way(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        _, indices = cKDTree(y.detach().numpy()).query(x.detach().numpy(), p=1, workers=threads)
        return (x - y[torch.from_numpy(indices)]).abs().sum(-1).mean()

    return one_way(x, y) + one_way(y, x)


def both_calls(x: torch.Tensor, y: torch.Tensor, n: torch.Tensor, m: torch.Tensor) -> torch.Tensor:
    """The distance and the normals, each with a search."""
    return losses.chamfer_distance(x, y) + losses.chamfer_normal_loss(x, y, n, m)


def in_one_search(x: torch.Tensor, y: torch.Tensor, n: torch.Tensor, m: torch.Tensor) -> torch.Tensor:
    """The distance and the normals from one search."""
    found = losses.chamfer_with_normals(x, y, n, m)
    return found.distance + found.normals


def farthest_by_loop(points: torch.Tensor, count: int) -> torch.Tensor:
    """Farthest points by a loop in PyTorch, all distances to every choice."""
    batch = torch.arange(len(points))
    nearest, current, chosen = torch.full(points.shape[:2], torch.inf), torch.zeros(len(points), dtype=torch.long), []
    for _ in range(count):
        chosen.append(current)
        nearest = torch.minimum(nearest, (points - points[batch, current][:, None]).square().sum(-1))
        current = nearest.argmax(-1)
    return torch.stack(chosen, 1)


def ball_by_scipy(x: torch.Tensor, y: torch.Tensor, radius: float, k: int, threads: int) -> torch.Tensor:
    """The k nearest within a radius by SciPy's tree."""
    _, indices = cKDTree(y.numpy()).query(x.numpy(), k=k, distance_upper_bound=radius, workers=threads)
    return torch.from_numpy(np.where(indices == len(y), -1, indices))


def normals_by_scipy(points: torch.Tensor, k: int, threads: int) -> torch.Tensor:
    """Normals by SciPy's tree and NumPy's eigenvectors; how much they face along z, without a sign."""
    array = points.numpy()
    _, indices = cKDTree(array).query(array, k=k, workers=threads)
    near = array[indices] - array[indices].mean(1, keepdims=True)
    return torch.from_numpy(np.linalg.eigh(near.swapaxes(1, 2) @ near)[1][:, 2, 0]).abs()


def problems(threads: int) -> Iterator[Problem]:
    """Every problem: name, ours, and the peer."""
    generator = np.random.default_rng(0)
    for count in (10_000, 100_000):
        x, y = (torch.from_numpy(torus(count, generator)) for _ in range(2))
        n, m = (torch.from_numpy(torus(count, generator)) for _ in range(2))
        size = f"{count:,}"
        yield Problem(
            "Manhattan Chamfer, a step",
            size,
            "cKDTree, p = 1",
            lambda x=x, y=y: step(lambda x, y: losses.chamfer_distance(x, y, norm=1), x, y),
            lambda x=x, y=y: step(lambda x, y: manhattan_by_scipy(x, y, threads), x, y),
        )
        yield Problem(
            "Chamfer and normals, a step",
            size,
            "both losses",
            lambda x=x, y=y, n=n, m=m: step(in_one_search, x, y, n, m),
            lambda x=x, y=y, n=n, m=m: step(both_calls, x, y, n, m),
        )
        yield Problem(
            "ball query, radius 0.02, k = 16",
            size,
            "cKDTree",
            lambda x=x, y=y: ops.ball_query(x, y, radius=0.02, k=16).indices,
            lambda x=x, y=y: ball_by_scipy(x, y, 0.02, 16, threads),
        )
        yield Problem(
            "normals, k = 16",
            size,
            "cKDTree, eigh",
            lambda x=x: ops.estimate_normals(x)[:, 2].abs(),
            lambda x=x: normals_by_scipy(x, 16, threads),
        )
    for batch, count, chosen in ((1, 10_000, 1000), (8, 4096, 512)):
        points = torch.from_numpy(np.stack([torus(count, generator) for _ in range(batch)]))
        yield Problem(
            f"farthest points, {chosen:,}",
            f"{batch} x {count:,}",
            "loop in PyTorch",
            lambda points=points, chosen=chosen: ops.farthest_points(points, chosen),
            lambda points=points, chosen=chosen: farthest_by_loop(points, chosen),
        )


def same(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    """Equal up to rounding, and up to a thousandth of indices where neighbours are equally far."""
    close = torch.isclose(ours.double(), theirs.double(), rtol=1e-4, atol=1e-3)
    return bool(close.double().mean() > 0.999)


def main() -> None:
    """Print and keep one line a problem."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--results", type=Path, default=RESULTS / "point_operations.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.results.unlink(missing_ok=True)
    machine = environment()
    for problem in problems(options.threads):
        if not same(problem.ours(), problem.peer()):
            raise SystemExit(f"{problem.name}, {problem.size}: {problem.peer_name} gives something else")
        times: dict[str, list[float]] = {"ours": [], "peer": []}
        for _ in range(options.turns):
            for name, call in (("ours", problem.ours), ("peer", problem.peer)):
                before = time.perf_counter()
                call()
                times[name].append(1e3 * (time.perf_counter() - before))
        ours, peer = (round(statistics.median(each), 3) for each in times.values())
        row: dict[str, Any] = {"problem": problem.name, "size": problem.size, "peer": problem.peer_name}
        row |= {"ms": ours, "peer_ms": peer, "threads": options.threads, "environment": machine}
        append_row(options.results, row)
        print(f"{problem.name:34}{problem.size:>12}{ours:10.1f}{peer:10.1f}  {problem.peer_name} x {peer / ours:.2f}")


if __name__ == "__main__":
    main()
