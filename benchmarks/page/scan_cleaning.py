"""The sections of the benchmark page on scans cleaned: errors of every method, and what cleaning costs."""

import statistics
from collections.abc import Iterable, Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import fastest, machines, table

QUALITY = """
## Scans cleaned

`fitting.clean_scan(points)`, told nothing but the points, by `benchmarks/quality/scan_cleaning.py`: the mean distance
from the cleaned points to the true triangles, times 1000, where the longest side of the shape is 1, and the mean angle
between their normals and those of the nearest triangles, sign ignored, in degrees; over all points that a method does
not mark as outliers. Noises are shares of the longest side. None of the shapes has been used in training.

- **raw**: the scan. **before**: the preparation of scans before `clean_scan`, at commit 935e8fa.
- **jet**: quadrics fitted to the K nearest points over the plane of the same points, in one pass. **WLOP**: weighted
  locally optimal projection (Huang et al. 2009; CGAL), all points kept, 35 rounds, normals from the plane of 24
  neighbours; the radius is in mean distances to the nearest point. Of 9 values of K and 2 radii the best for that very
  scan is taken, for distances and for normals apart, with the truth known, as no user can. Neither marks outliers, and
  what is off by a lot stays in their means.
- **trial**: figures of an experiment that came before `clean_scan`, at 1,500 random points a scan of 18.

The least of all is bold. A ratio is that to **before**, below 1 where `clean_scan` is better; means of ratios are
geometric.
"""
COST = """
### Cost of cleaning

Seconds of one `fitting.clean_scan(points)`, threads as they are by default, and the peak memory of its process, the
library and the points included, by `benchmarks/speed/scan_cleaning.py`: scans of a drawn solid with noise of 0.005,
each call in a process of its own, kernels compiled before. Beside it the preparation of before, up to 300,000 points.
The load is that of the machine when the run began: above 0 other work ran beside. Here the rows up to 3,000,000 points
had priority over it; that of 10 million did not, and its seconds are several times those of an idle machine.
"""
METHODS = {"raw": "raw", "before": "before", "jet": "jet (K)", "wlop": "WLOP (radius)", "trial": "trial"}
OURS = "clean_scan"
SHOWN = {**METHODS, OURS: "`clean_scan`"}
UNIFORM = {"0": "No noise", "0.005": "Noise 0.005", "0.01": "Noise 0.01"}
REGIMES = ("sparse", "views", "outliers", "partial", "misaligned", "dense")
LIMITS = {"distance": 1.03, "normal_deg": 1.05}
"""Ratios above which a scan counts as worse than before."""
DIGITS = {"distance": 3, "normal_deg": 1}
SETTINGS = {"distance": "setting", "normal_deg": "normal_setting"}
Scan = dict[str, Row]
"""Rows of one scan by method."""


def scan_cleaning(rows: Sequence[Row]) -> str:
    """The section on errors: the latest row of every scan and method."""
    latest = {(row["kind"], row["shape"], row["method"]): row for row in rows}
    scans: dict[tuple[str, str], Scan] = {}
    for kind, shape, method in sorted(latest):
        scans.setdefault((kind, shape), {})[method] = latest[kind, shape, method]
    kinds = sorted({kind for kind, _ in scans}, key=_place)
    groups = {kind: [scan for (each, _), scan in scans.items() if each == kind] for kind in kinds}
    others = [kind for kind in kinds if kind not in UNIFORM]
    parts = [_overview(groups), _against_before(groups), _outliers(groups.get("outliers", []))]
    parts += [_every_scan(UNIFORM[kind], groups[kind]) for kind in kinds if kind in UNIFORM]
    regimes = [scan for kind in others if kind in REGIMES for scan in groups[kind]]
    unseen = [scan for kind in others if kind not in REGIMES for scan in groups[kind]]
    parts += [_every_scan("Other scans", regimes), _every_scan("Noises and sizes that are not in training", unseen)]
    return QUALITY + machines([row for row in rows if "environment" in row]) + "".join(parts)


def cleaning_cost(rows: Sequence[Row]) -> str:
    """The section on seconds and memory."""
    lines = []
    for count in sorted({row["points"] for row in rows}):
        found = {row["method"]: row for row in rows if row["points"] == count}
        lines.append([f"{count:,}", *fastest({name: row["seconds"] for name, row in found.items()}, (OURS, "before"))])
        lines[-1] += [f"{found[name]['megabytes']:.0f}" if name in found else "–" for name in (OURS, "before")]
        lines[-1].append(f"{found[OURS]['environment']['load']:.1f}")
    threads = ", ".join(sorted({str(row["threads"]) for row in rows if "threads" in row}))
    head = ["points", "s", "before, s", "MB", "before, MB", "load"]
    return COST + machines(rows) + f"\nThreads: {threads}.\n" + table(head, lines)


