"""A signed distance on the nodes of bricks: fine where a surface is, coarser and coarser around it.

f(x) is trilinear in the eight nodes of the cell around x, of the finest level whose bricks hold all eight. Cells double
from level to level, and the bricks of the coarsest fill the box; beyond the box as in ``grid_box``. Without a network f
and its gradient are linear in the values, so that the surface of a scan is found in closed form.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.fields.config import DistanceGridConfig, one_config
from diffshape.fields.field import Field
from diffshape.fields.grid_box import grow_outwards, nearest_in_box, turn_outwards
from diffshape.ops.distance_grid.bricks import NODES, Bricks, Corners, bricks_across, bricks_everywhere, numbered
from diffshape.ops.distance_grid.levels import OrientedSurface, cell_sizes, distance_levels

_STATE = ("values", "places", "counts")
"""Names of the tensors that a state holds."""


class DistanceGrid(Field):
    """Signed distances at nodes, interpolated; at first those of a sphere on the coarsest level alone.

    ``fit_surface`` lays finer bricks along a surface and solves for the values of all nodes.

    Args:
        config: Config of the field; or give its fields as options, ``DistanceGrid(cell=0.01)``.
        **options: Fields of ``DistanceGridConfig``.

    Raises:
        TypeError: A config and options are both given, or an option is unknown.
        ValueError: A setting is out of range.

    >>> field = DistanceGrid(cell=0.02)
    >>> values, gradients = field.value_and_gradient(torch.tensor([[0.0, 0.0, 0.7]]))
    >>> values.round(decimals=2), gradients.shape
    (tensor([0.2000], grad_fn=<RoundBackward1>), torch.Size([1, 3]))
    """

    box: tuple[float, float]
    learning_rate = 2e-5
    """Learning rate of Adam at which a distance grid is trained unless the method has one of its own."""

    @checked
    def __init__(self, config: DistanceGridConfig | None = None, **options: Any) -> None:
        super().__init__()
        self.config = one_config(DistanceGridConfig, config, options)
        self.box = self.config.box
        self._cells = cell_sizes(self.config.cell, self.box)
        coarsest = bricks_everywhere(self._cells[-1], self.box)
        self.values = torch.nn.Parameter(coarsest.positions().norm(dim=1).float() - self.config.radius)
        self.register_buffer("places", coarsest.places().short())
        self.register_buffer("counts", torch.tensor([0] * (len(self._cells) - 1) + [coarsest.count]))
        self._levels = self._laid()

    @property
    def resolution(self) -> int:
        """One grid node for each node of the finest level."""
        return round((self.box[1] - self.box[0]) / self.config.cell) + 1

    @torch.no_grad()
    @checked
    def fit_surface(self, surface: OrientedSurface) -> bool:
        """Become the signed distance of a surface, found in closed form; returns True.

        Raises:
            ValueError: The surface has no points, or they are not finite or outside the box.
        """
        levels = distance_levels(surface, self.config.cell, self.box)
        device = self.values.device
        self.values.data = torch.cat([level.values for level in levels]).to(self.values)
        self.places = torch.cat([level.bricks.places() for level in levels]).short().to(device)
        self.counts = torch.tensor([level.bricks.count for level in levels], device=device)
        self._levels = self._laid()
        return True

    def evaluate(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
        """Values at (N, 3) points."""
        nearest, beyond = nearest_in_box(points, self.box)
        corners, _ = self._corners(nearest)
        return grow_outwards((self.values[corners.entries] * corners.weights).sum(1), beyond)

    def evaluate_with_gradient(self, points: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "n"], Float[Tensor, "n 3"]]:
        """Values and gradients at (N, 3) points, both linear in the values at the nodes."""
        nearest, beyond = nearest_in_box(points, self.box)
        corners, cells = self._corners(nearest)
        values = self.values[corners.entries]
        gradients = (corners.slopes * values[:, None]).sum(2) / cells[:, None]
        return grow_outwards((values * corners.weights).sum(1), beyond), turn_outwards(gradients, beyond)

    def _corners(self, points: Float[Tensor, "n 3"]) -> tuple[Corners, Float[Tensor, "n"]]:
        """Nodes around points, on the finest level that has all eight, and the widths of the cells."""
        (bricks, first, cell), *finer = reversed(list(zip(self._levels, self._first, self._cells)))
        corners = bricks.corners(points)
        entries, inside, cells = corners.entries + first, corners.inside, points.new_full(points.shape[:1], cell)
        for bricks, first, cell in finer:
            corners = bricks.corners(points)
            here = corners.present
            entries = torch.where(here[:, None], corners.entries + first, entries)
            inside = torch.where(here[:, None], corners.inside, inside)
            cells = torch.where(here, cell, cells)
        return Corners(entries, inside), cells

    def _laid(self) -> list[Bricks]:
        """The levels, finest first, by the places of their bricks."""
        counts = self.counts.tolist()
        self._first = [NODES * sum(counts[:level]) for level in range(len(counts))]
        parts = self.places.long().split(counts)
        return [numbered(part, cell, self.box) for part, cell in zip(parts, self._cells)]

    def _apply(self, *arguments: Any, **options: Any) -> "DistanceGrid":
        """Move as any module does, with the tables of the bricks."""
        super()._apply(*arguments, **options)
        self._levels = self._laid()
        return self

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: Any) -> None:
        """Take values for any number of bricks, and lay these."""
        given = {name: state_dict[prefix + name] for name in _STATE if prefix + name in state_dict}
        if len(given) == len(_STATE):
            if not self._fits(**given):
                rest[-1].append(f"{prefix}values, places and counts must be those of the same bricks within the box")
                return
            for name, tensor in given.items():
                mine = getattr(self, name)
                mine.data = tensor.to(mine)
        super()._load_from_state_dict(state_dict, prefix, *rest)
        self._levels = self._laid()

    def _fits(self, values: Tensor, places: Tensor, counts: Tensor) -> bool:
        """Whether values and places are those of ``counts`` bricks of the levels of this field."""
        if counts.shape != self.counts.shape or int(counts.min()) < 0 or int(counts[-1]) != int(self.counts[-1]):
            return False
        bricks, ends = int(counts.sum()), [bricks_across(cell, self.box) for cell in self._cells]
        if values.shape != (NODES * bricks,) or places.shape != (bricks, 3):
            return False
        return all(
            not len(part) or (int(part.min()) >= 0 and int(part.max()) < end)
            for part, end in zip(places.split(counts.tolist()), ends)
        )
