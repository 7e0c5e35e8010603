"""Parts of the section on surfaces: the quick preset and variants of the fit beside the default, on the same scans."""

import math
import statistics
from collections.abc import Iterable, Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import ratio_text, table

QUICK = """
### The quick preset

Errors of `--preset quick` over those of the default, on the scans that both fitted; at most 1.10 is aimed at.
"""
VARIANTS = """
### Parts of the fit

Chamfer distance of a variant over that of the default, geometric mean over the scans that both fitted (their number):
above 1 where the variant is worse. "Poisson on the same points" is screened Poisson reconstruction (pymeshlab) of the
points and normals that the fit prepares, depth 8 with the better of the point weights 1 and 4, or depth 10 with weight
20 where the points were left as they are; at least 0.95 is aimed at.
"""
Pair = tuple[Row, Row]
"""Rows of one scan: of what is compared, and of the default."""


def quick_presets(rows: Sequence[Row]) -> str:
    """The table of the quick preset, by kind; nothing where none ran."""
    pairs = _pairs(rows, [row for row in rows if row["preset"] == "quick" and not row["variant"]])
    lines = []
    for kind in _kinds(pairs):
        found = [pair for pair in pairs if pair[0]["kind"] == kind]
        worst = max(found, key=_ratio)
        seconds = [f"{statistics.fmean(row['seconds'] for row in rows):.1f}" for rows in zip(*found)]
        cost = [*seconds, f"{max(row['megabytes'] for row, _ in found):.0f}"]
        lines.append([kind, str(len(found)), _mean(found), f"{ratio_text(_ratio(worst))}, {worst[0]['shape']}", *cost])
    head = ["scans", "number", "ratio", "worst", "s", "default, s", "most MB"]
    return QUICK + table(head, lines) if lines else ""


def variants(rows: Sequence[Row]) -> str:
    """The table of variants by kinds; nothing where none ran."""
    pairs = _pairs(rows, [row for row in rows if row["variant"]])
    kinds, names = _kinds(pairs), sorted({row["variant"] for row, _ in pairs})
    lines = []
    for name in names:
        groups = [[pair for pair in pairs if pair[0]["variant"] == name and pair[0]["kind"] == kind] for kind in kinds]
        every = [pair for group in groups for pair in group]
        lines.append([name, *(f"{_mean(group)} ({len(group)})" if group else "–" for group in (*groups, every))])
    commands = sorted({f"- **{row['variant']}**: `{row['command']}`" for row, _ in pairs})
    told = "\n" + "\n".join(commands) + "\n"
    return VARIANTS + told + table(["variant", *kinds, "all"], lines) if lines else ""


def _pairs(rows: Sequence[Row], others: Iterable[Row]) -> list[Pair]:
    """Rows beside those of the default on the same scan."""
    default = {(row["kind"], row["shape"]): row for row in rows if row["preset"] == "standard" and not row["variant"]}
    found = [(row, default.get((row["kind"], row["shape"]))) for row in others]
    return [(row, standard) for row, standard in found if standard and standard["chamfer"] is not None]


def _kinds(pairs: Sequence[Pair]) -> list[str]:
    return list(dict.fromkeys(row["kind"] for row, _ in pairs))


def _ratio(pair: Pair) -> float:
    """Chamfer distance over that of the default; infinite for a failure."""
    row, standard = pair
    return math.inf if row["chamfer"] is None else row["chamfer"] / standard["chamfer"]


def _mean(pairs: Sequence[Pair]) -> str:
    return ratio_text(statistics.geometric_mean(map(_ratio, pairs)))
