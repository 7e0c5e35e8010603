"""Tables of words as plain text, Markdown and LaTeX."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_LATEX = {
    "%": r"\%",
    "_": r"\_",
    "#": r"\#",
    "&": r"\&",
    "$": r"\$",
    "{": r"\{",
    "}": r"\}",
    "^": r"\^{}",
    "~": r"\~{}",
}
"""Characters that LaTeX gives a meaning, and what prints them."""


class WordTable(NamedTuple):
    """A table of words; the words of the first columns are set to the left, numbers to the right."""

    title: str
    """Caption of the table."""
    head: Sequence[str]
    """Titles of the columns."""
    lines: Sequence[Sequence[str]]
    """Words, line by line."""
    labels: int = 1
    """Number of columns at the beginning that hold names, not numbers."""
    best: frozenset[tuple[int, int]] = frozenset()
    """Cells (line, column) that are set in bold face."""


def as_text(table: WordTable) -> str:
    """The table in columns of one width each, for a terminal.

    >>> print(as_text(WordTable("", ["method", "error"], [["igr", "1.20"], ["diffcd", "0.9"]])))
    method  error
    igr      1.20
    diffcd    0.9
    """
    lines = [table.head, *table.lines]
    widths = [max(map(len, column)) for column in zip(*lines)]
    padded = [
        [word.ljust(width) if place < table.labels else word.rjust(width) for place, (word, width) in
         enumerate(zip(line, widths))]
        for line in lines
    ]  # fmt: skip
    return "\n".join("  ".join(line).rstrip() for line in padded)


def as_markdown(table: WordTable) -> str:
    """The table with its title as a heading.

    >>> print(as_markdown(WordTable("Means", ["method", "error"], [["igr", "1.20"]], best=frozenset({(0, 1)}))))
    ## Means
    <BLANKLINE>
    | method | error |
    |---|---:|
    | igr | **1.20** |
    """
    rule = "".join("---|" if place < table.labels else "---:|" for place in range(len(table.head)))
    lines = [
        [f"**{word}**" if (row, column) in table.best else word.replace("|", r"\|") for column, word in enumerate(line)]
        for row, line in enumerate(table.lines)
    ]
    words = [f"| {' | '.join(line)} |" for line in [table.head, *lines]]
    return "\n".join([f"## {table.title}", "", words[0], f"|{rule}", *words[1:]])


def as_latex(table: WordTable) -> str:
    """The table as a ``table`` environment with rules of the package booktabs.

    >>> lines = as_latex(WordTable("Means, in %", ["method"], [["igr"]], best=frozenset({(0, 0)}))).splitlines()
    >>> lines[6].replace(chr(92), "/"), lines[-2].replace(chr(92), "/")
    ('/textbf{igr} //', '/caption{Means, in /%}')
    """
    lines = [
        [rf"\textbf{{{_latex(word)}}}" if (row, column) in table.best else _latex(word)
         for column, word in enumerate(line)]
        for row, line in enumerate(table.lines)
    ]  # fmt: skip
    columns = "l" * table.labels + "r" * (len(table.head) - table.labels)
    words = [rf"{' & '.join(line)} \\" for line in [list(map(_latex, table.head)), *lines]]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            words[0],
            r"\midrule",
            *words[1:],
            r"\bottomrule",
            r"\end{tabular}",
            rf"\caption{{{_latex(table.title)}}}",
            r"\end{table}",
        ]
    )


def _latex(text: str) -> str:
    return re.sub("|".join(map(re.escape, _LATEX)), lambda found: _LATEX[found[0]], text.replace("\\", "/"))
