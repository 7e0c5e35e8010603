"""Chamfer distance with its gradient on a CUDA device: all pairs and Morton tiles, against cdist and KeOps.

    python -m benchmarks.gpu.neighbors [--cases 1k 10k 100k 1M 32x2048 blob] [--results FILE]

Means of squared distances in both directions, forward and backward, float32, on points on tori (`blob`: N(0.5, 0.02^2)
against a torus, 100,000 each). Every engine only finds the neighbours, without gradient; distances are then taken from
the gathered points, so that the engines are all that differs. Times are medians by CUDA events after a warm-up. Beside
them stands the arithmetic floor, pairs compared in both directions x 8 instructions / the float32 instructions a second
of the device; for tiles the pairs are counted by the kernel. `error` is the relative difference of the value from that
in float64 by all pairs.
"""

import argparse
import math
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.clouds import blob, torus
from benchmarks.measure import RESULTS, append_row, environment

Search = Callable[[Tensor, Tensor], Tensor]
CASES = {
    "1k": (1, 1000, torus),
    "10k": (1, 10_000, torus),
    "100k": (1, 100_000, torus),
    "1M": (1, 1_000_000, torus),
    "32x2048": (32, 2048, torus),
    "blob": (1, 100_000, blob),
}
INSTRUCTIONS = 8
FEW_LANES = {(7, 0), (7, 2), (7, 5), (8, 0)}
TABLE = 1 << 28
"""Entries of the table of distances that the chunked peer holds at a time: 1 GB."""
LONGEST, MOST_REPEATS = 2000.0, 50
"""Milliseconds spent on an engine, and repeats."""


def engines() -> dict[str, Search]:
    """Each engine as a function from queries and points, (B, N, 3) and (B, M, 3), to indices (B, N)."""
    from diffshape.ops import nearest_neighbors

    found = {
        "diffshape": lambda x, y: nearest_neighbors(x, y).indices,
        "all pairs": all_pairs,
        "tiles": lambda x, y: tiles(x, y)[0],
        "cdist": cdist_in_chunks,
    }
    try:
        from pykeops.torch import LazyTensor
    except ImportError:
        return found

    def keops(x: Tensor, y: Tensor) -> Tensor:
        return ((LazyTensor(x[:, :, None]) - LazyTensor(y[:, None])) ** 2).sum(-1).argmin(dim=2)[..., 0]

    return {**found, "KeOps": keops}


def all_pairs(x: Tensor, y: Tensor) -> Tensor:
    """The kernel for few points, whatever the size."""
    from diffshape.kernels.triton_neighbors import nearest_of_all_pairs

    ends = torch.full((len(y),), y.shape[1], dtype=torch.int32, device=y.device)
    return nearest_of_all_pairs(x, y, ends)[1]


def tiles(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The kernel for many points, whatever the size, and how many tiles each tile was compared with."""
    from diffshape.kernels.triton_tiles import build_tiles, nearest_in_tiles

    _, indices, compared = nearest_in_tiles(build_tiles(x), build_tiles(y), 1)
    return indices[..., 0], compared


def cdist_in_chunks(x: Tensor, y: Tensor) -> Tensor:
    """torch.cdist and argmin over as many queries at a time as the table allows."""
    rows = max(1, TABLE // (len(y) * y.shape[1]))
    return torch.cat([torch.cdist(part, y).argmin(-1) for part in x.split(rows, dim=1)], dim=1)


def chamfer(x: Tensor, y: Tensor, search: Search) -> Tensor:
    """Means of squared distances, both directions, through the neighbours a search finds."""

    def one_way(x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            indices = search(x, y)
        batch = torch.arange(len(y), device=y.device)[:, None]
        return (x - y[batch, indices]).square().sum(-1).mean()

    return one_way(x, y) + one_way(y, x)


def median_milliseconds(work: Callable[[], object]) -> float:
    """Median by CUDA events, without the first calls, which compile; fewer repeats where one takes long."""
    work()
    warm = event_milliseconds(work)
    repeats = int(min(MOST_REPEATS, max(3, LONGEST / warm)))
    return statistics.median(event_milliseconds(work) for _ in range(repeats))


def event_milliseconds(work: Callable[[], object]) -> float:
    """One call, by CUDA events on an idle device: what it takes to launch counts too."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    work()
    end.record()
    end.synchronize()
    return start.elapsed_time(end)


def instructions_a_second() -> float:
    """Float32 instructions a second of the device: lanes x multiprocessors x clock."""
    device = torch.cuda.get_device_properties(0)
    lanes = 64 if (device.major, device.minor) in FEW_LANES else 128
    return lanes * device.multi_processor_count * device.clock_rate * 1e3


def pairs_compared(name: str, x: Tensor, y: Tensor) -> int | None:
    """Pairs that an engine compares in both directions, where that is known."""
    if name in ("all pairs", "cdist", "KeOps"):
        return 2 * len(x) * x.shape[1] * y.shape[1]
    if name == "tiles":
        from diffshape.kernels.triton_tiles import TILE

        return sum(int(tiles(*clouds)[1].sum()) * TILE**2 for clouds in ((x, y), (y, x)))
    return None


def measure(case: str) -> list[dict]:
    """One row for each engine."""
    batch, count, queries = CASES[case]
    generator = np.random.default_rng(0)
    x, y = (
        torch.from_numpy(np.stack([make(count, generator) for _ in range(batch)])).cuda().requires_grad_()
        for make in (queries, torus)
    )
    exact = chamfer(x.detach().double(), y.detach().double(), all_pairs).item()
    rows = []
    for name, search in engines().items():
        value = chamfer(x, y, search)
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        milliseconds = median_milliseconds(lambda: torch.autograd.grad(chamfer(x, y, search), (x, y)))  # noqa: B023
        pairs = pairs_compared(name, x, y)
        rows.append(
            {
                "case": case,
                "engine": name,
                "ms": milliseconds,
                "floor_ms": pairs and 1e3 * pairs * INSTRUCTIONS / instructions_a_second(),
                "pairs": pairs,
                "megabytes": (torch.cuda.max_memory_allocated() - before) / 2**20,
                "error": abs(value.item() - exact) / exact,
            }
        )
    return rows


def main() -> None:
    """Print one line a case and engine, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--results", type=Path, default=RESULTS / "gpu_neighbors.jsonl")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("There is no CUDA device here, so nothing to measure.")
    place = {**environment(), "gpu": torch.cuda.get_device_name()}
    print(f"{'case':10}{'engine':12}{'ms':>10}{'floor':>10}{'pairs':>10}{'MB':>8}{'error':>10}")
    for case in options.cases:
        for row in measure(case):
            append_row(options.results, {**row, "environment": place})
            floor, pairs = (math.nan if row[key] is None else row[key] for key in ("floor_ms", "pairs"))
            print(
                f"{case:10}{row['engine']:12}{row['ms']:10.3f}{floor:10.3f}{pairs:10.2e}"
                f"{row['megabytes']:8.0f}{row['error']:10.1e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
