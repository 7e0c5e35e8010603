"""The sections of docs/benchmarks.md on meshes as distance fields."""

from collections.abc import Sequence

from measure import Row
from tables import machines, table

SIGNS = """
## Signs of meshes

Which side of a mesh a point is on, by `benchmarks/mesh_signs.py`: percent of wrong answers on damaged meshes, near the
surface (within about 1 % of half the longest side) | in the volume, 50,000 points each, the fewest bold; the truth is
the intact mesh. Pseudonormals are libigl's. Below, milliseconds for signed distances of 500,000 points, trees built in
the call, by turns in one process; a ratio is libigl's time over ours, above 1 where ours is faster. With winding
numbers libigl returns the distance times 1 - 2 w, which is off by their error; the pseudonormal one is exact, as ours.
"""


def mesh_signs(rows: Sequence[Row]) -> str:
    """The section: errors by mesh and damage, then times."""
    judged, timed = ([row for row in rows if key in row] for key in ("wrong", "milliseconds"))
    wrong = [[row["mesh"], f"{row['faces']:,}", row["damage"], *_cells(row["wrong"])] for row in judged]
    head = ["mesh", "faces", "damage", *judged[0]["wrong"]]
    lines = []
    for row in timed:
        ours, *others = row["milliseconds"].values()
        lines.append([row["mesh"], f"{row['faces']:,}", row["points"], f"{ours:.0f}"])
        lines[-1] += [cell for time in others for cell in (f"{time:.0f}", f"{time / ours:.2f}")]
    first, *names = timed[0]["milliseconds"]
    columns = ["mesh", "faces", "points", first, *(cell for name in names for cell in (name, "ratio"))]
    return SIGNS + machines(rows) + table(head, wrong) + table(columns, lines)


def _cells(wrong: dict[str, list[float]]) -> list[str]:
    """Near | volume by every method, the better ones bold."""
    least = [min(each) for each in zip(*wrong.values())]
    return [
        " \\| ".join(f"**{value:.3f}**" if value == best else f"{value:.3f}" for value, best in zip(pair, least))
        for pair in wrong.values()
    ]