def ratios(scans: Iterable[Scan], method: str, name: str) -> list[tuple[float, str]]:
    """A method's errors over those of before, and the shapes; none without noise, where distances are 0."""
    pairs = [(scan[method], scan["before"]) for scan in scans if method in scan and "before" in scan]
    return [
        (row[name] / old[name], row["shape"])
        for row, old in pairs
        if row[name] is not None and not (name == "distance" and row["kind"] == "0")
    ]


def _place(kind: str) -> tuple[int, str]:
    order = (*UNIFORM, *REGIMES)
    return (order.index(kind) if kind in order else len(order), kind)


def _overview(groups: dict[str, list[Scan]]) -> str:
    """Geometric means of ratios to before, by kind and method: distances | normals."""
    names = [
        name for name in SHOWN if name != "before" and any(name in scan for each in groups.values() for scan in each)
    ]
    lines = []
    for kind, scans in groups.items():
        cells = [" \\| ".join(_mean_ratio(scans, name, error) for error in LIMITS) for name in names]
        lines.append([kind, str(len(scans)), *cells])
    return "\nMean ratios to before, distances \\| normals, over those scans on which a method ran:\n" + table(
        ["scans", "number", *(SHOWN[name] for name in names)], lines
    )


def _mean_ratio(scans: Sequence[Scan], method: str, name: str) -> str:
    values = [value for value, _ in ratios(scans, method, name)]
    return f"{statistics.geometric_mean(values):.2f}" if values else "–"


def _against_before(groups: dict[str, list[Scan]]) -> str:
    """Where `clean_scan` is worse than before, its mean normals, marks and moves; nothing before it was measured."""
    lines = []
    for kind, scans in groups.items():
        both = [scan for scan in scans if OURS in scan and "before" in scan]
        if both:
            lines.append([kind, *_worst(both, "distance"), *_worst(both, "normal_deg")])
            lines[-1] += [
                f"{statistics.fmean(scan[name]['normal_deg'] for scan in both):.2f}" for name in (OURS, "before")
            ]
            lines[-1] += [f"{statistics.fmean(scan[OURS]['marked'] / scan[OURS]['points'] for scan in both):.3%}"]
            lines[-1] += [f"{max(scan[OURS]['moved'] for scan in both):.4f}"]
    head = ["scans", "worst ratio", "> 1.03", "worst, normals", "> 1.05", "normals", "before", "marked", "most moved"]
    text = (
        "\n`clean_scan` beside before: the worst ratio of a scan and how many are above a limit, by distances and by "
        "normals; mean\nangles; the share of points marked as outliers; the largest mean move of a scan's points, in "
        "mean distances to the\nnearest point.\n"
    )
    return text + table(head, lines) if lines else ""


def _worst(scans: Sequence[Scan], name: str) -> list[str]:
    found = ratios(scans, OURS, name)
    if not found:
        return ["–", "–"]
    value, shape = max(found)
    return [f"{value:.2f}, {shape}", str(sum(each > LIMITS[name] for each, _ in found))]


def _outliers(scans: Sequence[Scan]) -> str:
    """How many marks are right, and how many outliers are marked."""
    lines = [
        [
            row["shape"],
            SHOWN[name],
            str(row["outlying"]),
            str(row["marked"]),
            _share(row, "marked"),
            _share(row, "outlying"),
        ]
        for scan in scans
        for name, row in scan.items()
        if name in ("before", OURS)
    ]
    text = "\nMarks on scans with outliers, which are the points farther than 0.01 from the surface:\n"
    return text + table(["scan", "method", "outliers", "marked", "precision", "recall"], lines) if lines else ""


def _share(row: Row, of: str) -> str:
    return f"{row['marked_outlying'] / row[of]:.3f}" if row[of] else "–"


def _every_scan(title: str, scans: Sequence[Scan]) -> str:
    """Distances, then normals, of every method."""
    text = ""
    for name, told in (("distance", "distances"), ("normal_deg", "normals, °")):
        shown = [key for key in SHOWN if any(scan.get(key, {}).get(name) is not None for scan in scans)]
        lines = [[_label(scan), *_errors(scan, shown, name), _ratio(scan, name)] for scan in scans]
        text += table([told, *(SHOWN[key] for key in shown), "ratio"], lines)
    return f"\n### {title}\n{text}" if scans else ""


def _label(scan: Scan) -> str:
    row = next(iter(scan.values()))
    return row["shape"] if row["kind"] in UNIFORM else f"{row['shape']}, {row['kind']}"


def _errors(scan: Scan, methods: Sequence[str], name: str) -> list[str]:
    """Errors of one scan, the setting behind each where there were several, the least bold."""
    known = {key: scan[key][name] for key in methods if scan.get(key, {}).get(name) is not None}
    cells = []
    for key in methods:
        text = f"{known[key]:.{DIGITS[name]}f}" if key in known else "–"
        text = f"**{text}**" if key in known and known[key] == min(known.values()) else text
        setting = scan.get(key, {}).get(SETTINGS[name])
        cells.append(f"{text} ({setting})" if setting else text)
    return cells


def _ratio(scan: Scan, name: str) -> str:
    found = ratios([scan], OURS, name)
    return f"{found[0][0]:.2f}" if found else "–"
