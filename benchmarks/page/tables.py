"""Tables of the benchmark page: the better number bold, and the machine it was measured on."""

import math
from collections.abc import Mapping, Sequence

from benchmarks.measure import Row


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, numbers to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def machines(rows: Sequence[Row]) -> str:
    """Dates, machines and versions of the rows."""
    told = {
        f"{env['date']}, {env['cpu']}, {env['cores']} cores, Python {env['python']}, PyTorch {env['torch']}, "
        f"Numba {env['numba']}, commit {env['commit']}"
        for env in (row["environment"] for row in rows)
    }
    return "\nMeasured: " + "; ".join(sorted(told)) + ".\n"


def better(ours: float | None, theirs: float | None, digits: int) -> tuple[str, str]:
    """Ours and theirs as text, the lower number bold; a failure is never better."""
    texts = [f"{value:.{digits}f}" if value is not None else "–" for value in (ours, theirs)]
    winner = 0 if wins(ours, theirs) else 1
    return tuple(f"**{text}**" if text != "–" and place == winner else text for place, text in enumerate(texts))


def ratio_text(value: float | None) -> str:
    """A ratio with two digits; a dash where there is none."""
    return "–" if value is None else "∞" if math.isinf(value) else f"{value:.2f}"


def fastest(milliseconds: Mapping[str, float], ways: Sequence[str]) -> list[str]:
    """The time of each way, the least bold, a dash where there is none."""
    least = min(milliseconds.values())
    texts = {way: f"**{time:.1f}**" if time == least else f"{time:.1f}" for way, time in milliseconds.items()}
    return [texts.get(way, "–") for way in ways]


def wins(ours: float | None, theirs: float | None) -> bool:
    """Whether ours is at least as good; where there is nothing to compare with, it is."""
    return ours is not None and (theirs is None or ours <= theirs)
