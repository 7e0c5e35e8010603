"""Whether metrics agree on which of two results is the better one."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from diffshape.report.page.html import Html, element, joined
from diffshape.report.page.table import columns_table

_LEAST = 3
"""Least number of pairs of results from which a share is shown."""


def agreement_table(groups: Sequence[Sequence[Mapping[str, float]]], compared: str) -> Html | None:
    """Shares of pairs of results that two metrics put in the same order; None where there is too little to compare.

    Args:
        groups: Metrics of results by title, larger where worse; only results of one group are compared.
        compared: What the pairs are, such as "fits of one scan".
    """
    titles = list(dict.fromkeys(title for group in groups for result in group for title in result))
    shares = {pair: _agreement(groups, *pair) for pair in combinations(titles, 2)}
    if not any(count >= _LEAST for _, count in shares.values()):
        return None
    rows = [
        [element("b", one), *(_cell(shares.get((one, other)) or shares.get((other, one))) for other in titles)]
        for one in titles
    ]
    text = (
        f"Of all pairs of {compared} that neither of two metrics finds equal: the share, in %, that both put in the "
        "same order. 100: they agree on which is better. 50: no better than chance. Below: they mostly contradict "
        "each other."
    )
    return joined(element("p", text), columns_table(["", *titles], rows))


def _agreement(groups: Sequence[Sequence[Mapping[str, float]]], one: str, other: str) -> tuple[float, int]:
    """Share of pairs in the same order by both metrics, and number of pairs."""
    known = [[(each[one], each[other]) for each in group if one in each and other in each] for group in groups]
    signs = [(a[0] - b[0]) * (a[1] - b[1]) for group in known for a, b in combinations(group, 2)]
    decided = [sign > 0 for sign in signs if sign]
    return (sum(decided) / len(decided) if decided else 0.0), len(decided)


def _cell(share: tuple[float, int] | None) -> str:
    return "-" if share is None or share[1] < _LEAST else f"{100 * share[0]:.0f}"
