"""Where a multi-resolution grid keeps its nodes: resolutions, table sizes and offsets of its levels.

The sides grow geometrically from ``base`` to ``finest``. Level l has scale s_l = side - 1 cells per unit length,
ceil(s_l) + 1 nodes per axis, and one table row per node (rounded up to a multiple of 8) as long as 2^log2_entries
rows are enough, else exactly so many, shared by a hash. Sizes as in Mueller et al., Instant NGP, SIGGRAPH 2022.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from diffshape._bounds import check_grid


@dataclass(frozen=True, kw_only=True)
class GridLayout:
    """Where every level of the encoding keeps its nodes.

    Raises:
        ValueError: A size is out of range or the interpolation unknown.

    >>> GridLayout(levels=4, base=8, finest=64, log2_entries=14).resolutions
    (8, 16, 32, 64)
    """

    levels: int = 8
    """Number of levels L."""
    base: int = 8
    """Nodes per axis of the coarsest level."""
    finest: int = 128
    """Nodes per axis of the finest level; a single level has ``base``."""
    features: int = 2
    """Features F a level contributes."""
    log2_entries: int = 16
    """Base-2 logarithm of the largest table of a level; finer levels are hashed into it."""
    interpolation: Literal["linear", "smoothstep"] = "smoothstep"
    """"linear" is continuous, "smoothstep" has a continuous gradient too."""

    def __post_init__(self) -> None:
        if self.interpolation not in ("linear", "smoothstep"):
            raise ValueError(f'GridLayout: interpolation must be "linear" or "smoothstep", got {self.interpolation!r}')
        check_grid(
            "GridLayout",
            levels=self.levels,
            base=self.base,
            finest=self.finest,
            log2_entries=self.log2_entries,
            features=self.features,
        )
        _ = self.plan  # now: Python 3.11 takes a lock to keep a property, which a compiler cannot follow

    @cached_property
    def scales(self) -> tuple[float, ...]:
        """Cells per unit length of every level; a side that is whole but for rounding is taken as whole."""
        growth = (self.finest / self.base) ** (1 / max(self.levels - 1, 1))
        sides = [self.base * growth**level for level in range(self.levels)]
        return tuple((round(side) if math.isclose(side, round(side), rel_tol=1e-9) else side) - 1.0 for side in sides)

    @cached_property
    def resolutions(self) -> tuple[int, ...]:
        """Nodes per axis of every level."""
        return tuple(math.ceil(scale) + 1 for scale in self.scales)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Table rows of every level."""
        return tuple(min(1 << self.log2_entries, -(-(side**3) // 8) * 8) for side in self.resolutions)

    @cached_property
    def plan(self) -> tuple[float, ...]:
        """Scale, resolution, first table row and table rows of every level, one level after another."""
        offsets = (sum(self.sizes[:level]) for level in range(self.levels))
        return tuple(float(n) for level in zip(self.scales, self.resolutions, offsets, self.sizes) for n in level)

    @property
    def smooth(self) -> bool:
        """Whether the gradient is continuous."""
        return self.interpolation == "smoothstep"

    @property
    def entries(self) -> int:
        """Rows of the whole table."""
        return sum(self.sizes)

    @property
    def channels(self) -> int:
        """Length L * F of an encoded point."""
        return self.levels * self.features
