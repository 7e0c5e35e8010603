"""Writes docs/benchmarks.md from the results in benchmarks/results: wins and losses alike.

python -m benchmarks.page [--results DIR] [--out PAGE]
"""

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import RESULTS, ROOT, Row, read_rows
from benchmarks.page.landmark_study import landmark_study
from benchmarks.page.many_meshes import many_meshes
from benchmarks.page.mesh_fields import mesh_fields, mesh_signs
from benchmarks.page.packed_meshes import packed_meshes
from benchmarks.page.point_sets import assignment, chamfer, operations, sinkhorn
from benchmarks.page.tables import better, machines, table, wins
from diffshape.data import atomic_path

HEAD = """# Benchmarks

Written by `make bench`; nothing here is edited by hand. Losses stand beside wins.
"""
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
COST = """
## The cost of a step

Medians in milliseconds of one DiffCD step on a `HashGrid` field, by `benchmarks/speed/step_cost.py`: a batch of data
points with local and uniform samples for the eikonal term, and as many surface points, pulled and matched to the scan.
Memory is the peak of the process, with Python, PyTorch and compiled kernels in it. The three columns on the right are
done once in a fit, or once in many steps.
"""
TRIANGLES = """
## Points to triangles

The closest of F triangles for each of N points, tree included, by `benchmarks/speed/point_to_mesh.py`: a torus, and
points near it (moved off by 1 % of its longest side) or far from it (evenly in a cube of twice its side).
`ops.closest_triangles` and libigl answer the same float64 problem by turns in one process, with a thread a core;
medians in milliseconds, the faster one bold. Loss is `losses.point_to_mesh_distance` forward and backward, to points
and vertices. MB is by how much one call raises the peak of the process.
"""
WING = """
## Adaptive Wing

One step, forward and backward, on heat-maps of shape (B, K, H, W) in float32, by `benchmarks/speed/adaptive_wing.py`:
medians in milliseconds, and by how much a step raises the peak memory of the process, the gradient included. The peer
is MMPose's formula written out with boolean indexing; it has no weighted map.
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
NOTHING = "\nThere are no results yet.\n"


def mean(values: Sequence[float | None]) -> float | None:
    """None if any is missing."""
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


def cost(rows: Sequence[Row]) -> str:
    """The section on the cost of a step."""
    parts, once = list(rows[0]["step"]), list(rows[0]["once"])
    lines = [
        [f"{row['points']:,}", f"{row['batch']:,}"]
        + [f"{row['step'][name]:.1f}" for name in parts]
        + [f"**{sum(row['step'].values()):.1f}**", f"{row['megabytes']:,}"]
        + [f"{row['once'][name]:.0f}" for name in once]
        for row in rows
    ]
    head = ["points", "batch", *parts, "step", "MB", *(f"once: {name}" for name in once)]
    return COST + machines(rows) + table(head, lines)


def triangles(rows: Sequence[Row]) -> str:
    """The section on points and triangles."""
    lines = [
        [row["queries"], f"{row['points']:,}", f"{row['faces']:,}"]
        + [*better(*(row["milliseconds"][name] for name in ("diffshape", "libigl")), 1)]
        + [f"{row['milliseconds']['diffshape'] / row['milliseconds']['libigl']:.2f}"]
        + [f"{row['milliseconds']['loss']:.1f}"]
        + [f"{row['megabytes'][name]:.1f}" for name in ("diffshape", "libigl", "loss")]
        for row in rows
    ]
    head = ["points", "N", "F", "diffshape", "libigl", "ratio", "loss", "MB", "libigl, MB", "loss, MB"]
    return TRIANGLES + machines(rows) + table(head, lines)


def wing(rows: Sequence[Row]) -> str:
    """The section on Adaptive Wing, each case beside the peer of the same number of threads."""
    totals = [row["forward_ms"] + row["backward_ms"] for row in rows]
    peers = {row["threads"]: total for row, total in zip(rows, totals) if row["case"] == "boolean indexing"}
    lines = [
        [row["case"], " x ".join(map(str, row["shape"])), str(row["threads"])]
        + [f"{value:.0f}" for value in (row["forward_ms"], row["backward_ms"], total)]
        + [f"{total / peers[row['threads']]:.2f}", f"{row['step_megabytes']:.0f}"]
        for row, total in zip(rows, totals)
    ]
    head = ["case", "shape", "threads", "forward", "backward", "step", "ratio", "MB"]
    return WING + machines(rows) + table(head, lines)


def main() -> None:
    """Write the page, with a section for every file of results that there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md")
    options = parser.parse_args()
    sections = (
        (quality, "surface_quality.jsonl"),
        (cost, "step_cost.jsonl"),
        (chamfer, "chamfer.jsonl"),
        (operations, "point_operations.jsonl"),
        (assignment, "assignment.jsonl"),
        (sinkhorn, "sinkhorn.jsonl"),
        (triangles, "point_to_mesh.jsonl"),
        (packed_meshes, "packed_meshes.jsonl"),
        (mesh_fields, "mesh_fields.jsonl"),
        (many_meshes, "many_meshes.jsonl"),
        (mesh_signs, "mesh_signs.jsonl"),
        (wing, "adaptive_wing.jsonl"),
        (landmark_study, "landmark_study.jsonl"),
    )
    found = [(section, read_rows(options.results / name)) for section, name in sections]
    with atomic_path(options.out) as temporary:
        page = "".join(section(rows) for section, rows in found if rows)
        temporary.write_text(HEAD + (page or NOTHING), encoding="utf-8")


if __name__ == "__main__":
    main()
