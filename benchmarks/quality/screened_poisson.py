"""Screened Poisson reconstruction (Kazhdan and Hoppe, TOG 2013; pymeshlab) of a scan, called as a fit is.

    python -m benchmarks.quality.screened_poisson SCAN --out DIR [--raw]

The points and normals are those that a fit prepares, so that what differs is the surface alone: octree depth 8 with
point weights 1 and 4 where the scan was smoothed, depth 10 with weight 20 where it was not, a mesh each. With --raw the
points are the scan's and the normals those of pymeshlab, from 16 neighbours, and depth and weight are its defaults.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before OpenMP loads, as `diffshape fit` does

import numpy as np
from numpy.typing import NDArray

from diffshape.data import Frame, Mesh, read_points, write_mesh

SMOOTHED = ((8, 1.0), (8, 4.0))
"""Depths and point weights for points that were smoothed."""
EXACT = ((10, 20.0),)
"""Depths and point weights for points that stay where they are."""
RAW = (8, 4.0)
"""Depth and point weight that pymeshlab takes by default."""
NEIGHBORS = 16
"""Neighbours from which pymeshlab finds a normal."""
Points = NDArray[np.float64]


def surfaces(scan: Path) -> Iterator[tuple[str, Mesh]]:
    """Name and mesh of every setting, from the points and normals that a fit of the file prepares."""
    import torch  # here, as --raw is timed and needs none of it

    from diffshape.fitting.fit_points import MAX_POINTS
    from diffshape.fitting.scans.prepare import prepare_scan

    cloud = read_points(scan).subset(MAX_POINTS, seed=0)
    frame = Frame.of(cloud.points)
    clean = prepare_scan(torch.from_numpy(frame.to_unit(cloud.points)))
    for depth, weight in SMOOTHED if clean.moved else EXACT:
        vertices, faces = poisson(clean.points.numpy(), clean.normals.numpy(), depth, weight)
        yield f"mesh_depth_{depth}_weight_{weight:g}.ply", Mesh(frame.from_unit(vertices), faces)


def poisson(points: Points, normals: Points | None, depth: int, weight: float) -> Mesh:
    """Surface of points (N, 3) and their normals, which pymeshlab finds if there are none."""
    import pymeshlab

    meshes = pymeshlab.MeshSet()
    given = {} if normals is None else {"v_normals_matrix": np.asarray(normals, np.float64)}
    meshes.add_mesh(pymeshlab.Mesh(vertex_matrix=np.asarray(points, np.float64), **given))
    if normals is None:
        meshes.compute_normal_for_point_clouds(k=NEIGHBORS)
    meshes.generate_surface_reconstruction_screened_poisson(depth=depth, pointweight=weight)
    return Mesh(meshes.current_mesh().vertex_matrix(), meshes.current_mesh().face_matrix())


def main() -> None:
    """Write the meshes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scan", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--raw", action="store_true", help="mesh the points of the scan, as they are")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.raw:
        write_mesh(options.out / "mesh.ply", *poisson(read_points(options.scan).points, None, *RAW))
        return
    for name, mesh in surfaces(options.scan):
        write_mesh(options.out / name, *mesh)


if __name__ == "__main__":
    main()
