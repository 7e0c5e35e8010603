"""Rows of an array that are equal, found by sorting."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Distinct(NamedTuple):
    """The distinct rows of an array of N rows, in order of their last column, then of the one before it."""

    first: NDArray[np.int64]
    """Index of the first occurrence of each distinct row, (M,)."""
    place: NDArray[np.int64]
    """Index of the distinct row that each row equals, (N,)."""


def distinct_rows(rows: NDArray[Any]) -> Distinct:
    """The distinct rows of an array (N, D); 0 and -0 are equal, NaN equals nothing.

    >>> distinct_rows(np.array([[1.0, 0.0], [0.0, 0.0], [1.0, -0.0]]))
    Distinct(first=array([1, 0]), place=array([1, 0, 1]))
    """
    order = np.lexsort(rows.T)
    new = np.arange(len(order)) == 0
    for column in rows.T:
        new[1:] |= column[order[1:]] != column[order[:-1]]
    place = np.empty(len(order), np.int64)
    place[order] = np.cumsum(new) - 1
    return Distinct(order[new], place)
