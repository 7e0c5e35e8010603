"""The section of the benchmark page on meshes of different topology in one call."""

from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import better, machines, table

PACKED = """
## Meshes of different topology in one call

Each loss forward and backward to the vertices of tori and spheres of 100 to 600 vertices, float32, by
`benchmarks/speed/packed_meshes.py`: once with all of them (`ops.pack_meshes`), and in a Python loop over the meshes, by
turns in one process; medians in milliseconds, the faster one bold. Samples are 500 points a mesh, compared with 200;
the distances between points and meshes have 200 points a mesh. Difference is the largest one of a mesh's value, as a
share of it.
"""


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
