"""The section of the benchmark page on surfaces fitted to scans."""

import statistics
from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import better, machines, table, wins

QUALITY = """
## Scans to surfaces

Each scan is fitted once, one after the other, by `{command} SCAN --out DIR`; seconds (wall clock, whatever else the
machine was doing) and peak memory are those of the whole command, start-up included. Scores come from a scorer
outside the package: 20,000 even samples of each surface, projected onto the triangles of the other, in the frame
where the truth's longest side is 1. Chamfer distances are means of both directions, times 1000. Beside them stands
screened Poisson reconstruction (pymeshlab), with the number of neighbours for its normals and the octree depth that
give its lowest Chamfer distance on that very scan: chosen in hindsight, with the truth known, as no user can. The
better of the two is bold. A ratio below 1 is a win; its mean is the geometric one. Means need every fit: one that
failed is counted, not left out.
"""
NOISES = {"scan": "Range scans of CAD parts, hidden sides missing", "0": "No noise"}
QUALITY_HEAD = [
    "shape",
    "Chamfer",
    "Poisson",
    "ratio",
    "normals, °",
    "Poisson, °",
    "Hausdorff",
    "bodies",
    "closed",
    "s",
    "MB",
]
MEANS = [
    "chamfer",
    "poisson_chamfer",
    "normal_deg",
    "poisson_normal_deg",
    "hausdorff",
    "bodies",
    "seconds",
    "megabytes",
]


def mean(values: Sequence[float | None]) -> float | None:
    """Mean of the values; None if one is missing."""
    return None if None in values else statistics.fmean(values)


def ratio(row: Row) -> float | None:
    """Our Chamfer distance over Poisson's."""
    known = row["chamfer"] is not None and row["poisson_chamfer"]
    return row["chamfer"] / row["poisson_chamfer"] if known else None


def quality_cells(name: str, row: Row, quotient: float | None, closed: str) -> list[str]:
    """One line of the table of a noise level."""
    return [
        name,
        *better(row["chamfer"], row["poisson_chamfer"], 3),
        "–" if quotient is None else f"{quotient:.2f}",
        *better(row["normal_deg"], row["poisson_normal_deg"], 1),
        "–" if row["hausdorff"] is None else f"{row['hausdorff']:.4f}",
        f"{row['bodies']:.3g}",
        closed,
        f"{row['seconds']:.1f}",
        f"{row['megabytes']:.0f}",
    ]


def noise_level(noise: str, rows: Sequence[Row]) -> str:
    """One table, its means, and how often each side wins."""
    ratios = [ratio(row) for row in rows]
    lines = [
        quality_cells(row["shape"], row, quotient, "yes" if row["watertight"] else "no")
        for row, quotient in zip(rows, ratios)
    ]
    means = {name: mean([row[name] for row in rows]) for name in MEANS}
    overall = None if None in ratios else statistics.geometric_mean(ratios)
    lines.append(quality_cells("mean", means, overall, f"{sum(row['watertight'] for row in rows)} of {len(rows)}"))
    won = [sum(wins(row[name], row[f"poisson_{name}"]) for row in rows) for name in ("chamfer", "normal_deg")]
    failed = [f"{row['shape']} ({row.get('error', 'no surface')})" for row in rows if row["chamfer"] is None]
    return (
        f"\n### {NOISES.get(noise, f'Noise {noise} of the longest side')}\n\n"
        f"Better than Poisson on {won[0]} of {len(rows)} shapes by Chamfer distance, on {won[1]} by normals."
        + (f" Failed: {', '.join(failed)}." if failed else "")
        + "\n"
        + table(QUALITY_HEAD, lines)
    )


def quality(rows: Sequence[Row]) -> str:
    """The section on surfaces: the latest row of every scan."""
    latest = {(row["noise"], row["shape"]): row for row in rows}
    rows = [latest[key] for key in sorted(latest)]
    command = " / ".join(sorted({row["command"] for row in rows}))
    levels = dict.fromkeys(row["noise"] for row in rows)
    parts = [noise_level(level, [row for row in rows if row["noise"] == level]) for level in levels]
    return QUALITY.format(command=command) + machines(rows) + "".join(parts)
