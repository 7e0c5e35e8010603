"""The sections of docs/benchmarks.md on losses between point sets."""

from collections.abc import Callable, Sequence
from itertools import groupby

from benchmarks.measure import Row
from benchmarks.page.tables import better, machines, table

CHAMFER = """
## Chamfer distance

Squared means in both directions, float32, forward and backward to both clouds, by `benchmarks/speed/chamfer.py`: trees
built, asked and differentiated by each engine in turn on the same clouds in the unit cube, with a thread a core.
Medians in milliseconds, the fastest bold; a ratio is the engine's time over ours, above 1 where ours is faster. MB is
by how much one call raises the peak of the process. The blob is N(0.5, 0.02^2), where an untrained network puts its
points.
"""
LOOP = """
## Losses in a training loop

Between a small network's forward and backward pass, float32 clouds on a torus, by `benchmarks/speed/in_a_loop.py`:
milliseconds of the loss, forward and backward to the points the network moved. Every engine has a process of its own,
they take turns, and times are medians; a ratio is the engine's time over ours, above 1 where ours is faster. "default"
is the environment a user has; "passive" has `OMP_WAIT_POLICY=PASSIVE`, by which idle threads sleep. "before" is this
library with tasks on a pool of its own threads beside PyTorch's, and one tree or grid for all sizes. cKDTree has as
many workers as PyTorch threads, which it starts anew in every call. The machine did other work meanwhile. A turn
begins with steps that do not count: two, but one in the first rows measured (100,000 points and batches with two
threads, "passive", Sinkhorn). With one, right after a pause in which threads fell asleep, winding numbers took 1.1 ms
against 0.65 before, and the earth mover's distance 31 against 27 to 28.
"""
ASSIGNMENT = """
## Earth mover's distance

The optimal bijection between two clouds of N points, float32, tables of costs included where a solver needs one, by
`benchmarks/speed/assignment.py`. Medians in milliseconds; a ratio is the faster SciPy variant's time over the solver's,
above 1 where the solver is faster. The gap is how far the mean cost can at most lie above the optimum, relative to it,
by dual prices (`ops.optimality_gap`). MB is by how much one call raises the peak of the process.
"""
SETS = """
## Distances between sets of clouds

All pairs of two sets of clouds, float32, one thread, by `benchmarks/speed/set_distances.py`, against a plain loop of
the formulas that papers on generation use. Seconds of processor time for all pairs, reckoned from those that were
measured; the fastest is bold. MB is by how much one call raises the peak of the process. "In a score" are the pairs
within and between two sets, of which `metrics.compare_sets` needs the nearest ones: those that a lower bound rules out
are not matched. The machine did other work beside these two rows, which are to be compared with each other.
"""
SINKHORN = """
## Sinkhorn divergence

p = 2, float32, forward and backward, by `benchmarks/speed/sinkhorn.py`. The error is against the divergence itself,
converged in float64; from transport says how far that smooth distance is from half the optimal mean squared assignment,
which is a matter of the blur and not of the engine. GeomLoss stops after a fixed schedule; ours when the plan has its
marginals.
"""
OPERATIONS = """
## Operations on points

Float32 clouds on a torus, by `benchmarks/speed/point_operations.py`: ours and what one would write without it, by turns
in one process. Losses are timed forward and backward. Medians in milliseconds, the faster one bold; a ratio is the
peer's time over ours, above 1 where ours is faster.
"""


def chamfer(rows: Sequence[Row]) -> str:
    """The section on Chamfer distances, a line a problem."""
    return CHAMFER + machines(rows) + _by_problem(rows, "engine", lambda row: row["problem"])


