"""Which side of a mesh a point is on: errors on damaged meshes, and the time of distance and sign, beside libigl's.

    python -m benchmarks.quality.mesh_signs [--shared ../shared] [--threads 2]

A mesh with its longest side scaled to 2 is damaged: 2 % of its faces deleted, or 3 % flipped. The scanned bunny has
holes of its own; it counts as intact with a fan of triangles in each. Every method tells the side of 50,000 points near
the surface (N(0, 0.01^2) along each axis) and of 50,000 in [-1, 1]^3; the truth is libigl's winding number of the
intact mesh. Rays run in fixed random directions; of 11 the majority decides. Times are medians of whole calls, trees
built in them, for 500,000 points of each kind, by turns in one process a mesh. Without the shared folder, three
procedural shapes take the place of its meshes.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarks.measure import RESULTS, ROOT, Row, append_row, by_turns, environment, run_measured

MESHES = ("spot", "bunny", "dc")
SCANNED = "bunny-open"
SHAPES = ("kettle", "torus", "box")
DELETED, FLIPPED = 0.02, 0.03
SIGN_POINTS, TIME_POINTS = 50_000, 500_000
METHODS = ("diffshape", "winding", "pseudonormal", "1 ray", "11 rays")


def load(name: str, shared: Path):
    """The intact mesh, in its frame."""
    from diffshape.data import SignedDistance, procedural_object, read_mesh

    if name in SHAPES:
        return SignedDistance(procedural_object(name).mesh(128))
    mesh = read_mesh(shared / "data" / "meshes" / f"{name}.ply")
    return SignedDistance(filled(mesh) if name == SCANNED else mesh)


def filled(mesh):
    """The mesh with a fan around the middle of every hole; its own faces come first."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(mesh.vertices)
    start, end = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]]).T
    rim = ~np.isin(count * start + end, count * end + start)
    start, end = start[rim], end[rim]
    _, part = connected_components(coo_array((np.ones(len(start)), (start, end)), shape=(count, count)), directed=False)
    holes, number = np.unique(part[start], return_inverse=True)
    middles = np.stack([mesh.vertices[start[number == hole]].mean(axis=0) for hole in range(len(holes))])
    fans = np.stack([end, start, count + number], axis=1)
    return mesh._replace(vertices=np.concatenate([mesh.vertices, middles]), faces=np.concatenate([mesh.faces, fans]))


def damages(name: str, shared: Path, intact) -> dict:
    """Vertices and faces of every damaged form, in the frame of the intact mesh."""
    import numpy as np

    from diffshape.data import read_mesh

    vertices, faces = intact.vertices.numpy(), intact.faces.numpy()
    if name == SCANNED:
        return {"holes": (vertices, read_mesh(shared / "data" / "meshes" / f"{name}.ply").faces)}
    order = np.random.default_rng(0).permutation(len(faces))
    flipped = faces.copy()
    few = order[: round(FLIPPED * len(faces))]
    flipped[few] = flipped[few, ::-1]
    deleted = faces[np.sort(order[round(DELETED * len(faces)) :])]
    return {"none": (vertices, faces), "2 % deleted": (vertices, deleted), "3 % flipped": (vertices, flipped)}


def inside(method: str, vertices, faces, points):
    """Which of the points one method takes to be inside."""
    import igl
    import torch

    from benchmarks.quality.ray_parity import ray_parity
    from diffshape.data import SignedDistance
    from diffshape.ops import TriangleIndex

    if method == "diffshape":  # which turns faces that disagree with their surface, and has a frame of its own
        signed = SignedDistance((vertices, faces))
        return signed(torch.from_numpy(signed.frame.to_unit(points))).numpy() < 0
    if method == "winding":
        index = TriangleIndex(torch.from_numpy(vertices), torch.from_numpy(faces))
        return (index.signed_distances(torch.from_numpy(points)) < 0).numpy()
    if method == "pseudonormal":
        return igl.signed_distance(points, vertices, faces, sign_type=igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL)[0] < 0
    return ray_parity(points, vertices[faces], rays=int(method.split()[0]))


def errors(intact, forms: dict) -> list[Row]:
    """A row a damage: the percentage of wrong sides by every method, near the surface and in the volume."""
    import igl
    import torch

    generator = torch.Generator().manual_seed(0)
    drawn = (
        intact.sample_near(SIGN_POINTS, generator=generator),
        intact.sample_uniform(SIGN_POINTS, generator=generator),
    )
    clouds = [samples.points.double().numpy() for samples in drawn]
    whole = intact.vertices.numpy(), intact.faces.numpy()
    truth = [igl.fast_winding_number(*whole, points) > 0.5 for points in clouds]
    return [
        {
            "damage": damage,
            "wrong": {
                method: [
                    100 * float((inside(method, *form, points) != sides).mean()) for points, sides in zip(clouds, truth)
                ]
                for method in METHODS
            },
        }
        for damage, form in forms.items()
    ]


def times(intact) -> list[Row]:
    """A row a kind of points: milliseconds for distance and sign."""
    import igl
    import torch

    from diffshape.ops import TriangleIndex

    vertices, faces = intact.vertices, intact.faces
    array = faces.numpy()

    def libigl(sign):
        return lambda points, vertices: igl.signed_distance(points.numpy(), vertices.numpy(), array, sign_type=sign)

    engines = {
        "diffshape": lambda points, vertices: TriangleIndex(vertices, faces).signed_distances(points),
        "libigl, winding": libigl(igl.SIGNED_DISTANCE_TYPE_FAST_WINDING_NUMBER),
        "libigl, pseudonormal": libigl(igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL),
    }
    generator = torch.Generator().manual_seed(0)
    kinds = {"near": intact.sample_near, "uniform": intact.sample_uniform}
    return [
        {
            "points": kind,
            "milliseconds": by_turns(engines, draw(TIME_POINTS, generator=generator).points.double(), vertices),
        }
        for kind, draw in kinds.items()
    ]


def main() -> None:
    """Measure every mesh in its own process; the results replace the old ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path, default=RESULTS / "mesh_signs.jsonl")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        import torch

        torch.set_num_threads(options.threads)
        intact = load(options.case, options.shared)
        rows = errors(intact, damages(options.case, options.shared, intact))
        rows += [] if options.case == SCANNED else times(intact)
        print(json.dumps([{"faces": len(intact.faces), **row} for row in rows]))
        return
    options.results.unlink(missing_ok=True)
    os.environ["IGL_NUM_THREADS"] = str(options.threads)  # read by libigl when it first starts threads
    machine, found = environment(), (options.shared / "data" / "meshes").is_dir()
    for name in (*MESHES, SCANNED) if found else SHAPES:
        arguments = ["--case", name, "--shared", str(options.shared), "--threads", str(options.threads)]
        run = run_measured([sys.executable, "-m", __spec__.name, *arguments])
        if run.status != 0:
            raise SystemExit(run.errors)
        for row in json.loads(run.output):
            append_row(options.results, {"mesh": name, "threads": options.threads, **row, "environment": machine})
            print(name, {key: row[key] for key in row if key != "faces"}, flush=True)


if __name__ == "__main__":
    main()
