"""Meshes of different topology in one call against a Python loop over them: time forward and backward, and agreement.

    python -m benchmarks.speed.packed_meshes [--meshes 32 256] [--threads 1]

Tori and spheres of 100 to 600 vertices, moved a little, float32. "packed" calls each loss once with all of them
(`ops.pack_meshes`, outside the clock, as the topology of a training stays); "loop" calls it once a mesh and adds up.
Both go back to the vertices. Samples are 500 points a mesh, points 200 a mesh. Both run in the same process, by turns;
times are medians.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import RESULTS, Row, append_row, by_turns, environment, run_measured

SAMPLES, POINTS = 500, 200


def measure(count: int, threads: int) -> dict[str, Row]:
    """Milliseconds of both ways for every loss, and by how much their values differ."""
    import torch

    from diffshape import data, losses, ops

    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(0)
    meshes = []
    for number in range(count):
        mesh = data.icosphere(2 + number % 2) if number % 4 < 2 else data.torus_mesh(12 + number % 12, 8 + number % 8)
        vertices, faces = torch.from_numpy(mesh.vertices).float(), torch.from_numpy(mesh.faces)
        meshes.append((vertices + 0.01 * torch.randn(vertices.shape, generator=generator), faces))
    packed = ops.pack_meshes(meshes)
    clouds = 2 * torch.rand(count, POINTS, 3, generator=generator) - 1

    def samples(vertices, faces, clouds):
        drawn = ops.sample_surface(vertices, faces, SAMPLES, generator=torch.Generator().manual_seed(0)).points
        return losses.chamfer_distance(drawn, clouds, reduction="none")

    calls: dict[str, Callable] = {
        "edge_length_loss": lambda v, f, _: losses.edge_length_loss(v, 0.1, f, reduction="none"),
        "laplacian_loss": lambda v, f, _: losses.laplacian_loss(v, f, reduction="none"),
        "laplacian_loss, cotangent": lambda v, f, _: losses.laplacian_loss(
            v, f, weighting="cotangent", reduction="none"
        ),
        "adjacent_normal_loss": lambda v, f, _: losses.adjacent_normal_loss(v, f, reduction="none"),
        "chamfer_distance of samples": samples,
        "point_to_mesh_distance": lambda v, f, p: losses.point_to_mesh_distance(p, v, f, reduction="none"),
        "mesh_to_points_distance": lambda v, f, p: losses.mesh_to_points_distance(p, v, f, reduction="none"),
    }

    def in_one(call: Callable) -> Callable:
        def run(vertices, _):
            vertices = vertices.clone().requires_grad_()
            values = call(vertices, packed.faces, clouds)
            values.sum().backward()
            return values.detach()

        return run

    def one_by_one(call: Callable) -> Callable:
        def run(_, own):
            values = []
            for (vertices, faces), cloud in zip(own, clouds):
                vertices = vertices.clone().requires_grad_()
                values.append(call(vertices, faces, cloud))
                values[-1].backward()
            return torch.stack(values).detach()

        return run

    rows = {}
    for name, call in calls.items():
        engines = {"packed": in_one(call), "loop": one_by_one(call)}
        together, apart = (engine(packed.vertices, meshes) for engine in engines.values())
        row: Row = {"milliseconds": by_turns(engines, packed.vertices, meshes)}
        if name != "chamfer_distance of samples":  # one stream of random numbers, or one a mesh: other samples
            row["worst_difference"] = float(((together - apart).abs() / apart).max())
        rows[name] = row
    return rows


def main() -> None:
    """Measure every number of meshes in its own process; the results replace the old ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meshes", type=int, nargs="+", default=[32, 256])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path, default=RESULTS / "packed_meshes.jsonl")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(int(options.case), options.threads)))
        return
    options.results.unlink(missing_ok=True)
    machine = environment()
    for count in options.meshes:
        run = run_measured(
            [sys.executable, "-m", __spec__.name, "--case", str(count), "--threads", str(options.threads)]
        )
        if run.status != 0:
            raise SystemExit(run.errors)
        for name, row in json.loads(run.output).items():
            append_row(
                options.results,
                {"loss": name, "meshes": count, "threads": options.threads, **row, "environment": machine},
            )
            times = row["milliseconds"]
            print(
                f"{count} meshes, {name}: packed {times['packed']} ms, loop {times['loop']} ms, "
                f"{times['loop'] / times['packed']:.1f} times",
                flush=True,
            )


if __name__ == "__main__":
    main()
