"""The scores of a metrics.json as a table: what a number is called, its value, and what it means."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from diffshape.report.page.html import Html, element
from diffshape.report.page.table import columns_table, facts_table
from diffshape.report.training_report.score_words import words_of

Leaf: TypeAlias = Any
"""A number, a truth value, a word, None, or a list of these."""
_ERROR = "_error"
"""End of the name of a standard error."""
_ABOUT = ("samples", "references", "points", "count", "notes")
"""Names of what says how a score was found, which is no score itself."""


def score_table(metrics: Mapping[str, Any]) -> Html | None:
    """The scores, one a row, with a column for each group of them, such as samples and training shapes; None if none.

    Of a list, a number for each shape, the mean is shown and the range said; a standard error stands behind its number.
    """
    score = metrics.get("score")
    if not isinstance(score, Mapping) or not score:
        return None
    groups = groups_of(score)
    found = {title: dict(leaves(group)) for title, group in groups.items()}
    names = list(dict.fromkeys(name for group in found.values() for name in group))
    shown = [name for name in names if is_shown(name, names)]
    rows = [[words_of(name).title, *(value_text(group, name) for group in found.values())] for name in shown]
    known = [(row, _meaning(found, name)) for row, name in zip(rows, shown) if set(row[1:]) != {"-"}]
    if not known:
        return None
    if len(groups) == 1:
        return facts_table([(title, value, meaning) for (title, value), meaning in known])
    lines = [[*row, element("span", meaning, class_="sentence")] for row, meaning in known]
    return columns_table(["", *(title.replace("_", " ") for title in groups), ""], lines)


def groups_of(score: Mapping[str, Any]) -> Mapping[str, Any]:
    """Scores by group, where they are of several groups, all under the same names; else one group without a title."""
    inner = score.get("bands", score)
    each = list(inner.values()) if isinstance(inner, Mapping) else []
    alike = len(each) > 1 and all(isinstance(one, Mapping) and set(one) == set(each[0]) for one in each)
    return inner if alike else {"": score}


def leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Leaf]]:
    """Values that are no mappings, by the path of their names."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def value_text(values: Mapping[str, Leaf], name: str) -> str:
    """A value as it is shown, the mean of a list, with its standard error if there is one."""
    value, error = values.get(name), values.get(name + _ERROR)
    if isinstance(value, Sequence) and not isinstance(value, str):
        known = numbers_in(value)
        return number_text(sum(known) / len(known)) if known else "-"
    return f"{number_text(value)} ± {error:.2g}" if isinstance(error, float) else number_text(value)


def number_text(value: Leaf) -> str:
    """A number rounded to four digits, a truth value as yes or no, a word as it is, a dash for None."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}" if isinstance(value, float) else str(value)


def numbers_in(values: Sequence[Leaf]) -> list[float]:
    """Those of the values that are numbers."""
    return [value for value in values if isinstance(value, (int, float))]


def _meaning(groups: Mapping[str, Mapping[str, Leaf]], name: str) -> str:
    """What a number is and, of a list, how far its numbers range."""
    lists = [group[name] for group in groups.values() if isinstance(group.get(name), list)]
    known = [number for values in lists for number in numbers_in(values)]
    reach = f"{min(known):.3g} to {max(known):.3g}, mean of {len(known)}" if known else ""
    return "; ".join(part for part in (words_of(name).meaning, reach) if part)


def is_shown(name: str, names: Sequence[str]) -> bool:
    """Whether a number is a score, not the standard error of another or what says how a score was found."""
    is_error = name.endswith(_ERROR) and name.removesuffix(_ERROR) in names
    return not is_error and name.rsplit(".", 1)[-1] not in _ABOUT
