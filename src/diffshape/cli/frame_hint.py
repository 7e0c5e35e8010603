"""A hint where two shapes that are compared, or queried with one another, seem to differ in unit or place."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_UNITS = {
    10.0: "cm and mm",
    25.4: "inches and mm",
    39.37: "m and inches",
    100.0: "m and cm",
    304.8: "feet and mm",
    1000.0: "m and mm",
}
"""Pairs of units by their ratio."""
_NEAR = 0.05
"""Largest distance of a ratio of sizes from a ratio of units, as a share of the latter, at which they agree."""
_FAR = 5.0
"""Ratio of sizes above which two versions of one shape cannot be in one unit."""


def frame_hint(
    name: str, points: "NDArray[np.float64]", other: str, others: "NDArray[np.float64]", *, parts: bool = False
) -> str | None:
    """A hint on two sets of points that seem not to be in one frame, as they should; None if nothing is suspicious.

    Args:
        name, points: The one, (N, 3) finite.
        other, others: The other, (M, 3) finite.
        parts: The one may be a part of the other or anything around it, so that only sizes apart by a ratio of units
            are suspicious.

    >>> import numpy as np
    >>> frame_hint("a", 1000 * np.eye(3), "b", np.eye(3))
    'a is 1,000 times as large as b; if one is in m and the other in mm, bring both to one unit'
    >>> frame_hint("a", np.eye(3) + 5, "b", np.eye(3))
    'a and b do not overlap: x is 5 to 6 in the one and 0 to 1 in the other; are both in the same coordinates?'
    """
    if not len(points) or not len(others):
        return None
    low, high, other_low, other_high = points.min(0), points.max(0), others.min(0), others.max(0)
    size, other_size = float((high - low).max()), float((other_high - other_low).max())
    if size > 0 and other_size > 0:
        ratio = max(size / other_size, other_size / size)
        units = next((both for factor, both in _UNITS.items() if abs(ratio / factor - 1) < _NEAR), None)
        if units or (ratio > _FAR and not parts):
            large, small = (name, other) if size > other_size else (other, name)
            unit = f"one is in {units.replace(' and ', ' and the other in ')}" if units else "they have different units"
            times = f"{round(ratio, 1 if ratio < 100 else 0):,g}"
            return f"{large} is {times} times as large as {small}; if {unit}, bring both to one unit"
    for axis, letter in enumerate("xyz"):
        if high[axis] < other_low[axis] or other_high[axis] < low[axis]:
            return (
                f"{name} and {other} do not overlap: {letter} is {low[axis]:.6g} to {high[axis]:.6g} in the one and "
                f"{other_low[axis]:.6g} to {other_high[axis]:.6g} in the other; are both in the same coordinates?"
            )
    return None


def show_hint(hint: str | None) -> None:
    """Print a hint to stderr, if there is one."""
    if hint is not None:
        print(f"hint: {hint}", file=sys.stderr)
