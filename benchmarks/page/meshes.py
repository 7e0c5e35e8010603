"""The sections of the benchmark page on points and triangles, and on meshes of different topology in one call."""

from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import better, machines, table

TRIANGLES = """
## Points to triangles

The closest of F triangles for each of N points, tree included, by `benchmarks/speed/point_to_mesh.py`: a torus, and
points near it (moved off by 1 % of its longest side) or far from it (evenly in a cube of twice its side).
`ops.closest_triangles` and libigl answer the same float64 problem by turns in one process, with a thread a core;
medians in milliseconds, the faster one bold. Loss is `losses.point_to_mesh_distance` forward and backward, to points
and vertices. MB is by how much one call raises the peak of the process.
"""
PACKED = """
## Meshes of different topology in one call

Each loss forward and backward to the vertices of tori and spheres of 100 to 600 vertices, float32, by
`benchmarks/speed/packed_meshes.py`: once with all of them (`ops.pack_meshes`), and in a Python loop over the meshes, by
turns in one process; medians in milliseconds, the faster one bold. Samples are 500 points a mesh, compared with 200;
the distances between points and meshes have 200 points a mesh. Difference is the largest one of a mesh's value, as a
share of it.
"""


def triangles(rows: Sequence[Row]) -> str:
    """The section on points and triangles."""
    lines = [
        [row["queries"], f"{row['points']:,}", f"{row['faces']:,}"]
        + [*better(*(row["milliseconds"][name] for name in ("diffshape", "libigl")), 1)]
        + [f"{row['milliseconds']['diffshape'] / row['milliseconds']['libigl']:.2f}"]
        + [f"{row['milliseconds']['loss']:.1f}"]
        + [f"{row['megabytes'][name]:.1f}" for name in ("diffshape", "libigl", "loss")]
        for row in rows
    ]
    head = ["points", "N", "F", "diffshape", "libigl", "ratio", "loss", "MB", "libigl, MB", "loss, MB"]
    return TRIANGLES + machines(rows) + table(head, lines)


def packed_meshes(rows: Sequence[Row]) -> str:
    """The section on packed meshes."""
    lines = []
    for row in rows:
        together, apart = (row["milliseconds"][name] for name in ("packed", "loop"))
        difference = f"{row['worst_difference']:.0e}" if "worst_difference" in row else "other samples"
        lines.append(
            [row["loss"], str(row["meshes"]), *better(together, apart, 1), f"{together / apart:.2f}", difference]
        )
    threads = ", ".join(sorted({str(row["threads"]) for row in rows}))
    head = ["loss", "meshes", "packed", "loop", "ratio", "difference"]
    return PACKED + machines(rows) + f"\nThreads: {threads}.\n" + table(head, lines)
