"""The section of the benchmark page on the published methods for scans, at equal time."""

from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import machines, table

METHODS = """
## Published methods at equal time

Every method on the same scans for the same seconds of optimisation, on one thread, by
`benchmarks/quality/published_methods.py`: seconds of the processor, but for those rows of 60 s with noise that were
measured by the clock. The first group has the standard presets of this library; diffcd finds its
surface in closed form, from cleaned points, in fewer seconds than the budget. Names in -mlp are one comparison: one
network, one start, a sphere, points as they are, no normals, and only the losses differ, as in the DiffCD paper.
Chamfer distances are means of both directions, from points to triangles, times 1000, in units of the longest side; the
angle is the mean error of the normals over the scans; spurious is the largest share, over the scans, of surface farther
than 5 spacings from all points of the scan, and where. The lowest number of a group is bold.
"""
GROUPS = (
    ("diffcd", "igr", "siren", "digs", "steik", "surface-area", "neural-pull"),
    ("diffcd-mlp", "igr-mlp", "surface-area-mlp", "neural-pull-mlp"),
)


def published_methods(rows: Sequence[Row]) -> str:
    """A table for every noise and budget."""
    latest = {(row["scan"], row["method"], row["budget"]): row for row in rows}
    text = METHODS + machines(rows)
    for noise in sorted({_noise(row) for row in rows}, key=float):
        for budget in sorted({row["budget"] for row in rows}):
            found = [row for row in latest.values() if _noise(row) == noise and row["budget"] == budget]
            if found:
                text += f"\nNoise {noise}, {budget:g} s:\n" + _table(found)
    return text


def _noise(row: Row) -> str:
    return row["scan"].rpartition("_")[2]


def _table(rows: Sequence[Row]) -> str:
    scans = sorted({row["scan"] for row in rows})
    lines = []
    for group in GROUPS:
        found = {name: {row["scan"]: row for row in rows if row["method"] == name} for name in group}
        found = {name: each for name, each in found.items() if each}
        columns = [_bold([_chamfer(each.get(scan)) for each in found.values()], 2) for scan in scans]
        columns.append(_bold([_mean([row["normal_deg"] for row in each.values()]) for each in found.values()], 1))
        columns.append([_spurious(list(each.values())) for each in found.values()])
        lines += [[name, *cells] for name, cells in zip(found, zip(*columns))]
    head = ["method", *(scan.rpartition("_")[0] for scan in scans), "normals, °", "spurious"]
    return table(head, lines)


def _chamfer(row: Row | None) -> float | None:
    return None if row is None or row["chamfer"] is None else 1e3 * row["chamfer"]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) > 0 else None


def _bold(values: Sequence[float | None], digits: int) -> list[str]:
    """Numbers of a column, the lowest bold; a dash for what failed or was not run."""
    least = min((value for value in values if value is not None), default=None)
    texts = ["–" if value is None else f"{value:.{digits}f}" for value in values]
    return [f"**{text}**" if value == least is not None else text for text, value in zip(texts, values)]


def _spurious(rows: Sequence[Row]) -> str:
    known = [row for row in rows if row["spurious_share"] is not None]
    if not known:
        return "–"
    worst = max(known, key=lambda row: row["spurious_share"])
    share = 100 * worst["spurious_share"]
    return "0" if share == 0 else f"{share:.2g} %, {worst['scan'].rpartition('_')[0]}"
