"""What fields on a multi-resolution grid share: the grid and its box, levels that fade in, and plain features.

Source of the grid: Mueller et al., Instant NGP, SIGGRAPH 2022.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.fields.config import FeatureGridConfig, HashGridConfig
from diffshape.fields.field import Field
from diffshape.fields.grid_box import to_unit_cube
from diffshape.ops.hash_grid.definition import node_rows
from diffshape.ops.hash_grid.layout import GridLayout

_FIRST_LEVELS = 3
"""Levels that are shown before any fades in."""
_SHORT_STEP = 2**16
"""Largest number of points times levels of a step that one thread makes as fast as two."""
_SMALL_TABLES = 2**21
"""Largest number of table entries with which one thread makes such a step as fast as two."""


class GridField(Field):
    """A field that reads features from the nodes of a grid of several levels, laid over a box.

    Args:
        config: Levels, base, finest, table size, interpolation and box of the grid.
        features: Features a level contributes.

    Attributes:
        grid: Resolutions and table rows of the levels.
        box: Lowest and highest coordinate, on every axis, that the grid covers.
        tables: Features of all nodes, (entries, features), a parameter that the subclass makes.
        fade: Factor of each level's features, (levels,), a buffer; all 1 when made.
    """

    box: tuple[float, float]
    tables: torch.nn.Parameter
    fade: Tensor

    def __init__(self, config: HashGridConfig | FeatureGridConfig, *, features: int) -> None:
        super().__init__()
        self.grid = GridLayout(
            levels=config.levels,
            base=config.base,
            finest=config.finest,
            features=features,
            log2_entries=config.log2_entries,
            interpolation=config.interpolation,
        )
        self.box = config.box
        self.register_buffer("fade", torch.ones(self.grid.levels))

    @property
    def single_thread_batch(self) -> int:
        """Largest number of points of a training step that one thread makes as fast as several; 0 if there is none."""
        quick = self.tables.device.type == "cpu" and self.tables.numel() <= _SMALL_TABLES
        return _SHORT_STEP // self.grid.levels if quick else 0

    @checked
    def fade_in(self, progress: float, *, over: float = 0.2) -> None:
        """Set ``fade``, so that levels come in one after the other, coarse to fine.

        fade_l = clamp(3 + (levels - 3) * progress / over - l, 0, 1): the three coarsest levels count from the start,
        all of them once ``progress`` reaches ``over``.

        Args:
            progress: Share of the fit that is done, 0 to 1.
            over: Share of the fit over which the levels come in, positive.

        Raises:
            ValueError: ``progress`` is negative or ``over`` not positive.
        """
        super().fade_in(progress, over=over)
        levels = self.grid.levels
        shown = _FIRST_LEVELS + max(levels - _FIRST_LEVELS, 0) * progress / over
        self.fade.copy_((shown - torch.arange(levels)).clamp(0, 1))

    def plain_features(self, nearest: Float[Tensor, "n 3"]) -> Float[Tensor, "n c"]:
        """``ops.hash_encode`` at points of the box, the eight corners of a cell at once, for ``plain``.

        As a graph it has a tenth of the nodes of ``encode_by_definition``.
        """
        grid, unit = self.grid, to_unit_cube(nearest, self.box).clamp(0, 1)
        features = []
        for level, (scale, side, offset, size) in enumerate(zip(*(grid.plan[part::4] for part in range(4)))):
            position = unit * scale + 0.5
            cell = position.floor()
            t = position - cell
            t = t * t * (3 - 2 * t) if grid.smooth else t
            node = cell.nan_to_num(0.0).long()
            x, y, z = _crossed(node, node + 1)
            u, v, w = _crossed(1 - t, t)
            entries = self.tables[node_rows(x, y, z, int(side), int(offset), int(size))]  # (N, 2, 2, 2, F)
            features.append(((u * v * w)[..., None] * entries).sum((1, 2, 3)) * self.fade[level])
        return torch.cat(features, dim=1)


def _crossed(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The two choices of each axis, (N, 3) each, laid so that the axes broadcast to (N, 2, 2, 2)."""
    x, y, z = torch.stack([low, high], dim=-1).unbind(1)
    return x[:, :, None, None], y[:, None, :, None], z[:, None, None, :]
