"""The section of the benchmark page on surfaces fitted to scans, beside the best that other methods reach on each."""

import math
import statistics
from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.surface_variants import quick_presets, variants
from benchmarks.page.tables import better, machines, ratio_text, table

QUALITY = """
## Scans to surfaces

Each scan is fitted once, one after the other, by `{command} SCAN --out DIR`, in
`benchmarks/quality/surface_quality.py`; seconds (wall clock) and peak memory are those of the whole command, start-up
included. The load of the machine before a fit was {least:.1f} to {most:.1f}. Scores come from a scorer outside the
package: 20,000 even samples of each surface, projected onto the triangles of the other, in the frame where the truth's
longest side is 1. Chamfer distances are means of both directions, times 1000; normals are mean angles, sign ignored.

Beside them stands the **anchor** of the very scan: the lowest Chamfer distance that any other method reached on it with
any of its settings, and, apart from that, the lowest normal error. The methods are screened Poisson reconstruction with
several numbers of neighbours, depths and point weights, normals made consistent by winding numbers (WNNC, 2024) or
their sign on other normals, iPSR, and more. An anchor is chosen in hindsight, with the truth known, as no user can. The
better of the two is bold; a ratio is our Chamfer distance over the anchor's, below 1 where ours is better; means of
ratios are geometric, other means arithmetic, over the scans that have a ratio. A fit that failed has the ratio ∞ and
counts. A scan without an anchor has no ratio, nor has one whose anchor is off by more than a tenth of the longest side,
as no other method made a surface of it.

Settings of the fit may be chosen by the **tuned** shapes, every second of the sorted list of 19:
{tuned}.
By the others, and by the range scans, none is chosen: their means are the **reported** ones.
"""
TUNED = ("armadillo", "bunny", "cow", "dc", "fish", "nefertiti", "rocker-arm", "skull", "sword")
"""Shapes by which settings may be chosen: the second, fourth and so on of all 19 in alphabetic order."""
UNIFORM = {"0": "No noise", "0.005": "Noise 0.005 of the longest side", "0.01": "Noise 0.01 of the longest side"}
REGIMES = {
    "sparse": "Sparse: 3,000 points, noise 0.003",
    "views": "Views: nine views of a depth scanner, noise 0.002 along the ray",
    "outliers": "Outliers: 30,000 points, noise 0.002, and 900 points anywhere",
    "partial": "Partial: three views, hidden sides missing",
    "misaligned": "Misaligned: eight views, each shifted by N(0, 0.004)",
    "dense": "Dense: 400,000 points, noise 0.003",
}
TITLES = {**UNIFORM, **REGIMES, "scan": "Range scans of CAD parts, hidden sides missing"}
EVERY_REGIME = "sparse to dense"
AIMS = {"0": 1.0, "0.005": 0.9, "0.01": 0.9, **dict.fromkeys((*REGIMES, EVERY_REGIME), 1.0)}
"""Mean ratios that are aimed at."""
LIMITS = {kind: 1.2 if kind in UNIFORM else 1.5 for kind in (*TITLES, EVERY_REGIME)}
"""Ratios that no scan is to be above."""
NO_SURFACE = 100.0
"""Chamfer distance times 1000 beyond which an anchor is no surface of its shape."""
HEAD = ["shape", "Chamfer", "anchor", "ratio", "normals, °", "anchor's, °", "Hausdorff", "bodies (truth's)", "closed"]
SUMMARY_HEAD = ["scans", "number", "tuned", "reported", "all", "aim", "worst", "above", "normals, °", "anchors', °"]
COST_HEAD = ["s", "MB"]


def quality(rows: Sequence[Row]) -> str:
    """The section: the latest row of every scan, preset and variant."""
    latest = {tuple(row[name] for name in ("kind", "shape", "preset", "variant")): row for row in rows}
    rows = sorted(latest.values(), key=lambda row: (list(TITLES).index(row["kind"]), row["shape"]))
    shown = [row for row in rows if row["preset"] == "standard" and not row["variant"]]
    kinds = {kind: [row for row in shown if row["kind"] == kind] for kind in TITLES}
    kinds = {kind: found for kind, found in kinds.items() if found}
    if not shown:
        return ""
    loads = [row["load"] for row in shown]
    command = " / ".join(sorted({row["command"] for row in shown}))
    head = QUALITY.format(command=command, least=min(loads), most=max(loads), tuned=", ".join(TUNED))
    parts = [_summary(kinds), quick_presets(rows), variants(rows), *map(_kind, kinds, kinds.values())]
    return head + machines(rows) + "".join(parts)


def ratio(row: Row) -> float | None:
    """Our Chamfer distance over the anchor's; infinite for a failure, ``None`` where there is nothing to beat."""
    if not 0 < row.get("anchor_chamfer", 0) <= NO_SURFACE:
        return None
    return math.inf if row["chamfer"] is None else row["chamfer"] / row["anchor_chamfer"]


