"""Tables of the benchmark page, and the machine that they were measured on."""

from collections.abc import Sequence

from measure import Row


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, numbers to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def machines(rows: Sequence[Row]) -> str:
    """On what and when these rows were measured."""
    told = {
        f"{env['date']}, {env['cpu']}, {env['cores']} cores, Python {env['python']}, PyTorch {env['torch']}, "
        f"Numba {env['numba']}, commit {env['commit']}"
        for env in (row["environment"] for row in rows)
    }
    return "\nMeasured: " + "; ".join(sorted(told)) + ".\n"
