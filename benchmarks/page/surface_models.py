"""The section of docs/benchmarks.md on models of closed surfaces."""

from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import machines, table

TEXT = """
## Models of closed surfaces

Networks that tell inside from outside, learnt from {shapes} drawn shapes of the family {family} by
`benchmarks/quality/occupancy.py`: IoU on 40 others, at points even in the cube of side 1.1, against the processor
seconds of the training on one thread. Occupancy networks and vector sets read surface points, IM-NET reads voxels.
"No waves" reads the coordinates alone, "even points" are the published ones, none near the surface. The number of
steps is what a short training says will fit into the budget, so seconds differ from it. The best of each budget is
bold; "worst" is that of the 40 shapes.
"""


def surface_models(rows: Sequence[Row]) -> str:
    """The section: a table for each family, a line for each model and budget."""
    latest = {(row["family"], row["shapes"], row["budget"], row["model"]): row for row in rows}
    parts = []
    for family, shapes in sorted({key[:2] for key in latest}):
        found = [latest[key] for key in sorted(latest) if key[:2] == (family, shapes)]
        lines = [_line(row, max(each["iou"] for each in found if each["budget"] == row["budget"])) for row in found]
        head = ["model", "budget", "seconds", "steps", "parameters", "IoU", "worst"]
        parts += [TEXT.format(family=family, shapes=shapes), machines(found), table(head, lines)]
    return "".join(parts)


def _line(row: Row, best: float) -> list[str]:
    iou = f"{row['iou']:.3f}"
    return [
        row["model"],
        f"{row['budget']:.0f}",
        f"{row['processor_seconds']:.0f}",
        f"{row['steps']:,}",
        f"{row['parameters']:,}",
        f"**{iou}**" if row["iou"] == best else iou,
        f"{row['worst']:.3f}",
    ]
