"""Queries and training steps of a hash-grid field on a CUDA device, beside the floor of bytes and operations.

    python -m benchmarks.gpu.fields [--points 500000] [--batches 16384 262144] [--launches 200] [--results FILE]

Queries: uniform points in [-1, 1]^3, 16 levels of 2 features, 2^19 rows, 16 to 2048 nodes, a network of 2 x 64 ReLU on
the features alone. `ms` is the median over launches of CUDA events on an idle device, `wall` that of a clock around
launch and synchronisation. `fused` takes points as they come, `fused, sorted` points that already lie along a Morton
curve, `fused, sorting` sorts them within its time; `HashGrid` is `fused` by way of the field itself. `error` is the
mean absolute difference from float64. The floor is that of field_work.py for the order of the points; its rates are
options, by default an H200's.

Steps: forward, backward and Adam on points around a sphere and their distances, MAPE, float32; an update is skipped
where loss or gradient is not finite. `eager` is PyTorch, `kernels` the library's encoding, `graph` the latter as one
CUDA graph: what is captured is the whole step, its check (as Adam's `found_inf`, on the device) included; points and
distances are copied into buffers that it reads. The graph is an experiment of this script: it has not run on a device
yet.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.gpu.field_work import (
    GRID,
    HIDDEN_LAYERS,
    WIDTH,
    add_rates,
    along_a_curve,
    count_gathers,
    floor,
    operations,
    uniform_points,
)
from benchmarks.gpu.neighbors import event_milliseconds
from benchmarks.measure import RESULTS, append_row, environment
from diffshape.fields import HashGrid
from diffshape.ops import GridLayout, hash_encode
from diffshape.ops.hash_grid.definition import encode_by_definition
from diffshape.ops.hash_grid.packed import PackedHashGrid, pack_hash_grid
from diffshape.ops.hash_grid.query import query_hash_grid

Encode = Callable[[Tensor, Tensor, GridLayout], Tensor]
BOX = (-1.0, 1.0)
RADIUS = 0.5
WARM_UP = 10


def encode_eagerly(points: Tensor, tables: Tensor, grid: GridLayout) -> Tensor:
    """The definition, operation by operation."""
    fade = tables.new_ones(grid.levels)
    return encode_by_definition(points, tables, fade, grid.plan, grid.smooth, False)[0].t()


class PlainField(torch.nn.Module):
    """The published field: encoding, then a ReLU network without bias."""

    def __init__(self, encode: Encode, grid: GridLayout = GRID) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        sizes = [grid.channels] + [WIDTH] * HIDDEN_LAYERS + [1]
        self.encode, self.grid = encode, grid
        self.tables = torch.nn.Parameter(torch.rand(grid.entries, grid.features, generator=generator) * 2e-1 - 1e-1)
        self.weights = torch.nn.ParameterList(
            torch.randn(out, into, generator=generator) * (2 / into) ** 0.5 for into, out in pairwise(sizes)
        )

    def forward(self, points: Tensor) -> Tensor:
        """Values (N,) at (N, 3) points of [-1, 1]^3."""
        x = self.encode((points + 1) / 2, self.tables, self.grid)
        for weight in self.weights[:-1]:
            x = torch.relu(x @ weight.t())
        return (x @ self.weights[-1].t())[:, 0]

    def packed(self) -> PackedHashGrid:
        """Weights in the form that `query_hash_grid` reads."""
        weights = list(self.weights)
        biases = [weight.new_zeros(len(weight)) for weight in weights]
        fade = self.tables.new_ones(self.grid.levels)
        return pack_hash_grid(self.grid, self.tables, fade, weights, biases, box=BOX, beta=torch.inf)


def library_field(plain: PlainField) -> HashGrid:
    """A `HashGrid` with the weights of a plain field, as a user has it."""
    grid = plain.grid
    sizes = {name: getattr(grid, name) for name in ("levels", "base", "finest", "features", "log2_entries")}
    network = {"hidden_layers": HIDDEN_LAYERS, "width": WIDTH, "beta": torch.inf, "reads_point": False}
    field = HashGrid(**sizes, **network, interpolation=grid.interpolation, box=BOX).to(plain.tables.device)
    with torch.no_grad():
        for own, other in zip([field.tables, *field.network.weights], plain.parameters()):
            own.copy_(other)
    return field


class GuardedStep:
    """One training step that never asks the device for a number; eager on any device.

    A loss or gradient that is not finite, or whose square is not, is told to Adam as ``found_inf``: weights, moments
    and step count stay as they are.
    """

    def __init__(self, field: torch.nn.Module, count: int, device: str | torch.device) -> None:
        self.field = field.to(device)
        self.points, self.distances = torch.zeros(count, 3, device=device), torch.zeros(count, device=device)
        self.parameters = list(field.parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=1e-2, betas=(0.9, 0.99), eps=1e-15, weight_decay=0.0, fused=True, capturable=True
        )
        self.optimizer.found_inf = torch.zeros((), device=device)

    def __call__(self) -> None:
        """Update the weights by the loss on ``points`` and ``distances``."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = ((self.field(self.points) - self.distances).abs() / (self.distances.abs() + 0.01)).mean()
        loss.backward()
        norms = torch.stack(torch._foreach_norm([parameter.grad for parameter in self.parameters]))
        total = loss.detach() + torch.linalg.vector_norm(norms).square()
        self.optimizer.found_inf.copy_(~total.isfinite())
        self.optimizer.step()

    def load(self, points: Tensor, distances: Tensor) -> None:
        """Copy a batch into the buffers."""
        self.points.copy_(points)
        self.distances.copy_(distances)