def _by_problem(rows: Sequence[Row], column: str, key: Callable[[Row], str]) -> str:
    """Times, ratios and memory of all engines side by side."""
    names = list(dict.fromkeys(row[column] for row in rows))
    lines = []
    for problem, group in groupby(rows, key):
        found = {row[column]: row for row in group}
        ours, fastest = found["diffshape"]["ms"], min(row["ms"] for row in found.values())
        cells = []
        for name in names:
            if name not in found:
                cells += ["–"] * (1 if name == "diffshape" else 2)
                continue
            text = f"{found[name]['ms']:.2f}"
            cells.append(f"**{text}**" if found[name]["ms"] == fastest else text)
            if name != "diffshape":
                cells.append(f"{found[name]['ms'] / ours:.2f}")
        memory = [f"{found[name]['megabytes']:.1f}" if name in found else "–" for name in names]
        lines.append([problem, *cells, *memory])
    head = ["clouds", *(cell for name in names for cell in ((name,) if name == "diffshape" else (name, "ratio")))]
    return table([*head, *(f"MB: {name}" for name in names)], lines)


def loop(rows: Sequence[Row]) -> str:
    """The section on losses in a training loop, a line a problem, number of threads and environment."""
    others = ("pykdtree", "cKDTree", "before")
    lines = []
    for (problem, size, threads, wait), group in groupby(rows, _case):
        times = {row["engine"]: row["ms"] for row in group}
        cells = [f"{times[name]:.2f}" if name in times else "–" for name in ("diffshape", *others)]
        ratios = [f"{times[name] / times['diffshape']:.2f}" if name in times else "–" for name in others]
        told = [cells[0], *(cell for pair in zip(cells[1:], ratios) for cell in pair)]
        lines.append([f"{problem} {size}", str(threads), wait, *told])
    columns = [cell for name in others for cell in (name, "ratio")]
    return LOOP + machines(rows) + table(["problem", "threads", "environment", "diffshape", *columns], lines)


def _case(row: Row) -> tuple[str, str, int, str]:
    return row["problem"], row["size"], row["threads"], row["wait"]


def assignment(rows: Sequence[Row]) -> str:
    """The section on assignment, a line a solver."""
    lines = [
        [
            row["problem"],
            f"{row['points']:,}",
            row["solver"],
            f"{row['ms']:.1f}",
            f"{row['ratio']:.2f}",
            f"{row['gap']:.1e}",
            f"{row['megabytes']:.1f}",
        ]
        for row in rows
    ]
    head = ["clouds", "N", "solver", "ms", "ratio", "gap", "MB"]
    return ASSIGNMENT + machines(rows) + table(head, lines)


def sets(rows: Sequence[Row]) -> str:
    """The section on distances between sets, a line an engine."""
    least = {
        row["distance"]: min(each["seconds"] for each in rows if each["distance"] == row["distance"]) for row in rows
    }
    lines = [
        [
            f"{row['distance']}, {row['clouds']} x {row['clouds']} clouds",
            f"{row['points']:,}",
            row["engine"],
            f"{row['pairs']:,}",
            f"{row['milliseconds']:.2f}",
            f"**{row['seconds']:.0f}**" if row["seconds"] == least[row["distance"]] else f"{row['seconds']:.0f}",
            f"{row['megabytes']:.1f}" if "megabytes" in row else "–",
        ]
        for row in rows
    ]
    head = ["distance", "points", "engine", "pairs measured", "ms a pair", "s for all pairs", "MB"]
    return SETS + machines(rows) + table(head, lines)


def sinkhorn(rows: Sequence[Row]) -> str:
    """The section on Sinkhorn divergences, a line an engine."""
    lines = [
        [
            row["problem"],
            f"{row['points']:,}",
            f"{row['blur']:g}",
            row["engine"],
            f"{row['ms']:.0f}",
            f"{row['error']:+.1e}",
            f"{100 * row['from_transport']:+.0f} %",
            f"{row['megabytes']:.1f}",
        ]
        for row in rows
    ]
    head = ["clouds", "N", "blur", "engine", "ms", "error", "from transport", "MB"]
    return SINKHORN + machines(rows) + table(head, lines)


def operations(rows: Sequence[Row]) -> str:
    """The section on searches and samplings, a line a problem."""
    lines = [
        [
            row["problem"],
            row["size"],
            row["peer"],
            *better(row["ms"], row["peer_ms"], 1),
            f"{row['peer_ms'] / row['ms']:.2f}",
            str(row["threads"]),
        ]
        for row in rows
    ]
    head = ["problem", "points", "peer", "diffshape", "peer, ms", "ratio", "threads"]
    return OPERATIONS + machines(rows) + table(head, lines)
