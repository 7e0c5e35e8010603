"""The sections of docs/benchmarks.md on meshes as distance fields."""

from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import machines, table

SIGNS = """
## Signs of meshes

Which side of a mesh a point is on, by `benchmarks/quality/mesh_signs.py`: percent of wrong answers on damaged meshes,
near the surface (within about 1 % of half the longest side) | in the volume, 50,000 points each, the fewest bold; the
truth is the intact mesh, for the scanned bunny its holes filled by fans. diffshape is `data.SignedDistance`, which
turns faces that disagree with their surface; winding is the plain winding number (`ops.TriangleIndex`); pseudonormals
are libigl's. Below, milliseconds for signed distances of 500,000 points, trees built in the call, by turns in one
process; a ratio is libigl's time over ours, above 1 where ours is faster. With winding numbers libigl returns the
distance times 1 - 2 w, which is off by their error; with pseudonormals it is exact, as ours.
"""


FIELDS = """
## Meshes to distance fields

`fitting.fit_mesh(mesh, seconds=S)` with the default grid of 1.7 MB, true distances computed within the S seconds, by
`benchmarks/quality/mesh_fields.py`; whole is the call, tree included. Scores at 500,000 points near the surface (moved
off it by N(0, 0.01^2) on every axis) and 500,000 uniform in [-1, 1]^3, none seen in training; mean absolute errors and
mean |f| on the surface times 1000, where the longest side is 2; Chamfer distance times 1000, where it is 1. Then kinds
of fields, in the same seconds on one mesh. Last the cost of the published grid (16 levels, 2^19 rows, 2 x 64) beside
the same formulas in eager PyTorch: milliseconds, their ratio, and by how many MB a call raises the peak of the process.
"""
_SCORES = ["F1 near", "F1 volume", "MAE near", "MAE volume", "IoU", "on surface", "Chamfer", "inside, %"]


def mesh_fields(rows: Sequence[Row]) -> str:
    """The section: quality by mesh, kinds of fields, cost."""
    quality, kinds, cost = ([row for row in rows if row["table"] == name] for name in ("quality", "kinds", "cost"))
    told = ["seconds", "whole", "steps"]
    lines = [[row["mesh"], f"{row['faces']:,}", *_told(row), *_scores(row)] for row in quality]
    page = FIELDS + machines(rows) + table(["mesh", "faces", *told, *_SCORES], lines)
    if kinds:
        lines = [[row["kind"], f"{row['megabytes']:.1f}", *_told(row), *_scores(row)] for row in kinds]
        page += table([f"field, on {kinds[0]['mesh']}", "MB", *told, *_SCORES], lines)
    lines = [
        [
            row["case"],
            f"**{row['ours_ms']:.0f}**",
            f"{row['eager_ms']:.0f}",
            f"{row['eager_ms'] / row['ours_ms']:.1f}",
            f"{row['ours_megabytes']:.0f}",
            f"{row['eager_megabytes']:.0f}",
        ]
        for row in cost
    ]
    return page + table(["", "diffshape", "eager", "ratio", "MB", "MB, eager"], lines)


def _told(row: Row) -> list[str]:
    return [f"{row['seconds']:g}", f"{row['whole']:.1f}", f"{row['steps']:,}"]


def _scores(row: Row) -> list[str]:
    lengths = (row["mae_near"], row["mae_volume"])
    return [
        f"{row['f1_near']:.4f}",
        f"{row['f1_volume']:.4f}",
        *(f"{1000 * length:.2f}" for length in lengths),
        f"{row['iou']:.4f}",
        f"{1000 * row['surface_error']:.2f}",
        "–" if row["chamfer"] is None else f"{1000 * row['chamfer']:.2f}",
        f"{100 * row['inside_near']:.0f}, {100 * row['inside_volume']:.0f}",
    ]


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
