"""How the Numba kernels of the hash grid are called: their blocks of points, their calls, their plan of the levels."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from diffshape.kernels.numba_hash_encode import BLOCK

_LOOKUPS = 2**15
"""Least number of points times levels in a call: about half a millisecond."""


def blocks_of(points: Tensor) -> int:
    """Blocks in which a kernel takes (..., N, 3) points."""
    return -(-points.shape[-2] // BLOCK)


def calls_for(points: Tensor, fade: Tensor, parts: int, *, jacobian: bool = False) -> int:
    """Number of calls, for threads to share, that do the ``parts`` of a kernel for (..., N, 3) points on L levels.

    Too little work to share is done in one call: another thread takes a tenth of a millisecond to begin, and has to
    fetch tables that were just updated from the cache of this one's core.
    """
    return min(parts, max(1, points.shape[-2] * fade.shape[-1] * (4 if jacobian else 1) // _LOOKUPS))


def plan_rows(plan: Sequence[float]) -> np.ndarray:
    """``GridLayout.plan`` as the kernels take it: a row a level, (L, 4)."""
    return np.array(plan, np.float64).reshape(-1, 4)
