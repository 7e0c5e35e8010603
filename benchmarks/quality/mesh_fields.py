"""Meshes as neural distance fields: quality within seconds, fields beside one another, and the cost of query and step.

    python -m benchmarks.quality.mesh_fields [--shared ../shared] [--results FILE]

Quality: `fitting.fit_mesh(mesh, seconds=S)` with the default field, true distances computed within the S seconds; whole
is the call with tree and frame. Scores are `fitting.score_field`: 500,000 points near the surface (N(0, 0.01^2)) and as
many uniform in [-1, 1]^3, none of them seen in training. Fields: the same seconds for each kind. Cost: the grid of 16
levels and 2^19 rows under two layers of 64, against the same formulas in eager PyTorch (all eight corners of a cell at
once; queries in chunks of 65,536 points), by turns in one process: 500,000 uniform queries, and a step of 2^14 points
with MAPE and the same fused Adam.
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.measure import RESULTS, append_row, environment, peak_megabytes
from diffshape import fields, fitting
from diffshape.losses import mape_loss

SECONDS = {"spot": (3, 10), "bunny": (10, 30), "dc": (10, 30)}
QUERIES, BATCH = 500_000, 2**14
KINDS = {
    "hash grid": fields.HASH_GRIDS["small"],
    "feature grid": fields.FeatureGridConfig(box=(-1.05, 1.05)),
    "MLP 4 x 128": fields.MLPConfig(hidden_layers=4, width=128, skip=()),
    "DeepSDF decoder 4 x 128": fields.LatentMLPConfig(hidden_layers=4, width=128, latent=16, skip=(2,), dropout=0.0),
}


def encoded(path: Path, seconds: float, field: fields.FieldConfig | None = None) -> dict:
    """One fit and its score."""
    start = time.perf_counter()
    result = fitting.fit_mesh(path, field=field, seconds=seconds)
    whole = time.perf_counter() - start
    score = fitting.score_field(result)
    parameters = sum(each.numel() for each in result.field.parameters())
    return {
        "mesh": path.stem,
        "faces": len(result.target.distance.faces),
        "seconds": seconds,
        "whole": whole,
        "steps": result.step,
        "megabytes": parameters * 4 / 1e6,
        **score.to_dict(),
    }


def cost() -> list[dict]:
    """Query and step, ours and eager by turns."""
    field = fields.HashGrid(fields.HASH_GRIDS["instant-ngp"])
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(QUERIES, 3, generator=generator) * 2 - 1
    batch, target = points[:BATCH], points[:BATCH].norm(dim=1) - 0.5
    optimizer = torch.optim.Adam(field.parameters(), lr=1e-4, fused=True)

    @torch.no_grad()
    def query_ours() -> None:
        field(points)

    @torch.no_grad()
    def query_eager() -> None:
        torch.cat([field.plain(part) for part in points.split(2**16)])

    def step(values: Callable[[torch.Tensor], torch.Tensor]) -> None:
        optimizer.zero_grad()
        mape_loss(values(batch), target).backward()
        optimizer.step()

    rows = []
    for name, ours, peer, repeats in (
        ("query", query_ours, query_eager, 5),
        ("step", lambda: step(field), lambda: step(field.plain), 5),
    ):
        times: dict[str, list[float]] = {"ours": [], "eager": []}
        for turn in range(repeats + 1):
            for engine, call in (("ours", ours), ("eager", peer)):
                start = time.perf_counter()
                call()
                if turn:
                    times[engine].append(1000 * (time.perf_counter() - start))
        ours_ms, eager_ms = (statistics.median(times[engine]) for engine in ("ours", "eager"))
        megabytes = {f"{engine}_megabytes": peak_megabytes(call) for engine, call in (("ours", ours), ("eager", peer))}
        rows.append({"case": name, "ours_ms": ours_ms, "eager_ms": eager_ms, **megabytes})
    return rows


def main() -> None:
    """Measure all; results are appended as they come."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--results", type=Path, default=RESULTS / "mesh_fields.jsonl")
    arguments = parser.parse_args()
    arguments.results.unlink(missing_ok=True)
    where = environment()
    for row in cost():
        append_row(arguments.results, {"table": "cost", **row, "environment": where})
        print(row)
    paths = sorted((arguments.shared / "data" / "meshes").glob("*.ply"))
    if not paths:
        raise SystemExit(f"{arguments.shared} holds no data/meshes; give --shared DIR")
    fitting.fit_mesh(paths[0], steps=3)  # compiled before anything is timed
    spot = next(path for path in paths if path.stem == "spot")
    for path in paths:
        for seconds in SECONDS.get(path.stem, (10,)):
            row = encoded(path, seconds)
            append_row(arguments.results, {"table": "quality", **row, "environment": where})
            print(row["mesh"], seconds, row["f1_near"], row["f1_volume"], flush=True)
    for kind, config in KINDS.items():
        row = encoded(spot, 10, config)
        assert math.isfinite(row["f1_near"])
        append_row(arguments.results, {"table": "kinds", "kind": kind, **row, "environment": where})
        print(kind, row["f1_near"], row["f1_volume"], flush=True)


if __name__ == "__main__":
    main()
