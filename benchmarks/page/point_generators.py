"""The section of the benchmark page on generators of point clouds."""

from collections.abc import Sequence
from typing import Any

from benchmarks.measure import Row
from benchmarks.page.tables import machines, table

TEXT = """
## Generators of point clouds

{test} clouds of {points} points drawn by each generator, against {test} shapes of the family {family} that none has
learnt from, by `benchmarks/quality/point_generators.py`. The raw GAN learnt the clouds of {shapes} others, the rest
their codes of 32 numbers, by an autoencoder of the distance that the row names. CD and EMD are the
distances of `metrics.compare_sets`: MMD times 1000 (a low one can miss shapes), coverage (noise raises it) and
1-NNA (0.5 is ideal, 1 is told apart for certain), each with its standard error. The first rows need no generator.
Seconds are those of the processor on one thread, those of an autoencoder in its own row; one run of each.
"""
_AUTOENCODERS = """
The autoencoders by themselves: mean Chamfer distance, times 1000, of the {test} shapes from their reconstructions, and
from the training shapes that are nearest to them.
"""
_HEAD = ["clouds", "s", "JSD", "MMD-CD", "COV-CD", "1-NNA-CD", "MMD-EMD", "COV-EMD", "1-NNA-EMD"]


def point_generators(rows: Sequence[Row]) -> str:
    """A row for every generator, in the order of the measurements."""
    latest = {row["generator"]: row for row in rows}
    first: Any = rows[-1]
    sizes = {name: first[name] for name in ("test", "points", "family", "shapes")}
    text = TEXT.format(**sizes) + machines(rows) + table(_HEAD, [_line(row) for row in latest.values()])
    autoencoders = [row for row in latest.values() if "distances" in row]
    lines = [
        [row["generator"].partition("(")[2].rstrip(")"), *(f"{1e3 * each:.2f}" for each in row["distances"].values())]
        for row in autoencoders
    ]
    return text + _AUTOENCODERS.format(**sizes) + table(["autoencoder", "reconstructed", "nearest"], lines)


def _line(row: Row) -> list[str]:
    score = row["score"]
    nearest = [
        f"{scale * part[name]:.{digits}f} ± {scale * part[f'{name}_error']:.{digits}f}"
        for part in (score["chamfer"], score["earth_mover"])
        for name, scale, digits in (("mmd", 1e3, 1), ("coverage", 1, 2), ("accuracy", 1, 2))
    ]
    return [row["generator"], f"{row['seconds']:.0f}" if row["seconds"] else "–", f"{score['jsd']:.3f}", *nearest]
