"""The known name that an unknown one comes close to."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str], *, before: str = "") -> str:
    """A question with the nearest of some words, or nothing if none is near; ``before`` is put in front of it.

    >>> did_you_mean("fitt", ["fit", "mesh"]), did_you_mean("widht", ["width"], before="field.")
    ('; did you mean fit?', '; did you mean field.width?')
    """
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {before}{near[0]}?" if near else ""
