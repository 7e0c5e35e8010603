"""The section of the benchmark page on what fitting a surface costs, by the number of points."""

from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import fastest, machines, table

COST = """
### Cost of a fit

Seconds and peak memory of the whole command, start-up included, by `benchmarks/speed/scan_fits.py`: `diffshape fit`
with a preset, on scans of a drawn solid with noise of 0.005, and of these seconds those of the optimiser alone, in
brackets. Beside it screened Poisson reconstruction (pymeshlab) of the points as they are, with normals from 16
neighbours and its default settings; "standard" is the default of the fit. The least is bold. Load of the machine
before a command: {least:.1f} to {most:.1f}.
"""
METHODS = ("quick", "standard", "Poisson")


def fit_cost(rows: Sequence[Row]) -> str:
    """Seconds, then megabytes, of every method; failures told below."""
    latest = {(row["points"], row["method"]): row for row in rows}
    rows = [latest[key] for key in sorted(latest)]
    methods = [name for name in METHODS if any(row["method"] == name for row in rows)]
    lines = [_line({row["method"]: row for row in rows if row["points"] == count}, methods) for count in _counts(rows)]
    failed = [f"{row['method']} at {row['points']:,} ({row['error']})" for row in rows if "error" in row]
    head = ["points", *(f"{name}, s" for name in methods), *(f"{name}, MB" for name in methods)]
    loads = [row["load"] for row in rows]
    told = f"\nFailed: {'; '.join(failed)}.\n" if failed else ""
    return COST.format(least=min(loads), most=max(loads)) + machines(rows) + told + table(head, lines)


def _counts(rows: Sequence[Row]) -> list[int]:
    return sorted({row["points"] for row in rows})


def _line(found: dict[str, Row], methods: Sequence[str]) -> list[str]:
    """One number of points; a dash where a method failed or was not run."""
    done = {name: row for name, row in found.items() if "error" not in row}
    seconds = fastest({name: row["seconds"] for name, row in done.items()}, methods) if done else ["–"] * len(methods)
    optimizer = {name: row["optimizer_seconds"] for name, row in done.items() if "optimizer_seconds" in row}
    cells = [f"{text} ({optimizer[name]:.1f})" if name in optimizer else text for name, text in zip(methods, seconds)]
    count = next(iter(found.values()))["points"]
    return [f"{count:,}", *cells, *(f"{done[name]['megabytes']:.0f}" if name in done else "–" for name in methods)]