def _halves(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows that have a ratio, of the tuned and the reported half and of both."""
    rows = [row for row in rows if ratio(row) is not None]
    tuned = [row for row in rows if row["shape"] in TUNED]
    return {"tuned": tuned, "reported": [row for row in rows if row not in tuned], "all": rows}


def _mean_ratio(rows: Sequence[Row]) -> float | None:
    return statistics.geometric_mean([ratio(row) for row in rows]) if rows else None


def _mean(rows: Sequence[Row], name: str) -> float | None:
    """Mean of a column; ``None`` if there is no row or one has no value."""
    values = [row[name] for row in rows]
    return statistics.fmean(values) if values and None not in values else None


def _worst(rows: Sequence[Row], limit: float) -> list[str]:
    """The largest ratio and its scan, and how many are above a limit."""
    if not rows:
        return ["–", "–"]
    worst = max(rows, key=ratio)
    name = worst["shape"] if len({row["kind"] for row in rows}) == 1 else f"{worst['shape']} {worst['kind']}"
    above = sum(ratio(row) > limit for row in rows)
    return [f"{ratio_text(ratio(worst))}, {name}", f"{above} of {len(rows)}"]


def _summary(kinds: dict[str, list[Row]]) -> str:
    """A line for every kind, and one for all that users have."""
    groups = dict(kinds)
    if regimes := [row for kind in REGIMES for row in kinds.get(kind, [])]:
        groups[EVERY_REGIME] = regimes
    lines = [_summary_line(kind, rows) for kind, rows in groups.items()]
    text = (
        "\nMean ratios by kind of scan, bold where they reach the aim; the worst ratio of a scan, and how many are "
        "above what no\nscan should be above, 1.2 with even noise and 1.5 elsewhere; seconds and memory of a fit:\n"
    )
    return text + table([*SUMMARY_HEAD, *COST_HEAD], lines)


def _summary_line(kind: str, rows: Sequence[Row]) -> list[str]:
    halves, aim = _halves(rows), AIMS.get(kind)
    means = [_mean_ratio(each) for each in halves.values()]
    compared = halves["all"]
    return [
        kind,
        str(len(rows)),
        *(f"**{ratio_text(mean)}**" if aim and mean and mean <= aim else ratio_text(mean) for mean in means),
        f"{aim:.1f}" if aim else "–",
        *_worst(compared, LIMITS[kind]),
        *better(_mean(compared, "normal_deg"), _mean(compared, "anchor_normal_deg"), 1),
        *_cost(rows),
    ]


def _kind(kind: str, rows: Sequence[Row]) -> str:
    """Every scan of a kind, means of each half, and what is worst in each."""
    lines, sentences = [_scan(row) for row in rows], []
    for half, each in _halves(rows).items():
        if each:
            lines.append(_mean_line(f"mean, {half}", each))
            worst, above = _worst(each, LIMITS[kind])
            sentences.append(f"{half.capitalize()}: worst ratio {worst}; above {LIMITS[kind]}: {above}.")
    sentences += [
        f"Failed: {row['shape']} ({row.get('error', 'no surface')})." for row in rows if row["chamfer"] is None
    ]
    return f"\n### {TITLES[kind]}\n\n" + " ".join(sentences) + "\n" + table([*HEAD, *COST_HEAD], lines)


def _scan(row: Row) -> list[str]:
    """One line of the table of a kind."""
    ours, bar = better(row["chamfer"], row.get("anchor_chamfer"), 3)
    return [
        row["shape"],
        ours,
        f"{bar} ({row['anchor_method']}, {row['anchor_params']})" if "anchor_method" in row else bar,
        ratio_text(ratio(row)),
        *better(row["normal_deg"], row.get("anchor_normal_deg"), 1),
        "–" if row["hausdorff"] is None else f"{row['hausdorff']:.4f}",
        f"{row['bodies']} ({row['true_bodies']})",
        "yes" if row["watertight"] else "no",
        *_cost([row]),
    ]


def _mean_line(name: str, rows: Sequence[Row]) -> list[str]:
    """Means over rows that have a ratio, and how many are right and closed."""
    right = f"{sum(row['bodies'] == row['true_bodies'] for row in rows)} of {len(rows)}"
    closed = f"{sum(row['watertight'] for row in rows)} of {len(rows)}"
    normals = better(_mean(rows, "normal_deg"), _mean(rows, "anchor_normal_deg"), 1)
    return [name, "", "", ratio_text(_mean_ratio(rows)), *normals, "", right, closed, *_cost(rows)]


def _cost(rows: Sequence[Row]) -> list[str]:
    return [f"{_mean(rows, 'seconds'):.1f}", f"{_mean(rows, 'megabytes'):.0f}"]
