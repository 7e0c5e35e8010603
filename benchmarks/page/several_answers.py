"""The section of the benchmark page on images that leave a shape open."""

from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import machines, table

ANSWERS = """
## One image, several shapes behind it

The family "hidden_back" has three shapes to every image. PSGN is trained by each of its schemes on {shapes} of them for
{steps:,} steps, and answers the images of 24 others, of 32 x 32 pixels, eight times with 256 points, by
`benchmarks/quality/several_answers.py`. Chamfer distances times 1000: of the best answer, and the mean of all, from the
true points; diversity is the mean distance of the answers from each other. Two rows need no network. Seconds are those
of the processor; one run of each.
"""


def several_answers(rows: Sequence[Row]) -> str:
    """A row for every scheme."""
    lines = [
        [row["scheme"], *(f"{row[name]:.1f}" for name in ("best", "mean", "diversity")), str(row.get("seconds", "–"))]
        for row in {row["scheme"]: row for row in rows}.values()
    ]
    head = ["scheme", "best", "mean", "diversity", "s"]
    return ANSWERS.format(shapes=rows[0]["shapes"], steps=rows[0]["steps"]) + machines(rows) + table(head, lines)