class GraphedStep:
    """A `GuardedStep` captured after a warm-up, which makes some updates, and replayed."""

    def __init__(self, step: GuardedStep) -> None:
        self.step, self.graph = step, torch.cuda.CUDAGraph()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                step()
        torch.cuda.current_stream().wait_stream(stream)
        step.optimizer.zero_grad(set_to_none=True)  # gradients then live in the graph's memory
        with torch.cuda.graph(self.graph):
            step()

    def __call__(self) -> None:
        """Replay the step on the buffers, and mark the weights as changed, which autograd does not see."""
        self.graph.replay()
        for parameter in self.step.parameters:
            torch.autograd.graph.increment_version(parameter)


def sphere(count: int, seed: int, device: str | torch.device) -> tuple[Tensor, Tensor]:
    """Half near a sphere, half anywhere, and their distances from it."""
    generator = torch.Generator().manual_seed(seed)
    near = torch.nn.functional.normalize(torch.randn(count // 2, 3, generator=generator), dim=-1) * RADIUS
    near += 0.01 * torch.randn(near.shape, generator=generator)
    points = torch.cat([near, torch.rand(count - len(near), 3, generator=generator) * 2 - 1])
    return points.to(device), (points.norm(dim=-1) - RADIUS).to(device)


def median_times(work: Callable[[], object], launches: int) -> dict[str, float]:
    """Medians over launches: by CUDA events, and by a clock with a synchronisation at both ends."""
    for _ in range(WARM_UP):
        work()
    events = [event_milliseconds(work) for _ in range(launches)]
    return {"ms": statistics.median(events), "wall": statistics.median(_wall(work) for _ in range(launches))}


def _wall(work: Callable[[], object]) -> float:
    torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return 1e3 * (time.perf_counter() - start)


@torch.no_grad()
def measure_queries(count: int, launches: int, rates: dict[str, float]) -> list[dict]:
    """One row for each engine."""
    plain, eager = (PlainField(encode).cuda() for encode in (hash_encode, encode_eagerly))
    packed, points = plain.packed(), uniform_points(count)
    shuffled, ordered = points.cuda(), along_a_curve(points).cuda()
    limits = {
        name: floor(count, count_gathers(each), **rates)
        for name, each in (("uniform", points), ("Morton", ordered.cpu()))
    }
    engines = {
        "fused": ("uniform", shuffled, lambda x: query_hash_grid(x, packed)),
        "fused, sorted": ("Morton", ordered, lambda x: query_hash_grid(x, packed)),
        "fused, sorting": ("Morton", shuffled, lambda x: query_hash_grid(x, packed, morton=True)),
        "HashGrid": ("uniform", shuffled, library_field(plain)),
        "plain": ("uniform", shuffled, plain),
        "eager": ("uniform", shuffled, eager),
    }
    exact = PlainField(encode_eagerly).cuda().double()
    rows = []
    for name, (order, queries, engine) in engines.items():
        some = queries[: 2**14]
        row = {"work": "query", "engine": name, "points": count, "order": order}
        row |= median_times(lambda: engine(queries), launches)  # noqa: B023
        row |= {"floor_ms": limits[order].milliseconds, "flop": operations()}
        rows.append({**row, "error": (engine(some) - exact(some.double())).abs().mean().item()})
    return rows


STEPS = {
    "eager": (encode_eagerly, lambda step: step),
    "kernels": (hash_encode, lambda step: step),
    "graph": (hash_encode, GraphedStep),
}


def measure_steps(engine: str, count: int, launches: int) -> dict:
    """One row; the batch of every step is the same and on the device already."""
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    encode, wrap = STEPS[engine]
    step, data = GuardedStep(PlainField(encode), count, "cuda"), sphere(count, 0, "cuda")
    step.load(*data)
    run = wrap(step)
    row = {"work": "step", "engine": engine, "points": count}
    row |= median_times(lambda: (step.load(*data), run()), launches)
    return {**row, "megabytes": (torch.cuda.max_memory_allocated() - before) / 2**20}


def main() -> None:
    """Print one line a measurement, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=500_000)
    parser.add_argument("--batches", type=int, nargs="*", default=[2**14, 2**18])
    parser.add_argument("--launches", type=int, default=200)
    parser.add_argument("--results", type=Path, default=RESULTS / "gpu_fields.jsonl")
    add_rates(parser)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("There is no CUDA device here, so nothing to measure.")
    place = {**environment(), "gpu": torch.cuda.get_device_name()}
    rates = {name: getattr(options, name) for name in ("cache", "tensor", "memory")}
    print(f"{'work':8}{'engine':16}{'points':>10}{'ms':>10}{'wall':>10}{'floor':>10}{'error':>10}")
    rows = measure_queries(options.points, options.launches, rates)
    rows += [measure_steps(engine, batch, options.launches) for batch in options.batches for engine in STEPS]
    for row in rows:
        append_row(options.results, {**row, "rates": rates, "environment": place})
        print(
            f"{row['work']:8}{row['engine']:16}{row['points']:10}{row['ms']:10.4f}{row['wall']:10.4f}"
            f"{row.get('floor_ms', torch.nan):10.4f}{row.get('error', torch.nan):10.1e}"
        )


if __name__ == "__main__":
    main()
