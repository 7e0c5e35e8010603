"""The section of the benchmark page on sharp edges of surfaces of scans."""

from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import better, machines, table

TEXT = """
## Sharp edges

Surfaces of scans as they were extracted, and with vertices moved onto the planes of the points at
[sharp edges](fit-a-scan.md#sharp-edges), from one fit, by `benchmarks/quality/sharp_edges.py`. The number in a name is
the noise, as a share of the longest side; Chamfer distances times 1000, where that side is 1; angles between normals in
degrees, means over the whole surface; moved is the share of the vertices that move.
"""


def sharp_edges(rows: Sequence[Row]) -> str:
    """A row for every scan: what was extracted, and what became of it."""
    lines = []
    for row in rows:
        chamfer = better(row["chamfer_before"], row["chamfer_after"], 3)
        degrees = better(row["degrees_before"], row["degrees_after"], 2)
        lines.append([row["scan"], *chamfer, *degrees, f"{row['moved']:.1%}"])
    head = ["scan", "Chamfer", "with edges", "normals, degrees", "with edges", "moved"]
    return TEXT + machines(rows) + table(head, lines)
